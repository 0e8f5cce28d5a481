"""Promotion by the controller: of which candidate, when it is due, and what has come of it.

It is due once everything that the policy requires holds. It is done once per content: what was proposed or committed is
not done again, and what failed is tried again, later each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iter8_gitops.core.evidence import Evidence
from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.routemap import PromotionPolicy
from iter8_gitops.spec.snapshot import VersionState
from iter8_gitops.spec.steering import PromotionPhase, PromotionState, RampPhase, RampState

FIRST_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 3600.0
_DONE = frozenset({PromotionPhase.PROPOSED, PromotionPhase.COMMITTED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of trying to promote `content`. `reference` is a commit or an address; `failure` a sentence, or ""."""

    content: str
    phase: PromotionPhase
    message: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a promotion depends on. `experiment` (seconds since 1970) is since when the contents are compared."""

    versions: Sequence[VersionState]
    experiment: int
    ramp: RampState | None
    evidence: Evidence


def promotion(
    policy: PromotionPolicy,
    given: Circumstances,
    before: PromotionState | None,
    outcome: Outcome | None,
    now: float,
) -> PromotionState | None:
    """How far the promotion is `now` (seconds since 1970); None when there is nothing to promote, or a person does.

    `before` is how far it was, `outcome` what has come of the last attempt since then, if there was one.
    """
    if policy.mode == "manual":
        return None
    present = [each for each in given.versions[1:] if each.signature and any(r.content for r in each.resources)]
    if not present:
        return None
    candidate = _candidate(policy, given, present)
    if candidate is None:
        waiting = PromotionState(-1, "", PromotionPhase.WAITING, f"waits for a winner: {given.evidence.said}")
        return _decided(waiting, before, now)
    if candidate.signature == given.versions[0].signature:
        return None
    known = before if before is not None and before.content == candidate.signature else None
    if known is not None and outcome is not None and outcome.content == known.content:
        return _decided(_settled(known, outcome, now), before, now)
    if known is not None and known.phase in _DONE:
        return before
    if known is not None and known.phase is PromotionPhase.FAILED and known.try_at is not None and now < known.try_at:
        return before
    return _decided(_judged(policy, given, candidate, known, now), before, now)


def due_again_at(policy: PromotionPolicy, experiment: int, state: PromotionState | None) -> float | None:
    """When (seconds since 1970) time alone may change the state; None when it does not."""
    if state is None or state.phase in _DONE:
        return None
    if state.try_at is not None:
        return state.try_at
    return experiment + policy.minimum_run if state.phase is PromotionPhase.WAITING else None


def _candidate(policy: PromotionPolicy, given: Circumstances, present: Sequence[VersionState]) -> VersionState | None:
    """The candidate that would be promoted; None when that depends on who wins."""
    if "winner" in policy.requires and given.evidence.winner is not None:
        return next((each for each in present if each.index == given.evidence.winner), None)
    if "approval" in policy.requires:
        approved = next((each for each in present if each.signature == policy.approved), None)
        if approved is not None:
            return approved
    return present[0] if len(present) == 1 else None


def _judged(
    policy: PromotionPolicy,
    given: Circumstances,
    candidate: VersionState,
    known: PromotionState | None,
    now: float,
) -> PromotionState:
    missing = _missing(policy, given, candidate, now)
    base = PromotionState(candidate.index, candidate.signature, PromotionPhase.WAITING, "")
    if missing:
        return replace(base, message=f"{candidate.name} waits for {'; for '.join(missing)}")
    attempts = known.attempts if known is not None else 0
    return replace(
        base,
        phase=PromotionPhase.DUE,
        message=f"{candidate.name} is to be promoted: {_met(policy, given)}",
        why=_met(policy, given),
        attempts=attempts,
    )


def _missing(policy: PromotionPolicy, given: Circumstances, candidate: VersionState, now: float) -> list[str]:
    """What the policy requires and is not there, in words that stay the same while it is not."""
    missing: list[str] = []
    if not (candidate.settled and candidate.available):
        missing.append(f"all of it to be ready ({candidate.message})")
    if given.evidence.objection:
        missing.append(f"what is wrong to be mended ({given.evidence.objection})")
    if "winner" in policy.requires and given.evidence.winner != candidate.index:
        missing.append(f"it to win ({given.evidence.said})")
    if "rampComplete" in policy.requires and (given.ramp is None or given.ramp.phase is not RampPhase.COMPLETE):
        missing.append("the end of the ramp")
    if "approval" in policy.requires and policy.approved != candidate.signature:
        missing.append(f"approval: write `approved: {candidate.signature}` in the routemap")
    if now - given.experiment < policy.minimum_run:
        missing.append(f"the minimum run of {format_duration(policy.minimum_run)}")
    return missing


def _met(policy: PromotionPolicy, given: Circumstances) -> str:
    """Why it is promoted, in a sentence."""
    met = [f"it has run for {format_duration(policy.minimum_run)}"]
    met += [given.evidence.said] if "winner" in policy.requires else []
    met += ["its ramp is complete"] if "rampComplete" in policy.requires else []
    met += ["a person approved it"] if "approval" in policy.requires else []
    return "; ".join(met)


def _settled(known: PromotionState, outcome: Outcome, now: float) -> PromotionState:
    if outcome.phase in _DONE:
        return replace(
            known, phase=outcome.phase, message=outcome.message, reference=outcome.reference, attempts=0, try_at=None
        )
    attempts = known.attempts + 1
    patience = min(FIRST_RETRY_SECONDS * 2.0 ** min(attempts - 1, 20), LONGEST_RETRY_SECONDS)
    return replace(
        known, phase=PromotionPhase.FAILED, message=outcome.message, attempts=attempts, try_at=now + patience
    )


def _decided(state: PromotionState, before: PromotionState | None, now: float) -> PromotionState:
    """`state`, with the time of `before` when nothing else differs."""
    if before is None:
        return replace(state, decided_at=now)
    if replace(state, decided_at=before.decided_at) == before:
        return before
    return replace(state, decided_at=max(now, before.decided_at + 0.001))
