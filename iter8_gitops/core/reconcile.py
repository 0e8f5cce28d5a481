"""One routemap, from what people declared and what the cluster shows to the state that is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from iter8_gitops.core.availability import (
    Inspect,
    Inspection,
    by_identity,
    explanation,
    is_available,
    is_settled,
    resource_state,
    settles_at,
)
from iter8_gitops.core.conditions import with_conditions
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.epochs import with_epochs
from iter8_gitops.core.progress import Progress, progress
from iter8_gitops.core.rendering import Render, parse_route, template_data, template_problem
from iter8_gitops.core.signature import version_signature
from iter8_gitops.core.weights import annotated_weight, weights_in_force
from iter8_gitops.errors import TemplateError
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.resource import Observation, Resource, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute, Version
from iter8_gitops.spec.snapshot import ResourceState, RoutemapState, RouteState, VersionState


@dataclass(frozen=True, slots=True)
class Tools:
    """The callables that the core is given: plugins' verdicts, template engines, and kinds' short names.

    `relate` says which other objects a verdict on one may depend on.
    """

    inspect: Inspect
    render: Render
    short_names: Mapping[tuple[str, str], str]
    relate: Callable[[Resource], Collection[ResourceId]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What follows for one routemap.

    `routes` are the ones to apply; `held_templates` failed now, so what they rendered last stays.
    `recheck_at` (seconds since 1970) is when time alone may change the outcome.
    """

    state: RoutemapState
    routes: tuple[RenderedRoute, ...]
    held_templates: frozenset[str]
    recheck_at: float | None


def reconcile(
    declared: Declared,
    observations: Mapping[ResourceId, Observation],
    tools: Tools,
    previous: RoutemapState | None,
    problems: tuple[Problem, ...],
    now: float,
) -> Reconciliation:
    """Compute the state of one routemap.

    `observations` has an entry for every resource that the routemap names, and for what `relate` wants to see beside
    those, as far as it can be seen. `previous` is the state
    that was published last, or None; it carries what must outlive a restart: the signatures of
    settled content and the weight epoch. `problems` are those of the routemap's documents.
    """
    routemap = declared.routemap
    versions, weight_problems = _versions(declared, observations, tools, previous, now)
    routes, held_templates, route_problems = _routes(declared, versions, tools)
    problems = (*problems, *weight_problems, *route_problems)
    bare = RoutemapState(
        namespace=routemap.namespace,
        name=routemap.name,
        origin=declared.origin,
        versions=versions,
        salt=routemap.assignment.salt,
        targeting=routemap.assignment.targeting,
        metrics=routemap.metrics,
        routes=tuple(RouteState(r.template, r.group, r.kind, r.namespace, r.name) for r in routes),
    )
    bare = with_epochs(bare, previous, now)
    state = with_conditions(bare, problems, previous, now)
    return Reconciliation(state, routes, held_templates, _recheck_at(versions))


def _recheck_at(versions: Sequence[VersionState]) -> float | None:
    """When time alone changes something: a verdict that is held back, or a deadline."""
    settles = settles_at([resource for version in versions for resource in version.resources])
    stalls = (Progress(v.progressing_since, v.stalled).stalls_at(v.progress_deadline) for v in versions)
    return min((at for at in (settles, *stalls) if at is not None), default=None)


