"""What changed between two states of a routemap, in sentences for people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from iter8_gitops.core.conditions import DEADLINE_EXCEEDED, overdue
from iter8_gitops.core.plan_changes import plan_changes
from iter8_gitops.core.targeting_changes import Outline, targeting_changes
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, VersionState
from iter8_gitops.spec.steering import PromotionPhase, PromotionState, RampPhase, RampState

_PROMOTION_REASONS = {
    PromotionPhase.DUE: "PromotionDue",
    PromotionPhase.PROPOSED: "PromotionProposed",
    PromotionPhase.COMMITTED: "PromotionCommitted",
    PromotionPhase.FAILED: "PromotionFailed",
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One change. `reason` is a CamelCase word for machines, `message` a sentence.

    `resource` is the object that it is about, `version` the index of the version; None when it is about the routemap
    as a whole. `passing` ones tell of steps on a way, which nobody asks for later.
    """

    reason: str
    message: str
    warning: bool = False
    resource: ResourceId | None = None
    version: int | None = None
    passing: bool = False


def transitions(before: RoutemapState | None, after: RoutemapState) -> tuple[Transition, ...]:
    """One per change that a person would want to know of, in order of importance; problems last."""
    told: list[Transition] = []
    if before is None:
        told.append(Transition("Declared", f"declared in {after.origin.path}; weights {_weights(after)}"))
    for version in after.versions:
        old = before.versions[version.index] if before and version.index < len(before.versions) else None
        told.extend(_of_version(old, version, first=before is None))
    if before is not None:
        told.extend(_of_routemap(before, after))
    told.extend(_of_problems(before.problems if before else (), after.problems))
    return tuple(told)


def _of_routemap(before: RoutemapState, after: RoutemapState) -> list[Transition]:
    told: list[Transition] = []
    if (candidate := promoted_candidate(before, after)) is not None:
        primary = after.versions[0]
        said = f"{candidate.name} is promoted: {primary.name} has its content now (signature {primary.signature})"
        told.append(Transition("Promoted", said, resource=_first(primary), version=primary.index))
    if before.weights != after.weights:
        told.append(Transition("WeightsChanged", f"weights {_weights(before)} -> {_weights(after)}"))
    if before.salt != after.salt:
        told.append(Transition("SaltChanged", "the salt changed: users are assigned anew"))
    if before.targeting != after.targeting:
        changes = targeting_changes(Outline.of(before.targeting), Outline.of(after.targeting))
        told.append(Transition("TargetingChanged", f"who gets what, not at random, changed: {'; '.join(changes)}"))
    if changes := plan_changes(before, after):
        told.append(Transition("PlanChanged", f"how it is judged and goes on changed: {'; '.join(changes)}"))
    told.extend(steps(before, after))
    return told


def steps(before: RoutemapState, after: RoutemapState) -> list[Transition]:
    """What the controller did by itself: steps of the ramp, and towards a promotion."""
    return [*_of_ramp(before.ramp, after.ramp), *_of_promotion(before.promotion, after)]


def _of_ramp(before: RampState | None, after: RampState | None) -> list[Transition]:
    if after is None or after == before:
        return []
    if before is None or before.contents != after.contents:
        return [Transition("RampStarted", f"the ramp begins at {after.message}")]
    if before.phase is not after.phase and after.phase is RampPhase.PAUSED:
        return [Transition("RampPaused", f"the ramp is at {after.message}", warning=True)]
    if before.step != after.step or before.phase is not after.phase:
        resumed = before.phase is RampPhase.PAUSED and before.step == after.step
        reason = "RampCompleted" if after.phase is RampPhase.COMPLETE else "RampResumed" if resumed else "RampStepped"
        return [Transition(reason, f"the ramp is at {after.message}")]
    return []


def _of_promotion(before: PromotionState | None, after: RoutemapState) -> list[Transition]:
    now = after.promotion
    if now is None or (before is not None and (before.phase, before.content) == (now.phase, now.content)):
        return []
    reason = _PROMOTION_REASONS.get(now.phase)
    if reason is None:
        return []
    failed = now.phase is PromotionPhase.FAILED
    about = _first(after.versions[now.version]) if 0 <= now.version < len(after.versions) else None
    return [Transition(reason, now.message, warning=failed, resource=about, version=now.version)]


def _of_version(old: VersionState | None, new: VersionState, *, first: bool) -> list[Transition]:
    told: list[Transition] = []
    about = partial(Transition, version=new.index)
    if new.available and not first and not (old and old.available):
        told.append(about("VersionAvailable", f"{new.name} is available", resource=_first(new)))
    elif not new.available and (old is None or old.available):
        said = f"{new.name} is not available: {new.message}"
        gone = old is not None and old.available
        told.append(about("VersionUnavailable", said, warning=gone, resource=_culprit(new)))
    elif old is not None and not new.settled and old.message != new.message:
        told.append(about(new.reason, f"{new.name}: {new.message}", resource=_culprit(new), passing=True))
    if new.stalled and not (old and old.stalled):
        told.append(about(DEADLINE_EXCEEDED, overdue(new), warning=True, resource=_culprit(new)))
    if old is not None and old.signature and new.signature and old.signature != new.signature:
        said = f"{new.name} has new content: signature {old.signature} -> {new.signature}"
        told.append(about("ContentChanged", said, resource=_first(new)))
    elif new.signature and not first and not (old and old.signature):
        told.append(about("ContentSettled", f"{new.name} has settled: signature {new.signature}", resource=_first(new)))
    return told


def promoted_candidate(before: RoutemapState, after: RoutemapState) -> VersionState | None:
    """The candidate whose content the primary has just taken over, as it was; None when it has taken over none.

    Its resources may be gone by now: the signature that it had is remembered.
    """
    signature = after.versions[0].signature
    if signature in ("", before.versions[0].signature):
        return None
    return next((each for each in before.versions[1:] if signature in (each.signature, each.former_signature)), None)


def _of_problems(before: tuple[Problem, ...], after: tuple[Problem, ...]) -> list[Transition]:
    told = [Transition("Problem", str(problem), warning=True) for problem in after if problem not in before]
    if before and not after:
        told.append(Transition("ProblemsSolved", "every problem is solved"))
    return told


def _first(version: VersionState) -> ResourceId:
    return version.resources[0].id


def _culprit(version: VersionState) -> ResourceId:
    """The resource that the version's message speaks of."""
    found: ResourceState = next((r for r in version.resources if r.message == version.message), version.resources[0])
    return found.id


def _weights(state: RoutemapState) -> str:
    return ":".join(str(weight) for weight in state.weights)
