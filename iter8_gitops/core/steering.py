"""What a routemap does by itself as time passes: its ramp, and the promotion that its policy asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iter8_gitops.core.evidence import NO_EVIDENCE, Evidence
from iter8_gitops.core.promotions import Circumstances, Outcome, due_again_at, promotion
from iter8_gitops.core.ramps import Standing, next_step_at, ramped
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.snapshot import RoutemapState, VersionState
from iter8_gitops.spec.steering import RampState, Record


@dataclass(frozen=True, slots=True)
class Steering:
    """Who decides, and on what. Without `decides`, the `record` of whoever does is followed.

    `outcome` is what has come of an attempt to promote.
    """

    decides: bool = False
    record: Record | None = None
    evidence: Evidence = NO_EVIDENCE
    outcome: Outcome | None = None


NOBODY_DECIDES = Steering()


def is_steered(routemap: Routemap) -> bool:
    """Whether anything of it changes by itself."""
    return bool(routemap.ramp) or routemap.promotion.mode != "manual"


def ramp_of(
    routemap: Routemap,
    versions: Sequence[VersionState],
    annotated: Sequence[int],
    steering: Steering,
    previous: RoutemapState | None,
    now: float,
) -> RampState | None:
    """Where the ramp stands; None when there is none, or no candidate is there.

    `annotated` are the indexes of versions whose weight somebody else sets.
    """
    candidates = versions[1:]
    if not routemap.ramp or not any(_is_there(candidate) for candidate in candidates):
        return None
    before = _last(steering, previous).ramp
    standing = Standing(
        tuple(candidate.signature or candidate.former_signature for candidate in candidates),
        _obstacle(versions, annotated, steering.evidence),
    )
    if steering.decides:
        return ramped(routemap.ramp, standing, before, now)
    if before is not None:
        return before
    waiting = replace(standing, obstacle=standing.obstacle or "no replica leads yet")
    return ramped(routemap.ramp, waiting, None, now)


def with_promotion(
    state: RoutemapState, routemap: Routemap, steering: Steering, previous: RoutemapState | None, now: float
) -> RoutemapState:
    """`state` with how far its promotion is."""
    before = _last(steering, previous).promotion
    if not steering.decides:
        return replace(state, promotion=before if routemap.promotion.mode != "manual" else None)
    given = Circumstances(state.versions, state.experiment, state.ramp, steering.evidence)
    return replace(state, promotion=promotion(routemap.promotion, given, before, steering.outcome, now))


def steered_at(routemap: Routemap, state: RoutemapState, steering: Steering) -> float | None:
    """When (seconds since 1970) time alone changes something; None when it does not, or others decide."""
    if not steering.decides:
        return None
    times = (
        next_step_at(routemap.ramp, state.ramp) if state.ramp is not None else None,
        due_again_at(routemap.promotion, state.experiment, state.promotion),
    )
    return min((at for at in times if at is not None), default=None)


def _last(steering: Steering, previous: RoutemapState | None) -> Record:
    """What was decided last. Whoever decides goes on from the newest that is known, others follow what is written."""
    own = Record(previous.ramp, previous.promotion) if previous is not None else Record()
    written = steering.record
    if written is None or (steering.decides and own.decided_at > written.decided_at):
        return own
    return written


def _is_there(version: VersionState) -> bool:
    return any(resource.content for resource in version.resources)


def _obstacle(versions: Sequence[VersionState], annotated: Sequence[int], evidence: Evidence) -> str:
    """Why candidates should get no more users now."""
    if annotated:
        return f"an annotation sets the weight of {versions[annotated[0]].name}"
    for candidate in versions[1:]:
        if _is_there(candidate) and not candidate.settled:
            return f"{candidate.name} is not ready ({candidate.reason})"
    return evidence.objection
