"""How a routemap is judged, raised and promoted, as JSON values, and where that stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import PromotionState, RampState

Json = dict[str, Any]


def plan_view(state: RoutemapState) -> Json:
    """What the routemap says."""
    policy = state.policy
    return {
        "metrics": [
            {
                "name": metric.name,
                "goal": metric.goal,
                "type": metric.type,
                "denominator": metric.denominator,
                "maxHarm": metric.max_harm,
                "minimumEffect": metric.minimum_effect,
            }
            for metric in state.metrics
        ],
        "ramp": [{"weight": step.weight, "holdSeconds": step.hold} for step in state.ramp_steps],
        "promotion": {
            "mode": policy.mode,
            "requires": list(policy.requires),
            "minimumRunSeconds": policy.minimum_run,
            "approved": policy.approved,
        },
    }


def ramp_view(ramp: RampState | None) -> Json | None:
    """Where the ramp stands."""
    if ramp is None:
        return None
    return {
        "step": ramp.step + 1,
        "weight": ramp.weight,
        "phase": ramp.phase.value,
        "message": ramp.message,
        "signatures": list(ramp.contents),
        "heldSeconds": ramp.held,
        "runningSince": _time(ramp.running_since),
    }


def promotion_view(promotion: PromotionState | None) -> Json | None:
    """How far the promotion is."""
    if promotion is None:
        return None
    return {
        "version": promotion.version if promotion.version >= 0 else None,
        "signature": promotion.content,
        "phase": promotion.phase.value,
        "message": promotion.message,
        "evidence": promotion.why,
        "reference": promotion.reference,
        "attempts": promotion.attempts,
        "tryAgainAt": _time(promotion.try_at),
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")
