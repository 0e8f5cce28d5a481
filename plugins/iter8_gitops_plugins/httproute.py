"""HTTPRoutes of the Gateway API: ready once every parent in the spec has accepted the present rules.

Their status has no generation and no conditions of its own: each parent (a Gateway, a Service of a mesh) has
an entry per controller, and each condition in it says of which generation it speaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    ReportedCondition,
    Resource,
    ResourceKind,
    early_verdict,
    hookimpl,
    integer,
    mappings,
    text,
)
from iter8_gitops.spec.status import condition_behind, condition_current, conditions_in

KIND = ResourceKind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", ("httproute",))

_NEEDED = ("Accepted", "ResolvedRefs")


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """HTTPRoute."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Every parent has accepted it and resolved its references; one that has makes it servable."""
    if not _is_http_route(resource):
        return None
    parents = _parents(resource)
    servable = any(parent.answers for parent in parents)
    return early_verdict(resource, servable=servable) or _verdict(resource, parents, servable)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """Nothing: routing is not content."""
    return {} if _is_http_route(resource) else None


@dataclass(frozen=True, slots=True)
class _Reference:
    """Which object, and which part of it, a route wants to be attached to."""

    group: str
    kind: str
    namespace: str
    name: str
    section: str
    port: int | None

    @classmethod
    def of(cls, value: Mapping[str, Any], namespace: str) -> _Reference:
        """Read a reference with the defaults of the API. An empty group is the core one, and no default."""
        group = value.get("group")
        return cls(
            group=text(group) if isinstance(group, str) else KIND.group,
            kind=text(value.get("kind")) or "Gateway",
            namespace=text(value.get("namespace")) or namespace,
            name=text(value.get("name")),
            section=text(value.get("sectionName")),
            port=integer(value.get("port")),
        )

    def __str__(self) -> str:
        part = "".join(f", {what} {which}" for what, which in (("section", self.section), ("port", self.port)) if which)
        return f"{self.kind} {self.namespace}/{self.name}{part}"


@dataclass(frozen=True, slots=True)
class _Parent:
    """A parent in the spec, and the conditions that each controller reports for it."""

    reference: _Reference
    reports: tuple[Mapping[str, ReportedCondition], ...]

    @property
    def answers(self) -> bool:
        """True when some controller routes by it, if need be by what it said before an edit."""
        return any(all(_is_true(report.get(type_)) for type_ in _NEEDED) for report in self.reports)

    def field(self, type_: str) -> str:
        """Where its condition of a type is in the object."""
        return f"status.parents[{self.reference}].conditions[{type_}]"


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence about a parent, and the field that it comes from."""

    field: str
    sentence: str


def _parents(resource: Resource) -> list[_Parent]:
    """The parents in the spec, with their own entries of the status; entries of former parents are left out."""
    namespace = resource.id.namespace
    entries = [
        (_Reference.of(reference, namespace), conditions_in(entry.get("conditions")))
        for entry in mappings(resource.status.get("parents"))
        if isinstance(reference := entry.get("parentRef"), Mapping)
    ]
    wanted = dict.fromkeys(_Reference.of(each, namespace) for each in mappings(resource.spec.get("parentRefs")))
    return [_Parent(each, tuple(report for owner, report in entries if owner == each)) for each in wanted]


def _verdict(resource: Resource, parents: Sequence[_Parent], servable: bool) -> Readiness:
    if not parents:
        return Readiness.progressing(
            "NoParents",
            "it names no parent (spec.parentRefs is empty), so nothing routes by it",
            fields=("spec.parentRefs",),
        )
    if refused := [said for parent in parents for said in _refused(resource, parent)]:
        return Readiness.failed("ParentFailed", _joined(refused), servable=servable, fields=_fields(refused))
    if awaited := [said for parent in parents for said in _awaited(resource, parent)]:
        return Readiness.progressing("ParentPending", _joined(awaited), servable=servable, fields=_fields(awaited))
    return Readiness.ready(
        "Accepted",
        f"{', '.join(str(parent.reference) for parent in parents)} accepted it and resolved its references",
        current=all(_current(resource, parent) for parent in parents),
        fields=tuple(parent.field(type_) for parent in parents for type_ in _NEEDED),
    )


def _refused(resource: Resource, parent: _Parent) -> list[_Said]:
    """What controllers say against the present rules."""
    return [
        _Said(parent.field(type_), f"{parent.reference}: {condition}")
        for report in parent.reports
        for type_ in _NEEDED
        if (condition := report.get(type_)) is not None
        and condition.status == "False"
        and not condition_behind(resource, condition)
    ]


def _awaited(resource: Resource, parent: _Parent) -> list[_Said]:
    """What is still to be said. Of several controllers of one parent, each has a say."""
    if not parent.reports:
        return [_Said("status.parents", f"{parent.reference} has not reported on it yet")]
    return [
        _Said(parent.field(type_), f"{parent.reference}: {missing}")
        for report in parent.reports
        for type_ in _NEEDED
        if (missing := _missing(resource, type_, report.get(type_)))
    ]


def _missing(resource: Resource, type_: str, condition: ReportedCondition | None) -> str:
    """What keeps a condition from being True of the present spec, or ""."""
    if condition is None:
        return f"it has no {type_} condition yet"
    if condition_behind(resource, condition):
        return (
            f"its {type_} condition is of generation {condition.observed_generation}, "
            f"the spec of generation {integer(resource.metadata.get('generation'))}"
        )
    return "" if condition.status == "True" else str(condition)


def _joined(said: Sequence[_Said]) -> str:
    return "; ".join(dict.fromkeys(each.sentence for each in said))


def _fields(said: Sequence[_Said]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.field for each in said))


def _current(resource: Resource, parent: _Parent) -> bool:
    return all(condition_current(resource, report[type_]) for report in parent.reports for type_ in _NEEDED)


def _is_true(condition: ReportedCondition | None) -> bool:
    return condition is not None and condition.status == "True"


def _is_http_route(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
