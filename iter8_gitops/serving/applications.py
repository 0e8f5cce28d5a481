"""Finding the routemap that a caller means, and keeping its assignment at hand."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from iter8_gitops.core.assignment import Assigner
from iter8_gitops.core.freshness import awaited, routemap_staleness, unread
from iter8_gitops.errors import NotFoundError, UnavailableError
from iter8_gitops.serving.arguments import shown, split_application
from iter8_gitops.spec.metric import Arm
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

ROUTEMAP_SUFFIX = "-routemap"
STALENESS_SECONDS = 1.0
"""Lookups judge staleness anew this often, rather than every time."""

_FEW_ROUTEMAPS = 100


def require_state(snapshot: Snapshot) -> None:
    """Raise `UnavailableError` before the first publication, when nobody knows which applications exist."""
    waiting = awaited(snapshot)
    if waiting:
        raise UnavailableError(waiting)


def find_routemap(snapshot: Snapshot, field: str, application: str) -> RoutemapState:
    """The routemap of `application`, which is `namespace/name`, or a name in the namespace `default`.

    An application that is not found is tried again with `-routemap` appended, as Iter8 does.
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
        raise NotFoundError(field, f"no application '{shown(wanted)}'{_suggestion(snapshot, wanted, name)}")
    return state


def _suggestion(snapshot: Snapshot, wanted: str, name: str) -> str:
    endings = (f"/{name}", f"/{name}{ROUTEMAP_SUFFIX}")
    elsewhere = sorted(application for application in snapshot.routemaps if application.endswith(endings))
    if not elsewhere and len(snapshot.routemaps) <= _FEW_ROUTEMAPS:
        # Comparing with every one of very many names would let typing errors slow down everybody.
        elsewhere = get_close_matches(wanted, snapshot.routemaps, n=1)
    return f"; did you mean '{elsewhere[0]}'?" if elsewhere else ""


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """The answer of a lookup. `stale` says that it rests on a state that could not be renewed.

    Compared by identity: one is made per version and state, and given to every user of that version.
    """

    application: str
    version_number: int
    version_name: str
    signature: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Cohort:
    """One application's assignment, prepared from one `RoutemapState`, with one arm and one answer per version."""

    state: RoutemapState
    stale: bool
    assigner: Assigner
    arms: tuple[Arm, ...]
    recommendations: tuple[Recommendation, ...]

    @classmethod
    def of(cls, state: RoutemapState, stale: bool) -> Cohort:
        """Prepare the assignment of `state`'s users."""
        return cls(
            state=state,
            stale=stale,
            assigner=Assigner.of(state.application, state.salt, state.weights),
            arms=tuple(state.arm(version.index) for version in state.versions),
            recommendations=tuple(
                Recommendation(state.application, version.index, version.name, version.signature, stale)
                for version in state.versions
            ),
        )


class Cohorts:
    """The prepared assignments of the applications that callers ask for.

    Names are resolved once per snapshot, and anew every second because staleness moves with the clock.
    A cohort lasts as long as its state.
    """

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._since = self._until = 0.0
        self._named: dict[str, Cohort] = {}
        self._prepared: dict[str, Cohort] = {}

    def find(self, snapshot: Snapshot, now: float, field: str, application: str) -> Cohort:
        """The cohort of `application`, however the caller writes it. Raises as `find_routemap` does."""
        if snapshot is not self._snapshot or not self._since <= now < self._until:
            self._start(snapshot, now)
        return self._named.get(application) or self._resolve(field, application)

    def _start(self, snapshot: Snapshot, now: float) -> None:
        self._snapshot = snapshot
        self._since, self._until = now, now + STALENESS_SECONDS
        self._named = {}
        if len(self._prepared) > len(snapshot.routemaps):
            for gone in self._prepared.keys() - snapshot.routemaps.keys():
                del self._prepared[gone]

    def _resolve(self, field: str, application: str) -> Cohort:
        state = find_routemap(self._snapshot, field, application)
        stale = bool(routemap_staleness(self._snapshot, state, self._since))
        cohort = self._prepared.get(state.application)
        if cohort is None or cohort.state is not state or cohort.stale is not stale:
            cohort = self._prepared[state.application] = Cohort.of(state, stale)
        self._named[application] = cohort
        return cohort
