"""The rules of the configuration as a plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iter8_gitops.hooks import JsonValue, Readiness, Resource, ResourceKind, hookimpl
from iter8_gitops.runtime.rules.ignored import content_without
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.runtime.rules.verdicts import verdict_of

RuleOf = Callable[[str, str], Rule | None]
"""The rule for objects of (API group, kind); None when there is none."""


class ConfiguredRules:
    """Answers for the kinds that have a rule, before every other plugin: rules that must not are not handed to it."""

    def __init__(self, kinds: Sequence[ResourceKind], rule_of: RuleOf) -> None:
        self._kinds = tuple(kinds)
        self._rule_of = rule_of

    @hookimpl
    def resource_kinds(self) -> tuple[ResourceKind, ...]:
        """The configured kinds that were known at the start."""
        return self._kinds

    @hookimpl(tryfirst=True)
    def readiness(self, resource: Resource) -> Readiness | None:
        """By the kind's rule; None for kinds without one."""
        rule = self._rule_of(resource.id.group, resource.id.kind)
        return None if rule is None else verdict_of(rule, resource)

    @hookimpl(tryfirst=True)
    def signature_content(self, resource: Resource) -> JsonValue | None:
        """The spec without what the kind's rule ignores; None for kinds of which no rule says what is content."""
        rule = self._rule_of(resource.id.group, resource.id.kind)
        return content_without(resource, rule.ignore) if rule is not None and rule.states_content else None
