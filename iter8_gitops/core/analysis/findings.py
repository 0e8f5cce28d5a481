"""What a change means for a metric, by its goal, its role and the change that matters."""

from __future__ import annotations

from iter8_gitops.core.analysis.effects import Effect
from iter8_gitops.core.analysis.values import Finding, Role
from iter8_gitops.spec.routemap import MetricDeclaration


def role_of(metric: MetricDeclaration) -> Role:
    """A metric with an accepted harm is a guardrail."""
    return "success" if metric.max_harm is None else "guardrail"


def margin_of(metric: MetricDeclaration) -> float:
    """The relative change that matters: the accepted harm of a guardrail, else the minimum effect."""
    return metric.max_harm or metric.minimum_effect


def finding_of(metric: MetricDeclaration, effect: Effect) -> Finding:
    """What is shown of a version against the primary.

    A guardrail is held when the version is not worse by more than the accepted harm (non-inferiority).
    """
    if metric.max_harm is not None:
        side = improvement(metric, effect, -metric.max_harm)
        return "held" if side > 0 else "breached" if side < 0 else "open"
    side = improvement(metric, effect, 0.0)
    if side:
        return "better" if side > 0 else "worse"
    least = metric.minimum_effect
    same = improvement(metric, effect, -least) > 0 > improvement(metric, effect, least)
    return "same" if same else "open"


def improvement(metric: MetricDeclaration, effect: Effect, change: float) -> int:
    """Whether the improvement, a lift in the direction of the goal, is above `change` (1), below (-1), or open (0)."""
    goal = goal_sign(metric)
    return goal * effect.side(goal * change)


def goal_sign(metric: MetricDeclaration) -> int:
    """1 where more is better, -1 where less is."""
    return -1 if metric.goal == "decrease" else 1
