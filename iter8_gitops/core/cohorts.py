"""The assignments of applications, prepared and kept at hand: what servers and clients answer lookups from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iter8_gitops.core.applications import find_routemap
from iter8_gitops.core.assignment import Assigner
from iter8_gitops.core.attributes import NO_ATTRIBUTES
from iter8_gitops.core.freshness import CONTROLLER_TIMEOUT, routemap_staleness
from iter8_gitops.core.ratios import ratios_by_metric
from iter8_gitops.core.targeting import Decision, Reason, Targets
from iter8_gitops.spec.metric import Arm
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

STALENESS_SECONDS = 1.0
"""Lookups judge staleness anew this often, rather than every time."""


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """The answer of a lookup. `stale` says that it rests on a state that could not be renewed.

    `rule` is the name of the rule that decided, "" where none did; `alone` says that no other version takes traffic.
    `epoch` and `experiment` are those of `Arm` and `Exposure`.
    Compared by identity: one is made per decision and state, and given to every user of it.
    """

    application: str
    version_number: int
    version_name: str
    signature: str
    stale: bool
    reason: Reason = Reason.RANDOM
    rule: str = ""
    alone: bool = False
    epoch: int = 0
    experiment: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What follows for every user with the same decision: the answer, and what the exposure is credited to."""

    arm: Arm
    experiment: int
    recommendation: Recommendation

    @classmethod
    def of(cls, state: RoutemapState, decision: Decision, stale: bool) -> Outcome:
        """Prepare what follows from `decision`."""
        version = state.versions[decision.version]
        return cls(
            state.arm(version.index, decision.reason.cohort),
            state.experiment,
            Recommendation(
                state.application,
                version.index,
                version.name,
                version.signature,
                stale,
                decision.reason,
                decision.rule,
                sum(weight > 0 for weight in state.weights) <= 1,
                state.epoch,
                state.experiment,
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """One application's assignment, prepared from one `RoutemapState`. Compared by identity.

    `at_random` has an outcome per version; `targeted` those of every other decision. `ratios` are those that a metric
    is part of, by its name.
    """

    state: RoutemapState
    stale: bool
    assigner: Assigner
    at_random: tuple[Outcome, ...]
    targets: Targets | None
    targeted: Mapping[Decision, Outcome]
    ratios: Mapping[str, tuple[tuple[str, str], ...]]

    @classmethod
    def of(cls, state: RoutemapState, stale: bool) -> Cohort:
        """Prepare the assignment of `state`'s users."""
        available = [version.available for version in state.versions]
        targets = Targets.of(state.application, state.targeting, available)
        decisions = targets.decisions if targets is not None else ()
        return cls(
            state=state,
            stale=stale,
            assigner=Assigner.of(state.application, state.salt, state.weights),
            at_random=tuple(
                Outcome.of(state, Decision(version.index, Reason.RANDOM), stale) for version in state.versions
            ),
            targets=targets,
            targeted={decision: Outcome.of(state, decision, stale) for decision in decisions},
            ratios=ratios_by_metric(state.metrics),
        )

    def outcome_of(self, user: str, attributes: Mapping[str, str] = NO_ATTRIBUTES) -> Outcome:
        """What `user` gets. `attributes` are texts, as `core.attributes` makes them.

        `user` must be encodable as UTF-8 (no lone surrogates).
        """
        if self.targets is not None and (decision := self.targets.decide(user, attributes)) is not None:
            return self.targeted[decision]
        return self.at_random[self.assigner.version_of(user)]


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

    def find(self, snapshot: Snapshot, now: float, field: str, application: str, *, suggest: bool = True) -> Cohort:
        """The cohort of `application`, however the caller writes it. Raises as `find_routemap` does."""
        instant = self._instant
        if snapshot is not instant.snapshot or not instant.since <= now < instant.until:
            instant = self._begin(snapshot, now)
        return instant.named.get(application) or self._resolve(instant, field, application, suggest=suggest)

    def _begin(self, snapshot: Snapshot, now: float) -> _Instant:
        prepared = self._instant.prepared.copy()
        if len(prepared) > len(snapshot.routemaps):
            prepared = {name: cohort for name, cohort in prepared.items() if name in snapshot.routemaps}
        self._instant = instant = _Instant(snapshot, now, now + STALENESS_SECONDS, {}, prepared)
        return instant

    def _resolve(self, instant: _Instant, field: str, application: str, *, suggest: bool) -> Cohort:
        state = find_routemap(instant.snapshot, field, application, suggest=suggest)
        stale = bool(routemap_staleness(instant.snapshot, state, instant.since, self._controller_timeout))
        cohort = instant.prepared.get(state.application)
        if cohort is None or cohort.state is not state or cohort.stale is not stale:
            cohort = instant.prepared[state.application] = Cohort.of(state, stale)
        instant.named[application] = cohort
        return cohort
