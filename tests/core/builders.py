"""Short ways to say what tests of the core are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.core.availability import Inspection
from iter8_gitops.core.desired import Declared, DecodedTree
from iter8_gitops.core.reconcile import Tools
from iter8_gitops.errors import TemplateError
from iter8_gitops.spec.files import DecodedRoutemap, FileContents
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.routemap import Assignment, Origin, Routemap, RoutingTemplate, Version

ORIGIN = Origin("git", "shop.yaml", "rev1")
NOT_THERE = Absent("NotFound", "it does not exist")


def deployment(name: str) -> ResourceId:
    return ResourceId("apps", "Deployment", "shop", name)


def version(name: str, *resources: str, weight: int = 1) -> Version:
    return Version(name, tuple(deployment(each) for each in resources or (name,)), weight)


def routemap(
    *versions: Version, name: str = "web", salt: str = "", templates: Mapping[str, str] | None = None
) -> Routemap:
    return Routemap(
        namespace="shop",
        name=name,
        versions=versions or (version("v0"), version("v1")),
        assignment=Assignment(salt),
        routing_templates=tuple(RoutingTemplate(n, t) for n, t in (templates or {}).items()),
    )


def declared(what: Routemap | None = None, origin: Origin = ORIGIN, line: int = 1) -> Declared:
    return Declared(what or routemap(), origin, line)


def live(name: str, state: str = "ready", content: object = "image:1", **metadata: Any) -> Resource:
    """An object whose readiness `TOOLS` reads from its own status."""
    return Resource(deployment(name), {"metadata": metadata, "spec": {"image": content}, "status": {"state": state}})


def inspect(resource: Resource, related: Mapping[ResourceId, Resource]) -> Inspection:
    verdicts = {
        "ready": Readiness.ready("Ready", "all replicas answer", current=True),
        "rolling": Readiness.progressing("RollingOut", "1 of 2 replicas is new", servable=True),
        "starting": Readiness.progressing("Starting", "no replica answers yet"),
        "failed": Readiness.failed("Crashed", "the container crashes"),
    }
    return Inspection(verdicts[str(resource.status["state"])], dict(resource.spec))


def render(engine: str, template: str, data: Mapping[str, Any]) -> str:
    """A stand-in for a template engine: `str.format` on the weights."""
    if "!" in template:
        message = "line 1: a mistake"
        raise TemplateError(message)
    return template.format(*data["Weights"])


TOOLS = Tools(inspect=inspect, render=render, short_names={("apps", "Deployment"): "deploy"})


def observed(*resources: Resource, of: Routemap | None = None) -> dict[ResourceId, Observation]:
    """What there is: `resources`; everything else that the routemap names does not exist."""
    there = {resource.id: resource for resource in resources}
    return {wanted: there.get(wanted, NOT_THERE) for wanted in (of or routemap()).resource_ids}


def file(*routemaps: Routemap, problems: tuple[Problem, ...] = (), **more: Any) -> FileContents:
    decoded = tuple(DecodedRoutemap(each, line) for line, each in enumerate(routemaps, 1))
    return FileContents(routemaps=decoded, problems=problems, **more)


def tree(files: Mapping[str, FileContents], revision: str = "rev1", source: str = "git") -> DecodedTree:
    return DecodedTree(source, revision, files)
