"""What the loop asks about routemaps that are steered: evidence, promotions, and whether this replica decides."""

from __future__ import annotations

from collections.abc import Callable

from iter8_gitops.contracts.promoter import PromotionOrder
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.evidence import NO_EVIDENCE
from iter8_gitops.core.steering import is_steered
from iter8_gitops.runtime.reconciling import NOTHING_TOLD, Told
from iter8_gitops.runtime.steering.judging import Judging
from iter8_gitops.runtime.steering.promoting import Promoting
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import PromotionPhase


class Pilot:
    """Used by the thread of the loop. Without `judging` nothing is measured, without `promoting` nobody promotes."""

    def __init__(self, judging: Judging | None = None, promoting: Promoting | None = None) -> None:
        self._judging = judging
        self._promoting = promoting
        self._steered: set[str] = set()
        self._led: bool | None = None

    def start(self, wake: Callable[[], None]) -> None:
        """Begin; `wake` is called, from other threads, when there is news."""
        if self._judging is not None:
            self._judging.start(wake)
        if self._promoting is not None:
            self._promoting.start(wake)

    def stop(self) -> None:
        """Let go of everything."""
        if self._judging is not None:
            self._judging.stop()
        if self._promoting is not None:
            self._promoting.stop()

    def news(self, *, leads: bool) -> frozenset[str]:
        """The applications to look at again. `leads` says whether this replica decides."""
        changed: frozenset[str] = frozenset()
        if self._led is not leads:
            self._led, changed = leads, frozenset(self._steered)
        if self._judging is not None:
            changed |= self._judging.news()
        if self._promoting is not None:
            changed |= self._promoting.news()
        return changed

    def told(self, declared: Declared) -> Told:
        """What is known of a routemap beside what the cluster shows."""
        routemap = declared.routemap
        if not is_steered(routemap):
            self.forget(routemap.application)
            return NOTHING_TOLD
        self._steered.add(routemap.application)
        measured = self._judging is not None and routemap.metrics
        evidence = self._judging.evidence(routemap.application) if self._judging and measured else NO_EVIDENCE
        outcome = self._promoting.take(routemap.application) if self._promoting is not None else None
        return Told(evidence, outcome)

    def follow(self, declared: Declared, state: RoutemapState, *, leads: bool) -> None:
        """What follows from a state once readers can see it."""
        application = state.application
        if application not in self._steered:
            return
        if self._judging is not None:
            if leads and declared.routemap.metrics:
                self._judging.follow(state)
            else:
                self._judging.forget(application)
        due = state.promotion is not None and state.promotion.phase is PromotionPhase.DUE
        if leads and due and self._promoting is not None and state.promotion is not None:
            policy, promotion = declared.routemap.promotion, state.promotion
            self._promoting.order(
                PromotionOrder(
                    application,
                    promotion.version,
                    promotion.content,
                    propose=policy.mode == "pullRequest",
                    source=state.origin.source,
                    evidence=promotion.why,
                )
            )

    def forget(self, application: str) -> None:
        """A routemap that is not steered, or gone."""
        if application in self._steered:
            self._steered.discard(application)
            if self._judging is not None:
                self._judging.forget(application)
