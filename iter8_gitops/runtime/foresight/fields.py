"""Which fields of a live object a rendered one would change. Pure.

Only what was rendered counts: what a server fills in by itself, and what others manage, stays. A field that is in the
live object and is rendered no more counts if it is ours, because applying takes it away: by the object's managed
fields, or, where there are none, because the whole object is ours. Items of lists are compared by their position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iter8_gitops.kube.marks import CREATED_ANNOTATION, FIELD_MANAGER, INSTANCE_LABEL, ROUTE_ANNOTATION
from iter8_gitops.runtime.foresight.changes import NOTHING, FieldDifference

Path = tuple[str | int, ...]

_SERVER_SIDE = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""Metadata that says which object it is, or that the server writes."""

_MARKS: frozenset[Path] = frozenset(
    {
        ("metadata", "labels", INSTANCE_LABEL),
        ("metadata", "annotations", ROUTE_ANNOTATION),
        ("metadata", "annotations", CREATED_ANNOTATION),
        ("metadata", "ownerReferences"),
    }
)
"""What is added to every route, rather than rendered."""

_SECRET = ("data", "stringData")
_HIDDEN = "(not shown)"
_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


def differing_fields(rendered: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[FieldDifference, ...]:
    """What applying `rendered` would change in `live`, both of one kind and name; what it takes away comes last."""
    wanted, present = _comparable(rendered), _comparable(live)
    found = [*_changes(wanted, present, ()), *_removals(wanted, present, live)]
    secret = (live.get("apiVersion"), live.get("kind")) == ("v1", "Secret")
    return tuple(
        FieldDifference(
            written(path), *(_veiled((before, after)) if secret and path[0] in _SECRET else (before, after))
        )
        for path, before, after in found
    )


def written(path: Path) -> str:
    """A path as people write it: `spec.rules[0].weight`, `metadata.labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def _comparable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "status")}
    metadata = manifest.get("metadata")
    if isinstance(metadata, Mapping):
        kept["metadata"] = {key: value for key, value in metadata.items() if key not in _SERVER_SIDE}
    return kept


def _changes(wanted: Any, present: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(wanted, Mapping) and isinstance(present, Mapping):
        for key, value in wanted.items():
            yield from _changes(value, present.get(key, NOTHING), (*path, str(key)))
    elif _is_list(wanted) and _is_list(present):
        for index in range(max(len(wanted), len(present))):
            yield from _changes(_item(wanted, index), _item(present, index), (*path, index))
    elif not _is_same(wanted, present):
        yield path, present, wanted


def _removals(
    wanted: Mapping[str, Any], present: Mapping[str, Any], live: Mapping[str, Any]
) -> Iterator[tuple[Path, Any, Any]]:
    metadata = live.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    paths = _surplus(wanted, present, ()) if not isinstance(entries, list) else _owned_alone(entries, live)
    for path in paths:
        before = _at(present, path)
        if path not in _MARKS and before is not NOTHING and not _is_empty(before) and _is_gone(wanted, path):
            yield path, before, NOTHING


def _surplus(wanted: Any, present: Any, path: Path) -> Iterator[Path]:
    """The fields that are present and not wanted; items of lists are compared elsewhere."""
    if isinstance(wanted, Mapping) and isinstance(present, Mapping):
        for key, value in present.items():
            if key in wanted:
                yield from _surplus(wanted[key], value, (*path, str(key)))
            else:
                yield (*path, str(key))
    elif _is_list(wanted) and _is_list(present):
        for index, (one, other) in enumerate(zip(wanted, present, strict=False)):
            yield from _surplus(one, other, (*path, index))


def _owned_alone(entries: Sequence[Any], live: Mapping[str, Any]) -> list[Path]:
    """The fields that applying gives us alone, by the managed fields of the version in which `live` was read."""
    ours: dict[Path, None] = {}
    others: set[Path] = set()
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("apiVersion") == live.get("apiVersion"):
            leaves = list(_leaves(entry.get("fieldsV1"), ()))
            if (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Apply"):
                ours.update(dict.fromkeys(leaves))
            else:
                others.update(leaves)
    return [path for path in ours if path not in others and path[0] not in ("apiVersion", "kind", "status")]


def _leaves(fields: Any, path: Path) -> Iterator[Path]:
    """The fields of a FieldsV1 in which no further field is named; a list is one field."""
    children = {key[2:]: value for key, value in fields.items() if key.startswith("f:")} if fields else {}
    for name, value in children.items():
        yield from _leaves(value, (*path, name))
    if path and not children:
        yield path


def _is_gone(wanted: Any, path: Path) -> bool:
    found = _at(wanted, path)
    return found is NOTHING or _is_empty(found)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            value = _item(value, step) if _is_list(value) else NOTHING
        else:
            value = value.get(step, NOTHING) if isinstance(value, Mapping) else NOTHING
    return value


def _item(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else NOTHING


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, and nothing is the same as nothing in it."""
    if _is_empty(one) and _is_empty(other):
        return True
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _is_empty(value: Any) -> bool:
    return value is NOTHING or value is None or (isinstance(value, Mapping | list | tuple) and not value)


def _veiled(values: tuple[Any, Any]) -> tuple[Any, Any]:
    before, after = (value if value is NOTHING else _HIDDEN for value in values)
    return before, after
