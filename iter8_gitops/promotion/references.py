"""Where objects name other objects: what named a candidate's names the primary's afterwards. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from iter8_gitops.spec.documents import Step

Names = Mapping[tuple[str, str], str]
"""(kind, name of the candidate's object) -> name of the primary's."""

_NAMED_IN: dict[str, tuple[str, str]] = {
    "configMap": ("ConfigMap", "name"),
    "configMapRef": ("ConfigMap", "name"),
    "configMapKeyRef": ("ConfigMap", "name"),
    "secret": ("Secret", "secretName"),
    "secretRef": ("Secret", "name"),
    "secretKeyRef": ("Secret", "name"),
    "imagePullSecrets": ("Secret", "name"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
    "backendRefs": ("Service", "name"),
    "destination": ("Service", "host"),
    "service": ("Service", "name"),
}
"""A field, and which kind one of its fields names."""

_NAMES: dict[str, str] = {
    "serviceName": "Service",
    "configMapName": "ConfigMap",
    "secretName": "Secret",
    "claimName": "PersistentVolumeClaim",
    "serviceAccountName": "ServiceAccount",
}
"""Fields that name an object of a kind."""


def renamed(value: Any, names: Names) -> Any:
    """`value` with every reference to a candidate's object turned into one to the primary's."""
    return _renamed(value, names, "")


def mentions(value: Any, names: Names) -> Iterator[str]:
    """The paths of texts in `value` that mention a candidate's object in some way nobody can be sure of."""
    words = sorted({re.escape(name) for _, name in names}, key=len, reverse=True)
    if words:
        pattern = re.compile(rf"(?<![a-z0-9-])(?:{'|'.join(words)})(?![a-z0-9-])")
        yield from (shown(path) for path, text in _texts(value, ()) if pattern.search(text) and not _is_label(path))


def shown(path: tuple[Step, ...]) -> str:
    """A path as people write it: `spec.containers[0].image`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in path)
    return text.removeprefix(".")


def _renamed(value: Any, names: Names, field: str) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names, field) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _renamed(item, names, key) for key, item in value.items()}
    for key, kind in _references(value, field):
        name = value.get(key)
        if isinstance(name, str) and (kind, name) in names:
            copy[key] = names[kind, name]
    return copy


def _references(value: dict[str, Any], field: str) -> Iterator[tuple[str, str]]:
    """The keys of a mapping, which is the value of `field`, that name an object, each with the kind of that."""
    kind = value.get("kind")
    if isinstance(kind, str):
        yield "name", kind
    elif field in _NAMED_IN:
        kind_of_field, key = _NAMED_IN[field]
        yield key, kind_of_field
        if field == "secret":
            yield "name", "Secret"  # as projected volumes have it
    yield from ((key, kind) for key, kind in _NAMES.items() if key in value)


def _texts(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, str):
        yield path, value


def _is_label(path: tuple[Step, ...]) -> bool:
    """Whether a text is only a label, or the name of a part."""
    return "labels" in path or path[-1] == "name"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'
