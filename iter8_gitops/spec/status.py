"""Reading what an object says of itself, in a way that no malformed object can make fail.

Readiness rules are built from these. Each of them takes any JSON value in any place: a value of the
wrong type reads as if it were absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource

_INT64 = 2**63
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_TEXT_LIMIT = 300


@dataclass(frozen=True, slots=True)
class ReportedCondition:
    """One entry of `status.conditions`; fields that are missing or malformed are empty.

    `status` is `True`, `False` or `Unknown` in well-formed objects. `observed_generation` is the
    generation that this condition alone speaks of, where its controller says so.
    """

    type: str
    status: str
    reason: str = ""
    message: str = ""
    severity: str = ""
    observed_generation: int | None = None

    @property
    def field(self) -> str:
        """Where it is in the object: `status.conditions[Ready]`."""
        return f"status.conditions[{self.type}]"

    def __str__(self) -> str:
        """`Ready is False: MinimumReplicasUnavailable: 1 of 2 are up`, as far as it is known."""
        said = ": ".join(part for part in (self.reason, self.message) if part)
        verdict = f"{self.type} is {self.status or 'not set'}"
        return f"{verdict}: {said}" if said else verdict


def conditions(resource: Resource) -> dict[str, ReportedCondition]:
    """`status.conditions` by type. Of two with one type the last counts; entries without a type are skipped."""
    return conditions_in(resource.status.get("conditions"))


def conditions_in(value: Any) -> dict[str, ReportedCondition]:
    """The conditions in a list, by type, as in `conditions`: some kinds have such lists in other places."""
    found = (_condition(entry) for entry in mappings(value))
    return {condition.type: condition for condition in found if condition.type}


def condition_status(resource: Resource, type_: str) -> str:
    """`True`, `False` or `Unknown` as the condition says, or `""` when there is no such condition."""
    condition = conditions(resource).get(type_)
    return condition.status if condition else ""


def integer(value: Any) -> int | None:
    """A whole number written as a number or as a string (generations come as both), or None.

    Booleans, fractions and what does not fit in 64 bits (which Kubernetes cannot store) are None.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        stripped = value.strip()
        value = int(stripped) if _INTEGER.fullmatch(stripped) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return value
    return None


def count(value: Any, default: int = 0) -> int:
    """A number of replicas or percents: `integer(value)`, never negative, or `default` when there is none."""
    number = integer(value)
    return default if number is None else max(number, 0)


def text(value: Any) -> str:
    """A string made fit for a message, or `""` for anything but a string.

    White space becomes single spaces, what cannot be printed a replacement character, and a long text is cut.
    """
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 4 * _TEXT_LIMIT].split())
    if not line.isprintable():
        line = "".join(character if character.isprintable() else "\ufffd" for character in line)
    return line if len(line) <= _TEXT_LIMIT else f"{line[:_TEXT_LIMIT]}..."


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings in a list; anything else in it, and anything but a list, is left out."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def observed_generation_behind(resource: Resource) -> bool:
    """True when the status certainly speaks of an older spec: only `observed < generation` counts."""
    observed, generation = _generations(resource)
    return observed is not None and generation is not None and observed < generation


def observed_generation_current(resource: Resource) -> bool:
    """True when the status certainly speaks of the present spec: both generations are known and match."""
    observed, generation = _generations(resource)
    return observed is not None and generation is not None and observed >= generation


def condition_behind(resource: Resource, condition: ReportedCondition) -> bool:
    """True when the condition itself says that it speaks of an older spec."""
    own, generation = condition.observed_generation, integer(resource.metadata.get("generation"))
    return own is not None and generation is not None and own < generation


def condition_current(resource: Resource, condition: ReportedCondition) -> bool:
    """True when the condition itself says that it speaks of the present spec."""
    own, generation = condition.observed_generation, integer(resource.metadata.get("generation"))
    return own is not None and generation is not None and own >= generation


def early_verdict(resource: Resource, *, servable: bool) -> Readiness | None:
    """The rules that come before a kind's own: being deleted, and a status that lags behind the spec.

    `servable` is what to say of a lagging object: whether its older content answers meanwhile.
    None means that neither rule applies.
    """
    if resource.terminating:
        return Readiness.terminating("it is being deleted (metadata.deletionTimestamp is set)")
    if observed_generation_behind(resource):
        observed, generation = _generations(resource)
        return Readiness.progressing(
            "GenerationNotObserved",
            f"its controller has not seen the latest change yet: the status is of generation {observed}, "
            f"the spec of generation {generation}",
            servable=servable,
            fields=("status.observedGeneration", "metadata.generation"),
        )
    return None


def unreported_verdict(resource: Resource) -> Readiness | None:
    """For kinds that report a status: progressing while there is none. None means that there is one."""
    if resource.status:
        return None
    return Readiness.progressing(
        "NoStatus", "its controller has not reported on it yet (there is no status)", fields=("status",)
    )


def unobserved_verdict(resource: Resource, *, servable: bool) -> Readiness | None:
    """For kinds that say which generation they observed: progressing while they do not. None means that they do."""
    if integer(resource.status.get("observedGeneration")) is not None:
        return None
    return Readiness.progressing(
        "NotObserved",
        "its controller has not reported on it yet (status.observedGeneration is missing)",
        servable=servable,
        fields=("status.observedGeneration",),
    )


def _generations(resource: Resource) -> tuple[int | None, int | None]:
    return integer(resource.status.get("observedGeneration")), integer(resource.metadata.get("generation"))


def _condition(entry: Mapping[str, Any]) -> ReportedCondition:
    status = entry.get("status")
    return ReportedCondition(
        type=text(entry.get("type")),
        # Hand-written YAML says `status: True` without quotes, which is a boolean.
        status=str(status) if isinstance(status, bool) else text(status),
        reason=text(entry.get("reason")),
        message=text(entry.get("message")),
        severity=text(entry.get("severity")),
        observed_generation=integer(entry.get("observedGeneration")),
    )
