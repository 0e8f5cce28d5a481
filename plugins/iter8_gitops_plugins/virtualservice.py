"""VirtualServices of Istio: ready unless Istio says otherwise, because by default it says nothing.

Istio writes a status only where it is told to analyse what people configure, or to track how far a
configuration has spread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    conditions,
    early_verdict,
    hookimpl,
    integer,
    mappings,
    observed_generation_current,
    text,
)
from iter8_gitops.spec.status import condition_behind

KIND = ResourceKind("networking.istio.io", "v1", "VirtualService", "virtualservices", ("vs", "virtualservice"))

_SUMMARIES = ("PassedAnalysis", "PassedValidation")
"""The conditions that sum the messages up, by their present and their former name."""

_ERROR_NUMBER = 3
"""The level ERROR in Istio's protocol buffers, where a controller writes numbers for names."""


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """VirtualService, as `vs`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Errors of the analysis, then how far it has spread; until an edit has, proxies route as before."""
    if not _is_virtual_service(resource):
        return None
    return early_verdict(resource, servable=True) or _failed(resource) or _spreading(resource) or _ready(resource)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """Nothing: routing is not content."""
    return {} if _is_virtual_service(resource) else None


def _failed(resource: Resource) -> Readiness | None:
    messages = mappings(resource.status.get("validationMessages"))
    errors = [_said(message) for message in messages if _is_error(message)]
    if errors:
        return Readiness.failed("ValidationError", "; ".join(errors), fields=("status.validationMessages",))
    # The messages tell errors from warnings; where there are none, the condition that sums them up has to do.
    for type_ in () if messages else _SUMMARIES:
        passed = conditions(resource).get(type_)
        if passed is not None and passed.status == "False" and not condition_behind(resource, passed):
            return Readiness.failed("ValidationError", str(passed), fields=(passed.field,))
    return None


def _spreading(resource: Resource) -> Readiness | None:
    reconciled = conditions(resource).get("Reconciled")
    if reconciled is None:
        return None
    if condition_behind(resource, reconciled):
        return Readiness.progressing(
            "ConditionNotObserved",
            f"its Reconciled condition is of generation {reconciled.observed_generation}, "
            f"the spec of generation {integer(resource.metadata.get('generation'))}",
            servable=True,
            fields=(reconciled.field, "metadata.generation"),
        )
    if reconciled.status != "True":
        return Readiness.progressing(
            "NotReconciled",
            f"not every proxy has the present routes yet; {reconciled}",
            servable=True,
            fields=(reconciled.field,),
        )
    return None


def _ready(resource: Resource) -> Readiness:
    if not resource.status:
        return Readiness.ready(
            "NoStatus", "it exists, and Istio reports nothing against it", current=True, fields=("status",)
        )
    return Readiness.ready(
        "Reconciled",
        "Istio reports nothing against it",
        current=observed_generation_current(resource),
        fields=("status.conditions", "status.validationMessages"),
    )


def _is_error(message: Mapping[str, Any]) -> bool:
    level = message.get("level")
    return text(level).upper() == "ERROR" or integer(level) == _ERROR_NUMBER


def _said(message: Mapping[str, Any]) -> str:
    """What a message is about. Istio's API has a type with a code, its documentation code and message themselves."""
    type_ = message.get("type")
    named = type_ if isinstance(type_, Mapping) else {}
    code, name = text(named.get("code")) or text(message.get("code")), text(named.get("name"))
    head = " ".join(part for part in (code, name) if part) or "an error without a code"
    rest = text(message.get("message")) or text(message.get("documentationUrl"))
    return f"{head}: {rest}" if rest else head


def _is_virtual_service(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
