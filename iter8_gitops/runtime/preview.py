"""What a routemap would give if its versions were as somebody says: routes, before anything is committed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from iter8_gitops.core.availability import Inspect, Inspection, Related
from iter8_gitops.core.desired import Declared
from iter8_gitops.core.reconcile import Reconciliation, Tools, reconcile
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource, ResourceId


def preview(
    declared: Declared,
    plugins: Plugins,
    kinds: KindTable,
    *,
    available: Collection[int] | None = None,
    weights: Sequence[int] | None = None,
) -> Reconciliation:
    """The outcome when exactly the versions in `available` answer (None: all), with these declared `weights`.

    `weights` has one entry per version (None: as declared, or by the first step of the ramp if there is one). Nothing
    is known of contents, so signatures say nothing.
    """
    routemap = declared.routemap
    answering = frozenset(range(len(routemap.versions)) if available is None else available)
    served = {each for index in answering for each in routemap.versions[index].resources}
    wanted = routemap.versions
    if weights is not None:
        wanted = tuple(replace(version, weight=weight) for version, weight in zip(wanted, weights, strict=True))
    tools = Tools(inspect=_answering(served), render=plugins.render, short_names=kinds.short_names())
    ramp = routemap.ramp if weights is None else ()
    assumed = replace(declared, routemap=replace(routemap, versions=wanted, ramp=ramp))
    objects = {each: Resource(each, {}) for each in routemap.resource_ids}
    return reconcile(assumed, objects, tools, None, (), now=0.0)


def _answering(served: Collection[ResourceId]) -> Inspect:
    def inspect(resource: Resource, _related: Related) -> Inspection:
        if resource.id in served:
            return Inspection(Readiness.ready("Assumed", "it is assumed to answer", current=True), {})
        return Inspection(Readiness.progressing("Assumed", "it is assumed not to answer"), {})

    return inspect
