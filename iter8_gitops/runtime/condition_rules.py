"""The readiness rules that Iter8's `resourceTypes` state, as a plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iter8_gitops.hooks import (
    Readiness,
    ReportedCondition,
    Resource,
    ResourceKind,
    conditions,
    early_verdict,
    hookimpl,
    integer,
    observed_generation_current,
)

ConditionsOf = Callable[[str, str], tuple[str, ...] | None]
"""The conditions that make an object of (API group, kind) ready; None when there is no such rule."""


class ConditionRules:
    """Answers for configured kinds: an object is ready when all conditions are True, or exists if there are none."""

    def __init__(self, kinds: Sequence[ResourceKind], conditions_of: ConditionsOf) -> None:
        self._kinds = tuple(kinds)
        self._conditions_of = conditions_of

    @hookimpl
    def resource_kinds(self) -> tuple[ResourceKind, ...]:
        """The configured kinds that were known at the start."""
        return self._kinds

    @hookimpl
    def readiness(self, resource: Resource) -> Readiness | None:
        """By the conditions of the kind's rule; None for kinds without one."""
        wanted = self._conditions_of(resource.id.group, resource.id.kind)
        if wanted is None:
            return None
        reported = conditions(resource)
        found = [reported.get(type_) for type_ in wanted]
        # Until its controller says otherwise, what was ready before an edit still answers with older content.
        servable = all(condition is not None and condition.status == "True" for condition in found)
        return early_verdict(resource, servable=servable) or _verdict(resource, wanted, found, servable)


def _verdict(
    resource: Resource, wanted: tuple[str, ...], found: list[ReportedCondition | None], servable: bool
) -> Readiness:
    generation = integer(resource.metadata.get("generation"))
    for type_, condition in zip(wanted, found, strict=True):
        if condition is None:
            return Readiness.progressing(_not(type_), f"it has no {type_} condition yet")
        if condition.status != "True":
            return Readiness.progressing(_not(type_), str(condition))
        if _behind(condition.observed_generation, generation):
            said = f"its {type_} condition is of generation {condition.observed_generation}, the spec of generation"
            return Readiness.progressing("ConditionNotObserved", f"{said} {generation}", servable=servable)
    if not wanted:
        return Readiness.ready("Exists", "it exists, which is all that its resource type asks for", current=True)
    each_current = generation is not None and all(
        condition is not None and condition.observed_generation is not None for condition in found
    )
    message = ", ".join(str(condition) for condition in found)
    return Readiness.ready("ConditionsTrue", message, current=each_current or observed_generation_current(resource))


def _not(type_: str) -> str:
    """A reason in one word; a condition's type may be a qualified name."""
    return f"Not{type_}" if type_.isalnum() else "ConditionNotTrue"


def _behind(observed: int | None, generation: int | None) -> bool:
    return observed is not None and generation is not None and observed < generation
