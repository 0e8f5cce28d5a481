"""What would become of the objects that are rendered from routing templates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.contracts.cluster import LookAtRoutes, RoutePlace
from iter8_gitops.core.reconcile import Reconciliation
from iter8_gitops.runtime.foresight.changes import Change, RouteDifference
from iter8_gitops.runtime.foresight.fields import differing_fields
from iter8_gitops.spec.resource import Absent, Observation, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute
from iter8_gitops.spec.snapshot import RoutemapState, RouteState
from iter8_gitops.spec.yaml import read_documents

MOST_FIELDS = 20

_HELD = "its template cannot be rendered, so it stays"
_UNKNOWN = "its last good template is not known here"
_NOT_COMPARED = "what is there now is not known here"


def route_differences(
    present: Mapping[str, RoutemapState],
    outcomes: Mapping[str, Reconciliation],
    pruned: Collection[str],
    look: LookAtRoutes | None,
) -> Mapping[str, tuple[RouteDifference, ...]]:
    """By application: its routes, compared with the live objects, or without `look` with the names on the board.

    `pruned` are the applications that lose all their routes. Raises `UnavailableError`.
    """
    plans = {
        application: _plan(application, present.get(application), outcomes.get(application))
        for application in (*outcomes, *pruned)
    }
    places = {place for plan in plans.values() for place in (*plan.rendered, *plan.left)}
    seen = look(places) if look is not None else None
    return {application: tuple(_differences(plan, seen)) for application, plan in plans.items()}


def unknown_routes(before: RoutemapState, after: RoutemapState) -> tuple[RouteDifference, ...]:
    """The routes of a routemap whose templates are not known here: they follow the weights, if these change."""
    if before.weights == after.weights:
        return ()
    return tuple(RouteDifference(each.template, _id(each), Change.UNKNOWN, note=_UNKNOWN) for each in before.routes)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to become of the routes of one application, `published` being those on the board."""

    published: Collection[RouteState]
    rendered: Mapping[RoutePlace, RenderedRoute]
    held: Collection[str]
    left: Mapping[RoutePlace, RouteState]


def _plan(application: str, before: RoutemapState | None, outcome: Reconciliation | None) -> _Plan:
    published = before.routes if before is not None else ()
    routes = outcome.routes if outcome is not None else ()
    held = outcome.held_templates if outcome is not None else frozenset()
    wanted = {_id(route) for route in routes}
    return _Plan(
        published,
        rendered={_place(application, route): route for route in routes},
        held=held,
        left={
            RoutePlace(application, _id(route)): route
            for route in published
            if route.template not in held and _id(route) not in wanted
        },
    )


def _differences(plan: _Plan, seen: Mapping[RoutePlace, Observation] | None) -> Iterator[RouteDifference]:
    yield from (_held(template, plan.published) for template in sorted(plan.held))
    known = {_id(route) for route in plan.published}
    for place, route in plan.rendered.items():
        yield _rendered(place, route, seen, published=place.id in known)
    yield from _removed(plan.left, seen)


def _place(application: str, route: RenderedRoute) -> RoutePlace:
    return RoutePlace(application, _id(route), str(_manifest(route)["apiVersion"]).rpartition("/")[2])


def _held(template: str, published: Iterable[RouteState]) -> RouteDifference:
    """The last good route of a template that cannot be rendered stays."""
    known = [route for route in published if route.template == template]
    return RouteDifference(template, _id(known[0]) if known else None, Change.UNCHANGED, note=_HELD)


def _rendered(
    place: RoutePlace,
    route: RenderedRoute,
    seen: Mapping[RoutePlace, Observation] | None,
    *,
    published: bool,
) -> RouteDifference:
    if seen is None:
        change, note = (Change.UNKNOWN, _NOT_COMPARED) if published else (Change.ADDED, "")
        return RouteDifference(route.template, place.id, change, note=note)
    live = seen[place]
    if isinstance(live, Absent):
        change = Change.ADDED if live.reason == "NotFound" else Change.UNKNOWN
        return RouteDifference(route.template, place.id, change, note="" if change is Change.ADDED else live.message)
    fields = differing_fields(_manifest(route), live.manifest)
    change = Change.CHANGED if fields else Change.UNCHANGED
    note = "" if published else "it is there already, and is taken over"
    shown = fields[:MOST_FIELDS]
    return RouteDifference(route.template, place.id, change, shown, len(fields) - len(shown), note)


def _removed(
    left: Mapping[RoutePlace, RouteState], seen: Mapping[RoutePlace, Observation] | None
) -> Iterator[RouteDifference]:
    """Routes that go; one that is gone already is no difference."""
    for place, route in left.items():
        live = seen[place] if seen is not None else None
        if not isinstance(live, Absent):
            yield RouteDifference(route.template, place.id, Change.PRUNED)
        elif live.reason != "NotFound":
            yield RouteDifference(route.template, place.id, Change.UNKNOWN, note=live.message)


def _id(route: RenderedRoute | RouteState) -> ResourceId:
    return ResourceId(route.group, route.kind, route.namespace, route.name)


def _manifest(route: RenderedRoute) -> Mapping[str, Any]:
    """The rendered object, which `core.rendering` has read before."""
    manifest: Mapping[str, Any] = read_documents(route.template, route.text.encode()).documents[0].data
    return manifest
