"""Every first-party plugin that judges objects keeps the contract that other people's plugins are held to."""

from __future__ import annotations

from iter8_gitops.hooks import Plugins
from iter8_gitops.hooks.loading import installed_candidates
from iter8_gitops.testing import ObjectContract
from tests.plugins.objects import NAMES, sample

FALLBACK = "generic"
MUTANTS = 20
"""Of each object; `test_mutants` puts more before all plugins together."""


def contracts() -> dict[str, type[ObjectContract]]:
    """A suite for each plugin that answers for some object of `testdata`, about the objects that it answers for."""
    candidates = {each.name: each for each in installed_candidates()[0] if each.first_party}
    plugins = Plugins(list(candidates.values()))
    objects: dict[str, dict[str, object]] = {}
    for name in NAMES:
        resource = sample(name)
        owner = plugins.readiness(resource).plugin.partition(":")[2]
        objects.setdefault(owner, {})[name] = resource.manifest
    return {f"Test{_title(owner)}": _contract(candidates[owner].load(), owner, own) for owner, own in objects.items()}


def _contract(plugin: object, name: str, samples: dict[str, object]) -> type[ObjectContract]:
    told_elsewhere = None
    attributes = {
        "plugin": plugin,
        "samples": samples,
        "expected": told_elsewhere,
        "content_edits": told_elsewhere,
        "answers_every_kind": name == FALLBACK,
        "mutants": MUTANTS,
    }
    return type(f"Test{_title(name)}", (ObjectContract,), attributes)


def _title(name: str) -> str:
    return name.title().replace("-", "")


globals().update(contracts())
