"""The fallback for kinds without a rule of their own: the conventions that most custom resources follow.

The conventions are those of kstatus (`Stalled`, `Reconciling`) and of Kubernetes' own guide to
conditions (`Ready`, else `Available`). A kind that follows none of them is `unknown`, never ready.
"""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    ReportedCondition,
    Resource,
    conditions,
    early_verdict,
    hookimpl,
    integer,
    observed_generation_current,
)
from iter8_gitops.spec.content import without_scale
from iter8_gitops.spec.status import condition_behind, condition_current


@hookimpl(trylast=True)
def readiness(resource: Resource) -> Readiness:
    """Stalled, Reconciling, then Ready, else Available; other conditions do not count."""
    reported = conditions(resource)
    # Until its controller says otherwise, what was ready before an edit still answers with older content.
    servable = _is_true(_main(reported))
    return early_verdict(resource, servable=servable) or _verdict(resource, reported, servable)


@hookimpl(trylast=True)
def signature_content(resource: Resource) -> JsonValue:
    """The spec without what autoscalers write."""
    return without_scale(resource.spec)


def _verdict(resource: Resource, reported: Mapping[str, ReportedCondition], servable: bool) -> Readiness:
    stalled, reconciling = reported.get("Stalled"), reported.get("Reconciling")
    main = _main(reported)
    stalled_before = stalled is not None and _is_true(stalled) and condition_behind(resource, stalled)
    if stalled is not None and _is_true(stalled) and not stalled_before:
        return Readiness.failed("Stalled", str(stalled), servable=servable, fields=(stalled.field,))
    if reconciling is not None and _is_true(reconciling):
        return Readiness.progressing("Reconciling", str(reconciling), servable=servable, fields=(reconciling.field,))
    if main is None:
        return Readiness.unknown(
            "NoConventionalStatus",
            f"there is no rule for {resource.id.kind} of API group {resource.id.group!r}, and the object has "
            "neither a Ready nor an Available condition; a plugin can add a rule",
            fields=("status.conditions",),
        )
    if condition_behind(resource, main):
        return _not_observed(resource, main, servable)
    if stalled is not None and stalled_before and not condition_current(resource, main):
        return _not_observed(resource, stalled, servable)
    if _is_true(main):
        current = observed_generation_current(resource) or condition_current(resource, main)
        return Readiness.ready(main.type, str(main), current=current, fields=(main.field,))
    return Readiness.progressing(f"Not{main.type}", str(main), fields=(main.field,))


def _not_observed(resource: Resource, condition: ReportedCondition, servable: bool) -> Readiness:
    return Readiness.progressing(
        "ConditionNotObserved",
        f"its {condition.type} condition is of generation {condition.observed_generation}, "
        f"the spec of generation {integer(resource.metadata.get('generation'))}",
        servable=servable,
        fields=(condition.field, "metadata.generation"),
    )


def _main(reported: Mapping[str, ReportedCondition]) -> ReportedCondition | None:
    return reported.get("Ready") or reported.get("Available")


def _is_true(condition: ReportedCondition | None) -> bool:
    return condition is not None and condition.status == "True"
