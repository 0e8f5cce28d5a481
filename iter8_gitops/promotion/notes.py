"""What a person should look at after a promotion, because no rule can tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iter8_gitops.promotion.references import Names, mentions, renamed
from iter8_gitops.promotion.text.values import same
from iter8_gitops.promotion.tree import Found, Tree

_NEVER_CHANGED: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("batch", "Job"): (("spec", "template"),),
    ("apps", "StatefulSet"): (("spec", "volumeClaimTemplates"), ("spec", "podManagementPolicy")),
    ("", "PersistentVolumeClaim"): (("spec", "storageClassName"), ("spec", "dataSource"), ("spec", "volumeName")),
    ("", "Secret"): (("type",),),
}
"""What Kubernetes does not let anybody change, by kind."""

_MOST_MENTIONS = 5


def notes_on(promoted: Sequence[tuple[Found, Mapping[str, Any]]], names: Names, after: Tree) -> Iterator[str]:
    """Sentences on `promoted`, the primary's manifests with what they say now, and on the tree afterwards."""
    for primary, manifest in promoted:
        before, name = primary.resource.manifest, primary.resource.id
        for path in _NEVER_CHANGED.get((name.group, name.kind), ()):
            if not same(_at(before, path), _at(manifest, path)):
                what = f"{'.'.join(path)} of {name.kind} {name.name}"
                yield f"Kubernetes refuses to change {what}: what applies it must replace it"
        if before.get("immutable") is True and any(
            not same(before.get(key), manifest.get(key)) for key in ("data", "binaryData")
        ):
            yield f"{name.kind} {name.name} is immutable: what applies it must replace it"
        content = {key: value for key, value in manifest.items() if key not in ("metadata", "status")}
        for place in list(mentions(content, names))[:_MOST_MENTIONS]:
            yield f"{place} of {name.kind} {name.name} mentions an object that is gone now"
    for found in after.all_objects():
        manifest = dict(found.resource.manifest)
        if not same(renamed(manifest, names), manifest):
            name = found.resource.id
            yield f"{name.kind} {name.name} ({found.place}) refers to something that is gone now"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
