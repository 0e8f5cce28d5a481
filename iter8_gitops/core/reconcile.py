"""One routemap, from what people declared and what the cluster shows to the state that is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

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
from iter8_gitops.core.ramps import ramp_weights
from iter8_gitops.core.rendering import Render, parse_route, template_data, template_problem
from iter8_gitops.core.signature import version_signature
from iter8_gitops.core.steering import NOBODY_DECIDES, Steering, ramp_of, steered_at, with_promotion
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
    steering: Steering = NOBODY_DECIDES,
) -> Reconciliation:
    """Compute the state of one routemap.

    `observations` has an entry for every resource that the routemap names, and for what `relate` wants to see beside
    those, as far as it can be seen. `previous` is the state
    that was published last, or None; it carries what must outlive a restart: the signatures of
    settled content and the weight epoch. `problems` are those of the routemap's documents. `steering` says whether
    steps that time brings are decided here.
    """
    routemap = declared.routemap
    versions = _versions(declared, observations, tools, previous, now)
    asked, annotated, weight_problems = _declared_weights(declared, observations)
    ramp = ramp_of(routemap, versions, annotated, steering, previous, now)
    if ramp is not None and not annotated:
        asked = ramp_weights(ramp.weight, asked)
    versions = _weighted(versions, asked)
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
        ramp_steps=routemap.ramp,
        policy=routemap.promotion,
        routes=tuple(RouteState(r.template, r.group, r.kind, r.namespace, r.name) for r in routes),
        ramp=ramp,
    )
    bare = with_promotion(with_epochs(bare, previous, now), routemap, steering, previous, now)
    state = with_conditions(bare, problems, previous, now)
    return Reconciliation(state, routes, held_templates, _recheck_at(versions, steered_at(routemap, state, steering)))


def _recheck_at(versions: Sequence[VersionState], steered: float | None) -> float | None:
    """When time alone changes something: a verdict that is held back, a deadline, or what is steered."""
    settles = settles_at([resource for version in versions for resource in version.resources])
    stalls = (Progress(v.progressing_since, v.stalled).stalls_at(v.progress_deadline) for v in versions)
    return min((at for at in (settles, steered, *stalls) if at is not None), default=None)


def _versions(
    declared: Declared,
    observations: Mapping[ResourceId, Observation],
    tools: Tools,
    previous: RoutemapState | None,
    now: float,
) -> tuple[VersionState, ...]:
    """The versions, without weights."""
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
    return tuple(
        _version_state(index, version, resources[index], before[index] if index < len(before) else None, now)
        for index, version in enumerate(declared.routemap.versions)
    )


def _weighted(versions: Sequence[VersionState], asked: Sequence[int]) -> tuple[VersionState, ...]:
    """`versions` with the weights `asked` for, and those in force."""
    in_force = weights_in_force(asked, [version.available for version in versions])
    return tuple(
        replace(version, weight=weight, declared_weight=wanted, message=_message(version, weight, wanted))
        for version, weight, wanted in zip(versions, in_force, asked, strict=True)
    )


def _message(version: VersionState, weight: int, declared_weight: int) -> str:
    if weight and not (version.available and declared_weight):
        return f"no version with a weight can answer, so the primary gets everything; {version.message}"
    return version.message


def _version_state(
    index: int,
    version: Version,
    resources: tuple[ResourceState, ...],
    previous: VersionState | None,
    now: float,
) -> VersionState:
    settled = is_settled(resources)
    reason, message = explanation(resources)
    signature = _signature(resources, previous, settled=settled)
    advance = progress(resources, previous, version.progress_deadline, now)
    return VersionState(
        index=index,
        name=version.name,
        weight=0,
        declared_weight=0,
        available=is_available(resources),
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
) -> tuple[Sequence[int], Sequence[int], list[Problem]]:
    """The weights that are asked for, the versions whose annotation does, and what is wrong with annotations."""
    weights: list[int] = []
    annotations: list[int] = []
    problems: list[Problem] = []
    for index, version in enumerate(declared.routemap.versions):
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
        elif annotated is not None:
            annotations.append(index)
        weights.append(annotated if isinstance(annotated, int) else version.weight)
    return weights, annotations, problems


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
