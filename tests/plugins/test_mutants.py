"""Objects as nobody would write them: no rule may fail on one, or call it ready for being broken."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState, Resource
from iter8_gitops.testing.mutants import mutants as mutated
from iter8_gitops.testing.mutants import places
from tests.plugins.objects import NAMES, sample

MUTANTS = 10_000 // len(NAMES) + 1
"""Of each object, so that there are ten thousand in all."""
WITHOUT_STATUS = ("configmap", "secret", "service", "virtualservice")
TRACES = {"observedGeneration", "workloadObservedGeneration", "deploymentMode", "conditions", "modelStatus"}


@pytest.mark.parametrize("name", NAMES)
def test_no_mutant_breaks_a_rule(name: str, plugins: Plugins) -> None:
    original = sample(name)
    for mutant in mutants(original, name):
        verdict = plugins.readiness(mutant)
        found = verdict.readiness
        assert found.reason not in {"PluginError", "NoRule"}, (found.message, mutant.manifest)
        assert found.reason.isidentifier()
        assert found.message.isprintable()
        assert not found.servable or found.state in {
            ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED,
        }  # fmt: skip
        assert found.servable or found.state is not ReadinessState.READY
        # Where existing alone decides there is no place to look at.
        assert found.fields or found.reason == "Exists" or found.state is ReadinessState.UNKNOWN
        assert all(field.isprintable() for field in found.fields)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_content_of_a_mutant_is_json(name: str, plugins: Plugins) -> None:
    for mutant in mutants(sample(name), name):
        content = plugins.signature_content(mutant)
        # Not-a-number in the spec is the one thing that JSON cannot say.
        assert content.error == "" or "which JSON cannot say" in content.error
        json.dumps(content.value, allow_nan=False)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(WITHOUT_STATUS)])
def test_taking_a_part_of_the_status_away_never_makes_an_object_ready(name: str, plugins: Plugins) -> None:
    original = sample(name)
    if plugins.readiness(original).readiness.state is ReadinessState.READY:
        return
    for path in places(original.manifest.get("status", {})):
        # Without the trace of a failure, or of an older generation, an object may well be in order.
        if not TRACES.isdisjoint(path):
            continue
        mutant = without(original, ("status", *path))
        assert plugins.readiness(mutant).readiness.state is not ReadinessState.READY, path


@pytest.mark.parametrize("name", NAMES)
def test_a_deletion_timestamp_always_wins(name: str, plugins: Plugins) -> None:
    manifest = copy.deepcopy(dict(sample(name).manifest))
    manifest["metadata"]["deletionTimestamp"] = "2025-03-01T10:00:00Z"
    found = plugins.readiness(Resource(sample(name).id, manifest)).readiness
    assert (found.state, found.servable) == (ReadinessState.TERMINATING, False)


def mutants(original: Resource, seed: str) -> Iterator[Resource]:
    """Copies in which one to three places are removed or hold something strange; the kind stays known."""
    for _, manifest in mutated(original.manifest, MUTANTS, seed):
        yield Resource(original.id, manifest)


def without(original: Resource, path: tuple[str | int, ...]) -> Resource:
    manifest = copy.deepcopy(dict(original.manifest))
    if path[0] in manifest:
        del at(manifest, path[:-1])[path[-1]]
    return Resource(original.id, manifest)


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value
