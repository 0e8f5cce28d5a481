"""Which changes of an object somebody could care about. Pure."""

from __future__ import annotations

from iter8_gitops.kube.client import JsonObject
from iter8_gitops.kube.store import Change

_BOOKKEEPING = ("resourceVersion", "managedFields")


def is_relevant(change: Change) -> bool:
    """False when only the API server's own bookkeeping differs, as after a write that changed nothing."""
    before, after = change.before, change.after
    if before is None or after is None:
        return before is not after
    return _told(before) != _told(after)


def _told(manifest: JsonObject) -> str:
    """As text, because == takes True for 1."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _BOOKKEEPING}
    return repr({**manifest, "metadata": metadata})