def _versions(
    declared: Declared,
    observations: Mapping[ResourceId, Observation],
    tools: Tools,
    previous: RoutemapState | None,
    now: float,
) -> tuple[tuple[VersionState, ...], list[Problem]]:
    before = previous.versions if previous else ()
    last_verdicts = by_identity([resource for version in before for resource in version.resources])

    def inspect(resource: Resource) -> Inspection:
        beside = {each: observations.get(each) for each in tools.relate(resource)}
        related = {each: found for each, found in beside.items() if isinstance(found, Resource)}
        return tools.inspect(resource, related)

    resources = [
        tuple(
            resource_state(identity, observations[identity], inspect, last_verdicts.get(identity), now)
            for identity in version.resources
        )
        for version in declared.routemap.versions
    ]
    available = [is_available(states) for states in resources]
    asked, problems = _declared_weights(declared, observations)
    in_force = weights_in_force(asked, available)
    versions = tuple(
        _version_state(
            index,
            version,
            resources[index],
            weight=in_force[index],
            declared_weight=asked[index],
            previous=before[index] if index < len(before) else None,
            now=now,
        )
        for index, version in enumerate(declared.routemap.versions)
    )
    return versions, problems


def _version_state(
    index: int,
    version: Version,
    resources: tuple[ResourceState, ...],
    *,
    weight: int,
    declared_weight: int,
    previous: VersionState | None,
    now: float,
) -> VersionState:
    available = is_available(resources)
    settled = is_settled(resources)
    reason, message = explanation(resources)
    if weight and not (available and declared_weight):
        message = f"no version with a weight can answer, so the primary gets everything; {message}"
    signature = _signature(resources, previous, settled=settled)
    advance = progress(resources, previous, version.progress_deadline, now)
    return VersionState(
        index=index,
        name=version.name,
        weight=weight,
        declared_weight=declared_weight,
        available=available,
        settled=settled,
        signature=signature,
        reason=reason,
        message=message,
        resources=resources,
        former_signature=_former_signature(signature, previous),
        progressing_since=advance.since,
        progress_deadline=version.progress_deadline,
        stalled=advance.stalled,
    )


def _signature(resources: tuple[ResourceState, ...], previous: VersionState | None, *, settled: bool) -> str:
    """The signature of the content that answers, which moves to new content only when that has settled."""
    if settled:
        return version_signature([(r.group, r.kind, r.content) for r in resources])
    exists = all(resource.content for resource in resources)
    if previous is None or not exists:
        return ""
    same_resources = by_identity(previous.resources).keys() == by_identity(resources).keys()
    return previous.signature if same_resources else ""


def _former_signature(signature: str, previous: VersionState | None) -> str:
    """The last signature that this version had and that is not `signature`."""
    if previous is None:
        return ""
    return previous.signature if previous.signature not in ("", signature) else previous.former_signature


def _declared_weights(
    declared: Declared, observations: Mapping[ResourceId, Observation]
) -> tuple[list[int], list[Problem]]:
    weights: list[int] = []
    problems: list[Problem] = []
    for version in declared.routemap.versions:
        first = observations[version.resources[0]]
        annotated = annotated_weight(first) if isinstance(first, Resource) else None
        if isinstance(annotated, str):
            problems.append(
                Problem(
                    file=declared.origin.path,
                    line=declared.line,
                    column=1,
                    message=annotated,
                    hint=f"the weight of the routemap, {version.weight}, is used",
                    application=declared.routemap.application,
                    code=Code.INVALID_VALUE,
                )
            )
        weights.append(annotated if isinstance(annotated, int) else version.weight)
    return weights, problems


def _routes(
    declared: Declared, versions: tuple[VersionState, ...], tools: Tools
) -> tuple[tuple[RenderedRoute, ...], frozenset[str], list[Problem]]:
    routemap = declared.routemap
    if not routemap.routing_templates:
        return (), frozenset(), []
    data = template_data(routemap, versions, tools.short_names)
    routes: list[RenderedRoute] = []
    held: set[str] = set()
    problems: list[Problem] = []
    for template in routemap.routing_templates:
        try:
            route = parse_route(routemap, template, tools.render(template.engine, template.template, data))
        except TemplateError as error:
            route = str(error)
        if isinstance(route, RenderedRoute):
            routes.append(route)
        elif route is not None:
            held.add(template.name)
            problems.append(template_problem(routemap.application, declared.origin.path, template, route))
    return tuple(routes), frozenset(held), problems
