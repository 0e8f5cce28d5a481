"""Every first-party plugin that judges objects keeps the contract that other people's plugins are held to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from iter8_gitops.hooks import Plugins, Resource, ResourceId
from iter8_gitops.hooks.loading import installed_candidates
from iter8_gitops.testing import ObjectContract
from tests.plugins.objects import NAMES, sample

FALLBACK = "generic"
MUTANTS = 60
TOLD_ELSEWHERE = None
"""What is expected of each object, and what is content, the tests of the plugins say."""

Manifest = Mapping[str, Any]


def contracts() -> dict[str, type[ObjectContract]]:
    """A suite for each plugin that answers for some object of `testdata`, about the objects that it answers for."""
    candidates = {each.name: each for each in installed_candidates()[0] if each.first_party}
    plugins = Plugins(list(candidates.values()))
    objects = {name: sample(name) for name in NAMES}
    owned: dict[str, dict[str, Resource]] = {}
    for name, resource in objects.items():
        owned.setdefault(plugins.readiness(resource).plugin.partition(":")[2], {})[name] = resource
    suites = {}
    for owner, own in owned.items():
        related = {name: _related(plugins, resource, objects.values()) for name, resource in own.items()}
        suites[_title(owner)] = _contract(candidates[owner].load(), owner, own, related)
    return suites


def _contract(
    plugin: object, name: str, objects: Mapping[str, Resource], related: Mapping[str, list[Manifest]]
) -> type[ObjectContract]:
    attributes = {
        "plugin": plugin,
        "samples": {name: resource.manifest for name, resource in objects.items()},
        "related": related,
        "expected": TOLD_ELSEWHERE,
        "content_edits": TOLD_ELSEWHERE,
        "answers_every_kind": name == FALLBACK,
        "mutants": MUTANTS,
    }
    return type(_title(name), (ObjectContract,), attributes)


def _related(plugins: Plugins, resource: Resource, objects: Iterable[Resource]) -> list[Manifest]:
    """For each object that is asked for, one of its kind from `objects` under its name."""
    first = {(each.id.group, each.id.kind): each.manifest for each in reversed(list(objects))}
    wanted = sorted(plugins.related_resources(resource))
    return [_renamed(first[each.group, each.kind], each) for each in wanted if (each.group, each.kind) in first]


def _renamed(manifest: Manifest, identity: ResourceId) -> Manifest:
    place = {"name": identity.name, "namespace": identity.namespace}
    return {**manifest, "metadata": {**manifest["metadata"], **place}}


def _title(name: str) -> str:
    return f"Test{name.title().replace('-', '')}"


globals().update(contracts())
