"""The fallback for kinds without a rule of their own: the conventions that most custom resources follow.

The conventions are those of kstatus (`Stalled`, `Reconciling`) and of Kubernetes' own guide to
conditions (`Ready`, else `Available`). A kind that follows none of them is `unknown`, never ready.
"""

from __future__ import annotations

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

_ROUTES = frozenset({("networking.istio.io", "VirtualService"), ("gateway.networking.k8s.io", "HTTPRoute")})


@hookimpl(trylast=True)
def readiness(resource: Resource) -> Readiness:
    """Stalled, Reconciling, then Ready, else Available; other conditions do not count."""
    reported = conditions(resource)
    main = reported.get("Ready") or reported.get("Available")
    # Until its controller says otherwise, what was ready before an edit still answers with older content.
    servable = main is not None and main.status == "True"
    return early_verdict(resource, servable=servable) or _verdict(resource, reported, main, servable)


@hookimpl(trylast=True)
def signature_content(resource: Resource) -> JsonValue:
    """The spec without what autoscalers write; of a route nothing, because routing is not content."""
    if (resource.id.group, resource.id.kind) in _ROUTES:
        return {}
    return without_scale(resource.spec)


def _verdict(
    resource: Resource, reported: dict[str, ReportedCondition], main: ReportedCondition | None, servable: bool
) -> Readiness:
    stalled, reconciling = reported.get("Stalled"), reported.get("Reconciling")
    if stalled and stalled.status == "True" and not _behind(resource, stalled):
        return Readiness.failed("Stalled", str(stalled), servable=servable)
    if reconciling and reconciling.status == "True":
        return Readiness.progressing("Reconciling", str(reconciling), servable=servable)
    if main is None:
        return Readiness.unknown(
            "NoConventionalStatus",
            f"there is no rule for {resource.id.kind} of API group {resource.id.group!r}, and the object has "
            "neither a Ready nor an Available condition; a plugin can add a rule",
        )
    if _behind(resource, main):
        return Readiness.progressing(
            "ConditionNotObserved",
            f"its {main.type} condition is of generation {main.observed_generation}, "
            f"the spec of generation {integer(resource.metadata.get('generation'))}",
            servable=servable,
        )
    if main.status == "True":
        return Readiness.ready(main.type, str(main), current=_certainly_current(resource, main))
    return Readiness.progressing(f"Not{main.type}", str(main))


def _behind(resource: Resource, condition: ReportedCondition) -> bool:
    observed, generation = condition.observed_generation, integer(resource.metadata.get("generation"))
    return observed is not None and generation is not None and observed < generation


def _certainly_current(resource: Resource, condition: ReportedCondition) -> bool:
    generation = integer(resource.metadata.get("generation"))
    own = condition.observed_generation
    return observed_generation_current(resource) or (own is not None and generation is not None and own >= generation)
