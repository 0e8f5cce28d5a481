"""What changed in how a routemap is judged, raised and promoted, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.routemap import MetricDeclaration, PromotionPolicy, RampStep
from iter8_gitops.spec.snapshot import RoutemapState


def plan_changes(before: RoutemapState, after: RoutemapState) -> tuple[str, ...]:
    """One sentence per change, none when nothing changed."""
    return tuple(_changes(before, after))


def _changes(before: RoutemapState, after: RoutemapState) -> Iterator[str]:
    if before.ramp_steps != after.ramp_steps:
        yield f"ramp {_ramp(before.ramp_steps)} -> {_ramp(after.ramp_steps)}"
    if before.policy != after.policy:
        yield f"promotion {_policy(before.policy)} -> {_policy(after.policy)}"
    old, new = _by_name(before.metrics), _by_name(after.metrics)
    yield from (f"metric {name} is declared" for name in new if name not in old)
    yield from (f"metric {name} is declared no more" for name in old if name not in new)
    yield from (f"metric {name} is judged otherwise" for name in new if name in old and old[name] != new[name])


def _by_name(metrics: Sequence[MetricDeclaration]) -> dict[str, MetricDeclaration]:
    return {metric.name: metric for metric in metrics}


def _ramp(steps: Sequence[RampStep]) -> str:
    return ", ".join(_step(step) for step in steps) or "none"


def _step(step: RampStep) -> str:
    return f"{step.weight:g}%" if step.hold is None else f"{step.weight:g}% for {format_duration(step.hold)}"


def _policy(policy: PromotionPolicy) -> str:
    if policy.mode == "manual":
        return "by a person"
    required = f" with {', '.join(policy.requires)}" if policy.requires else ""
    approved = f", approved {policy.approved}" if policy.approved else ""
    return f"{policy.mode}{required} after {format_duration(policy.minimum_run)}{approved}"
