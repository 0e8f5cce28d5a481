"""The conditions that a rule asks for, as an object reports them."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.hooks import Readiness, ReportedCondition, Resource, conditions, integer
from iter8_gitops.spec.status import condition_behind, condition_current


@dataclass(frozen=True, slots=True)
class Wanted:
    """One condition that must be True; `reported` is None when the object does not have it."""

    type: str
    reported: ReportedCondition | None

    @property
    def is_true(self) -> bool:
        """Whether it is True, of whatever generation."""
        return self.reported is not None and self.reported.status == "True"

    @property
    def field(self) -> str:
        """Where it is, or should be, in the object."""
        return self.reported.field if self.reported is not None else f"status.conditions[{self.type}]"

    def is_current(self, resource: Resource) -> bool:
        """Whether it says by itself that it speaks of the present spec."""
        return self.reported is not None and condition_current(resource, self.reported)

    def unmet(self, resource: Resource, *, servable: bool) -> Readiness | None:
        """What `resource` waits for while this condition is not True of the present spec; None when it is."""
        if self.reported is None:
            said = f"it has no {self.type} condition yet"
            return Readiness.progressing(self._reason, said, servable=servable, fields=(self.field,))
        if not self.is_true:
            return Readiness.progressing(self._reason, str(self.reported), servable=servable, fields=(self.field,))
        if condition_behind(resource, self.reported):
            return Readiness.progressing(
                "ConditionNotObserved",
                f"its {self.type} condition is of generation {self.reported.observed_generation}, "
                f"the spec of generation {integer(resource.metadata.get('generation'))}",
                servable=servable,
                fields=(self.field, "metadata.generation"),
            )
        return None

    @property
    def _reason(self) -> str:
        """A reason in one word; a condition's type may be a qualified name."""
        return f"Not{self.type}" if self.type.isascii() and self.type.isalnum() else "ConditionNotTrue"


def wanted_conditions(resource: Resource, types: tuple[str, ...]) -> tuple[Wanted, ...]:
    """The conditions of these types."""
    reported = conditions(resource)
    return tuple(Wanted(type_, reported.get(type_)) for type_ in types)
