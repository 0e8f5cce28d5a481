"""What goes wrong when routing templates are rendered, and which of them render the same object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from iter8_gitops.cli.rules import Rules
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.reconcile import Reconciliation
from iter8_gitops.runtime.preview import preview
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import RoutingTemplate

Claim: TypeAlias = tuple[str, str]
"""An application and the name of one of its templates."""


class TemplateCheck:
    """Renders the templates of one routemap after the other."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._claims: dict[ResourceId, Claim] = {}

    def problems(self, declared: Declared) -> Iterator[tuple[str, Problem]]:
        """Everything that is wrong, with the name of the template that it is about.

        Each template is rendered twice: while only the primary takes traffic, and while all versions do.
        """
        for template in declared.routemap.routing_templates:
            alone = replace(declared, routemap=replace(declared.routemap, routing_templates=(template,)))
            outcomes = self._outcomes(alone)
            for message, hint in _failures(outcomes).items():
                yield template.name, self._problem(declared, message, hint, Code.ROUTING_TEMPLATE)
            for message in self._taken(declared, template, outcomes):
                hint = "let one of the two render an object of another name"
                yield template.name, self._problem(declared, message, hint, Code.DUPLICATE)

    def _outcomes(self, declared: Declared) -> tuple[Reconciliation, Reconciliation]:
        plugins, kinds = self._rules.plugins, self._rules.kinds
        weights = [max(version.weight, 1) for version in declared.routemap.versions]
        return (
            preview(declared, plugins, kinds, available=(0,), weights=weights),
            preview(declared, plugins, kinds, weights=weights),
        )

    def _taken(
        self, declared: Declared, template: RoutingTemplate, outcomes: tuple[Reconciliation, ...]
    ) -> Iterator[str]:
        """What is wrong because another template renders the same object."""
        mine = declared.routemap.application, template.name
        rendered = {
            ResourceId(route.group, route.kind, route.namespace, route.name)
            for outcome in outcomes
            for route in outcome.routes
        }
        for identity in sorted(rendered):
            application, name = first = self._claims.setdefault(identity, mine)
            if first != mine:
                whose = repr(name) if application == mine[0] else f"{name!r} of the routemap {application}"
                yield f"routing template {template.name!r}: {identity} is rendered by the routing template {whose}, too"

    def _problem(self, declared: Declared, message: str, hint: str, code: Code) -> Problem:
        application = declared.routemap.application
        return Problem(declared.origin.path, declared.line, 1, message, hint, application, code)


def _failures(outcomes: tuple[Reconciliation, Reconciliation]) -> dict[str, str]:
    """The messages, each with a hint when it is told only while some versions take traffic."""
    primary, everybody = ({problem.message for problem in outcome.state.problems} for outcome in outcomes)
    hints = dict.fromkeys(sorted(primary & everybody), "")
    hints |= dict.fromkeys(sorted(primary - everybody), "it happens while only the primary takes traffic")
    hints |= dict.fromkeys(sorted(everybody - primary), "it happens once all versions take traffic")
    return hints
