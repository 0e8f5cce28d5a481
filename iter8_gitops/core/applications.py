"""Finding the routemap that a caller means."""

from __future__ import annotations

from difflib import get_close_matches

from iter8_gitops.core.arguments import shown, split_application
from iter8_gitops.core.freshness import awaited, unread
from iter8_gitops.errors import NotFoundError, UnavailableError
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

ROUTEMAP_SUFFIX = "-routemap"
_FEW_ROUTEMAPS = 100


def require_state(snapshot: Snapshot) -> None:
    """Raise `UnavailableError` before the first publication, when nobody knows which applications exist."""
    waiting = awaited(snapshot)
    if waiting:
        raise UnavailableError(waiting)


def find_routemap(snapshot: Snapshot, field: str, application: str, *, suggest: bool = True) -> RoutemapState:
    """The routemap of `application`, which is `namespace/name`, or a name in the namespace `default`.

    An application that is not found is tried again with `-routemap` appended, as Iter8 does. `suggest` looks for the
    name that was meant, which takes longer than to find one.
    Raises `InvalidArgumentError`, `NotFoundError`, and `UnavailableError` before the first snapshot, and while the
    application may be in a source that was never read.
    """
    namespace, name = split_application(field, application)
    require_state(snapshot)
    wanted = f"{namespace}/{name}"
    state = snapshot.routemaps.get(wanted) or snapshot.routemaps.get(wanted + ROUTEMAP_SUFFIX)
    if state is None:
        if pending := unread(snapshot):
            message = f"no application '{shown(wanted)}' is known so far: {pending}"
            raise UnavailableError(message)
        meant = _suggestion(snapshot, wanted, name) if suggest else ""
        raise NotFoundError(field, f"no application '{shown(wanted)}'{meant}")
    return state


def has_candidate(state: RoutemapState) -> bool:
    """Whether users are compared, or can be: a version beside the primary is available."""
    return any(version.available for version in state.versions[1:])


def _suggestion(snapshot: Snapshot, wanted: str, name: str) -> str:
    endings = (f"/{name}", f"/{name}{ROUTEMAP_SUFFIX}")
    elsewhere = sorted(application for application in snapshot.routemaps if application.endswith(endings))
    if not elsewhere and len(snapshot.routemaps) <= _FEW_ROUTEMAPS:
        # Comparing with every one of very many names would let typing errors slow down everybody.
        elsewhere = get_close_matches(wanted, snapshot.routemaps, n=1)
    return f"; did you mean '{elsewhere[0]}'?" if elsewhere else ""
