"""One routemap's turn: observe, decide, and say what is wanted of the cluster."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from iter8_gitops.contracts.cluster import Cluster, Owner, Wanted
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.evidence import NO_EVIDENCE, Evidence
from iter8_gitops.core.promotions import Outcome
from iter8_gitops.core.reconcile import Tools, reconcile
from iter8_gitops.core.records import read_record, record_id, record_route
from iter8_gitops.core.steering import Steering, is_steered
from iter8_gitops.core.transitions import Transition, transitions
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.resource import Resource, ResourceId
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import Record

_log = logging.getLogger(__name__)
AWAIT_SECONDS = 1.0
CONFIG_MAPS = "configmaps"
"""The name of the source whose routemaps are ConfigMaps of the cluster itself, which own what is made for them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one turn: a state to publish, and what is then wanted of the cluster.

    `before` is the state that was published until then, None at first. `related` are the objects that it depends on
    beside those that the routemap names. `recheck_at` (seconds since 1970) is when to take the next turn even if
    nothing changes.
    """

    before: RoutemapState | None
    state: RoutemapState
    transitions: tuple[Transition, ...]
    wanted: Wanted
    related: frozenset[ResourceId]
    recheck_at: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """What was found out about a routemap outside of the loop: by measuring, and by trying to promote."""

    evidence: Evidence = NO_EVIDENCE
    outcome: Outcome | None = None


NOTHING_TOLD = Told()


@dataclass(frozen=True, slots=True)
class Pause:
    """Something must be seen first, perhaps the `related` objects. `recheck_at` is when to try again at the latest."""

    related: frozenset[ResourceId]
    recheck_at: float


def take_turn(
    declared: Declared,
    cluster: Cluster,
    tools: Tools,
    previous: RoutemapState | None,
    problems: tuple[Problem, ...],
    now: float,
    told: Told = NOTHING_TOLD,
) -> Turn | Pause:
    """Reconcile one routemap, or say when to try again because something is awaited.

    `previous` is its published state, `problems` are those of its documents and of what the cluster refused, `told`
    what others have found out meanwhile.
    """
    ids = declared.routemap.resource_ids
    if waiting := cluster.awaited(ids):
        return _pause(declared, waiting, frozenset(), now)
    observations = dict(cluster.observe(ids))
    seen = [each for each in observations.values() if isinstance(each, Resource)]
    related = frozenset(each for resource in seen for each in tools.relate(resource)) - ids
    steered = is_steered(declared.routemap)
    record = record_id(declared.routemap) if steered and cluster.keeps_records else None
    if record is not None:
        related |= {record}
    if waiting := cluster.awaited(related):
        return _pause(declared, waiting, related, now)
    observations.update(cluster.observe(related))
    written = read_record(observations.get(record)) if record is not None else None
    steering = Steering(cluster.leads, written, told.evidence, told.outcome)
    result = reconcile(declared, observations, tools, previous, problems, now, steering)
    routes = result.routes
    if record is not None:
        routes = (*routes, record_route(declared.routemap, Record(result.state.ramp, result.state.promotion)))
    wanted = Wanted(routes, result.held_templates, ids, owner_of(declared))
    return Turn(previous, result.state, transitions(previous, result.state), wanted, related, result.recheck_at)


def _pause(declared: Declared, waiting: str, related: frozenset[ResourceId], now: float) -> Pause:
    _log.debug("%s: %s", declared.routemap.application, waiting)
    return Pause(related, now + AWAIT_SECONDS)


def owner_of(declared: Declared) -> Owner | None:
    """The ConfigMap that `declared` was read from; None for routemaps from elsewhere."""
    routemap = declared.routemap
    if declared.origin.source != CONFIG_MAPS or not routemap.uid:
        return None
    return Owner(routemap.namespace, routemap.name, routemap.uid)


def config_map_at(path: str) -> Owner | None:
    """The ConfigMap whose text a problem is in, by the path that the source gives it; its uid is not known."""
    kind, _, place = path.partition("/")
    namespace, _, name = place.partition("/")
    return Owner(namespace, name, "") if kind == "configmap" and namespace and name else None


def leaving(state: RoutemapState) -> frozenset[ResourceId]:
    """The resources that are going away, as `state` knows."""
    return frozenset(
        resource.id
        for version in state.versions
        for resource in version.resources
        if resource.state is ReadinessState.TERMINATING
    )
