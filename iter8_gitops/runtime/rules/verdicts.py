"""The verdict of a configured rule on an object. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iter8_gitops.hooks import Readiness, Resource, early_verdict, observed_generation_current
from iter8_gitops.runtime.rules.expressions import Condition, Unanswered
from iter8_gitops.runtime.rules.reported import Wanted, wanted_conditions
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.runtime.rules.view import ObjectView


def verdict_of(rule: Rule, resource: Resource) -> Readiness:
    """What `rule` says of `resource`."""
    return _Judge(rule, resource, ObjectView(resource), wanted_conditions(resource, rule.conditions)).verdict()


@dataclass(frozen=True, slots=True)
class _Judge:
    """One rule, and what it looks at of one object."""

    rule: Rule
    resource: Resource
    view: ObjectView
    wanted: tuple[Wanted, ...]

    def verdict(self) -> Readiness:
        """Being deleted; a status that lags behind; failed; conditions; ready: the first that applies."""
        if self.rule.override and self.resource.terminating:
            return Readiness.terminating("it is being deleted (metadata.deletionTimestamp is set)")
        ready = self._answer(self.rule.ready, default=True)
        # Until its controller says otherwise, what was ready before an edit still answers with older content.
        met = ready is True and all(each.is_true for each in self.wanted)
        servable = self._answer(self.rule.servable, default=met)
        early = None if self.rule.override else early_verdict(self.resource, servable=servable is True)
        if early is not None:
            return early
        found = self._failed(servable is True) or self._unmet(ready, servable is True)
        return self._ready() if found is None else replace(found, message=f"{found.message}{self._notes(servable)}")

    def _failed(self, servable: bool) -> Readiness | None:
        failed, holds = self.rule.failed, self._answer(self.rule.failed, default=False)
        if failed is None or holds is False:
            return None
        fields = (f"failed: {failed}",)
        if isinstance(holds, Unanswered):
            # What is not there is no sign of failure; an expression that does not fit the object must be put right.
            return None if holds.absent else _not_evaluated(failed, holds, fields, servable)
        return Readiness.failed("RuleFailed", f"`{failed}` is true", servable=servable, fields=fields)

    def _unmet(self, ready: bool | Unanswered, servable: bool) -> Readiness | None:
        for each in self.wanted:
            if (found := each.unmet(self.resource, servable=servable)) is not None:
                return found
        if self.rule.ready is None or ready is True:
            return None
        fields = (f"ready: {self.rule.ready}",)
        if isinstance(ready, Unanswered) and not ready.absent:
            return _not_evaluated(self.rule.ready, ready, fields, servable)
        why = f" ({ready.message})" if isinstance(ready, Unanswered) else ""
        said = f"`{self.rule.ready}` is not true yet{why}"
        return Readiness.progressing("RuleNotMet", said, servable=servable, fields=fields)

    def _ready(self) -> Readiness:
        said = [str(each.reported) for each in self.wanted]
        fields = [each.field for each in self.wanted]
        current = all(each.is_current(self.resource) for each in self.wanted)
        if self.rule.ready is not None:
            said.append(f"`{self.rule.ready}` is true")
            fields.append(f"ready: {self.rule.ready}")
            current = current and self.rule.ready.variables <= {"spec"}
        if not said:
            return Readiness.ready("Exists", "it exists, which is all that its resource type asks for", current=True)
        return Readiness.ready(
            "RuleReady" if self.rule.ready is not None else "ConditionsTrue",
            ", ".join(said),
            current=current or observed_generation_current(self.resource),
            fields=tuple(fields),
        )

    def _notes(self, servable: bool | Unanswered) -> str:
        """What the object says of itself, and which expressions beside the rule do not fit it."""
        said = self.rule.message.says(self.view) if self.rule.message is not None else ""
        notes = f": {said}" if isinstance(said, str) and said else ""
        for expression, found in ((self.rule.servable, servable), (self.rule.message, said)):
            if isinstance(found, Unanswered) and not found.absent:
                notes += f"; `{expression}` cannot be evaluated: {found.message}"
        return notes

    def _answer(self, condition: Condition | None, *, default: bool) -> bool | Unanswered:
        return default if condition is None else condition.holds(self.view)


def _not_evaluated(condition: Condition, why: Unanswered, fields: tuple[str, ...], servable: bool) -> Readiness:
    said = f"`{condition}` cannot be evaluated: {why.message}"
    return Readiness.progressing("RuleNotEvaluated", said, servable=servable, fields=fields)
