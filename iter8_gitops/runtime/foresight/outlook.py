"""From a tree of files and one look at the cluster to the states that would be published, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from iter8_gitops.contracts.cluster import LoadResources, Look, LookAtRoutes
from iter8_gitops.core.desired import Declared, DecodedTree
from iter8_gitops.core.reconcile import Reconciliation, Tools, reconcile
from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.runtime.foresight.changes import Differences, RoutemapDifference
from iter8_gitops.runtime.foresight.comparing import compare
from iter8_gitops.runtime.foresight.declaring import Outcome, declare
from iter8_gitops.runtime.foresight.observing import announced, blindness, observe
from iter8_gitops.runtime.foresight.routes import route_differences, unknown_routes
from iter8_gitops.runtime.foresight.standing import Standing, standing
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Observation, ResourceId
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.tree import SourceTree


@dataclass(frozen=True, slots=True)
class Lookout:
    """What it takes to foresee.

    `load_resources` is given where manifests stand for a cluster: those of `manifests`, or (None) those beside the
    routemaps. Without `look_at_routes`, routes are compared by their names alone.
    """

    intake: Intake
    tools: Tools
    look: Look
    look_at_routes: LookAtRoutes | None = None
    load_resources: LoadResources | None = None
    manifests: SourceTree | None = None


def foresee(
    tree: SourceTree,
    lookout: Lookout,
    present: Mapping[str, RoutemapState],
    now: float,
    shown: Mapping[str, Outline] = MappingProxyType({}),
) -> Differences:
    """What would change if `tree` were reconciled, on a board with the states `present`, at `now` (since 1970).

    `shown` is what is known of targeting where `present` does not have all of it.

    Nothing of `present` holds a verdict back: what is ready counts at once, as it soon would. Routemaps of other
    sources than that of `tree` stay. Raises `UnavailableError` when the cluster does not answer.
    """
    decoded = lookout.intake.decode(tree)
    objects = _objects(tree, decoded, lookout)
    problems = _load(objects, lookout)
    outcome = declare(decoded, present)
    due = _due(outcome, lookout)
    observed = observe(due.values(), lookout.look, lookout.tools)
    if objects is None:
        observed = announced(observed, decoded)
    assumed = standing(observed, present.values(), objects)
    results = _reconcile(due, observed, assumed, lookout.tools, present, outcome, now)
    found = (*outcome.problems, *problems, *(p for each in results.values() for p in each.state.problems))
    return Differences(
        revision=tree.revision,
        routemaps=_differences(outcome, results, present, shown, lookout.look_at_routes),
        problems=tuple(sorted(set(found), key=_by_place)),
        notes=(*assumed.notes, *blindness(observed, assumed.states, present.values())),
    )


def _objects(tree: SourceTree, decoded: DecodedTree, lookout: Lookout) -> tuple[SourceTree, DecodedTree] | None:
    """The tree whose objects stand for a cluster; None where there is a real one."""
    if lookout.load_resources is None:
        return None
    if lookout.manifests is None:
        return tree, decoded
    return lookout.manifests, lookout.intake.decode(lookout.manifests)


def _load(objects: tuple[SourceTree, DecodedTree] | None, lookout: Lookout) -> tuple[Problem, ...]:
    """Let the objects stand for a cluster. Returns their problems, unless they are those of the routemaps' tree."""
    if objects is None or lookout.load_resources is None:
        return ()
    _, decoded = objects
    loaded = lookout.load_resources({path: contents.resources for path, contents in decoded.files.items()})
    shown = decoded.files.values() if lookout.manifests is not None else ()
    own = [problem for contents in shown for problem in contents.problems]
    return (*own, *loaded.problems)


def _due(outcome: Outcome, lookout: Lookout) -> Mapping[str, Declared]:
    """What the tree can change: its own routemaps, and where it also stands for a cluster, all."""
    if lookout.load_resources is None:
        return outcome.written
    return {**outcome.written, **{application: declared for application, (declared, _) in outcome.kept.items()}}


def _reconcile(
    due: Mapping[str, Declared],
    observed: Mapping[ResourceId, Observation],
    assumed: Standing,
    tools: Tools,
    present: Mapping[str, RoutemapState],
    outcome: Outcome,
    now: float,
) -> dict[str, Reconciliation]:
    tools, observations, concerning = assumed.tools(tools), assumed.observations(observed), outcome.concerning()
    return {
        application: assumed.corrected(
            reconcile(
                declared,
                observations,
                tools,
                _unheld(present.get(application)),
                concerning.get(application, ()),
                now,
            ),
            present.get(application),
        )
        for application, declared in due.items()
    }


def _unheld(state: RoutemapState | None) -> RoutemapState | None:
    """`state` without what would hold verdicts back after an edit."""
    if state is None:
        return None
    versions = tuple(
        replace(
            version,
            resources=tuple(replace(each, content="", status="", edited_at=None) for each in version.resources),
        )
        for version in state.versions
    )
    return replace(state, versions=versions)


def _differences(
    outcome: Outcome,
    results: Mapping[str, Reconciliation],
    present: Mapping[str, RoutemapState],
    shown: Mapping[str, Outline],
    look_at_routes: LookAtRoutes | None,
) -> tuple[RoutemapDifference, ...]:
    written = {application: results[application] for application in outcome.written}
    routes = route_differences(present, written, outcome.pruned, look_at_routes)
    found: Iterable[RoutemapDifference] = [
        *(
            compare(present.get(each), result.state, routes[each], shown=shown.get(each))
            for each, result in written.items()
        ),
        *(compare(present[each], None, routes[each]) for each in outcome.pruned),
        *(_kept(present[each], results.get(each), reason) for each, (_, reason) in outcome.kept.items()),
    ]
    return tuple(sorted(found, key=lambda each: each.application))


def _kept(before: RoutemapState, result: Reconciliation | None, reason: str) -> RoutemapDifference:
    after = before if result is None else result.state
    return compare(before, after, unknown_routes(before, after), reason)


def _by_place(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.message, problem.application or ""
