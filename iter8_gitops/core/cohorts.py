"""The assignments of applications, prepared and kept at hand: what servers and clients answer lookups from."""

from __future__ import annotations

from dataclasses import dataclass, field

from iter8_gitops.core.applications import find_routemap
from iter8_gitops.core.assignment import Assigner
from iter8_gitops.core.freshness import CONTROLLER_TIMEOUT, routemap_staleness
from iter8_gitops.spec.metric import Arm
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

STALENESS_SECONDS = 1.0
"""Lookups judge staleness anew this often, rather than every time."""


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


@dataclass(frozen=True, slots=True)
class _Instant:
    """One snapshot for as long as staleness is judged only once: its names as callers wrote them, and its cohorts."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    since: float = 0.0
    until: float = 0.0
    named: dict[str, Cohort] = field(default_factory=dict)
    prepared: dict[str, Cohort] = field(default_factory=dict)


class Cohorts:
    """The prepared assignments of the applications that callers ask for. Safe in any thread, without a lock.

    Names are resolved once per snapshot, and anew every second because staleness moves with the clock.
    A cohort lasts as long as its state. `controller_timeout` is that of `routemap_staleness`.
    """

    def __init__(self, controller_timeout: float = CONTROLLER_TIMEOUT) -> None:
        self._controller_timeout = controller_timeout
        # Swapped whole. Threads that prepare the same thing at once do so twice, and either is right.
        self._instant = _Instant()

    def find(self, snapshot: Snapshot, now: float, field: str, application: str) -> Cohort:
        """The cohort of `application`, however the caller writes it. Raises as `find_routemap` does."""
        instant = self._instant
        if snapshot is not instant.snapshot or not instant.since <= now < instant.until:
            instant = self._begin(snapshot, now)
        return instant.named.get(application) or self._resolve(instant, field, application)

    def _begin(self, snapshot: Snapshot, now: float) -> _Instant:
        prepared = self._instant.prepared.copy()
        if len(prepared) > len(snapshot.routemaps):
            prepared = {name: cohort for name, cohort in prepared.items() if name in snapshot.routemaps}
        self._instant = instant = _Instant(snapshot, now, now + STALENESS_SECONDS, {}, prepared)
        return instant

    def _resolve(self, instant: _Instant, field: str, application: str) -> Cohort:
        state = find_routemap(instant.snapshot, field, application)
        stale = bool(routemap_staleness(instant.snapshot, state, instant.since, self._controller_timeout))
        cohort = instant.prepared.get(state.application)
        if cohort is None or cohort.state is not state or cohort.stale is not stale:
            cohort = instant.prepared[state.application] = Cohort.of(state, stale)
        instant.named[application] = cohort
        return cohort
