"""Makes all routes of one application true: applies what is wanted, then removes what is left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from iter8_gitops.cluster.kubernetes.refusals import Refusal, RefusedError
from iter8_gitops.cluster.kubernetes.route_remover import RouteRemover
from iter8_gitops.cluster.kubernetes.route_writer import RouteWriter
from iter8_gitops.cluster.kubernetes.routes import Mark, RouteObject
from iter8_gitops.contracts.cluster import Wanted
from iter8_gitops.spec.resource import ResourceId


class Claims(Protocol):
    """Who wants which objects now."""

    def claims(self, mark: Mark, resource: ResourceId) -> bool:
        """Whether the template of `mark` still stands for the object."""
        ...

    def rendering(self, resource: ResourceId) -> frozenset[str]:
        """The applications that render the object."""
        ...


@dataclass(slots=True)
class Outcome:
    """What came of it: refusals by template, and the applications that may take over objects now.

    `marks` says which mark each object carries now that was applied (or, None, let go), which the watch shows later.
    """

    refusals: dict[str, Refusal] = field(default_factory=dict)
    marks: dict[ResourceId, Mark | None] = field(default_factory=dict)
    heirs: set[str] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        """Whether everything is as wanted."""
        return not self.refusals

    @property
    def unreachable(self) -> bool:
        """Whether there is no use in going on."""
        return any(refusal.unreachable for refusal in self.refusals.values())


class RouteKeeper:
    """Keeps routes of the installation `instance`. One thread uses it."""

    def __init__(self, writer: RouteWriter, remover: RouteRemover, claims: Claims, instance: str) -> None:
        self._writer = writer
        self._remover = remover
        self._claims = claims
        self._instance = instance

    def keep(self, application: str, wanted: Wanted, marked: Mapping[ResourceId, Mark]) -> Outcome:
        """Apply the routes, then remove of the `marked` objects those that no template stands for any more.

        Raises NotLeadingError.
        """
        outcome = Outcome()
        for route in wanted.routes:
            wish = RouteObject(route, Mark(application, route.template), self._instance, wanted.owner)
            try:
                outcome.marks[self._writer.hold(wish, self._claims.claims)] = wish.mark
            except RefusedError as error:
                outcome.refusals[route.template] = error.refusal
            if outcome.unreachable:
                return outcome
        for resource, mark in marked.items():
            # While the new object of a template cannot be applied, the old one goes on routing.
            if resource in outcome.marks or mark.template in wanted.held or mark.template in outcome.refusals:
                continue
            if heirs := self._claims.rendering(resource) - {application}:
                outcome.heirs |= heirs
                continue
            try:
                self._remover.let_go(resource, mark)
                self._writer.forget(resource)
                outcome.marks[resource] = None
            except RefusedError as error:
                outcome.refusals[mark.template] = error.refusal
            if outcome.unreachable:
                return outcome
        return outcome
