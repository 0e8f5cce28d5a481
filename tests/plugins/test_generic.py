from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
UNKNOWN = ReadinessState.UNKNOWN
PLUGIN = "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("custom-ready", READY, True, "Ready"),
        ("custom-available", READY, True, "Available"),
        ("custom-ready-other-conditions-false", READY, True, "Ready"),
        ("custom-condition-current", READY, True, "Ready"),
        ("custom-stale-stalled", READY, True, "Ready"),
        ("custom-not-ready", PROGRESSING, False, "NotReady"),
        ("custom-ready-unknown", PROGRESSING, False, "NotReady"),
        ("custom-reconciling", PROGRESSING, True, "Reconciling"),
        ("custom-generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("custom-condition-behind", PROGRESSING, True, "ConditionNotObserved"),
        ("custom-stalled", FAILED, False, "Stalled"),
        ("custom-no-conditions", UNKNOWN, False, "NoConventionalStatus"),
        ("custom-no-status", UNKNOWN, False, "NoConventionalStatus"),
        ("custom-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_the_verdict_follows_the_conventions(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "current"),
    [
        ("custom-ready", True),
        ("custom-condition-current", True),
        ("custom-ready-other-conditions-false", False),
    ],
)
def test_a_verdict_is_current_when_some_generation_says_so(name: str, current: bool, plugins: Plugins) -> None:
    assert plugins.readiness(sample(name)).readiness.current is current


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("custom-ready", ("status.conditions[Ready]",)),
        ("custom-available", ("status.conditions[Available]",)),
        ("custom-not-ready", ("status.conditions[Ready]",)),
        ("custom-stalled", ("status.conditions[Stalled]",)),
        ("custom-reconciling", ("status.conditions[Reconciling]",)),
        ("custom-condition-behind", ("status.conditions[Ready]", "metadata.generation")),
        ("custom-generation-behind", ("status.observedGeneration", "metadata.generation")),
        ("custom-no-status", ("status.conditions",)),
        ("custom-terminating", ("metadata.deletionTimestamp",)),
    ],
)
def test_the_fields_are_those_that_decided(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(name)).readiness.fields == fields


def test_having_been_stalled_before_an_edit_only_matters_until_a_condition_speaks_of_the_edit(plugins: Plugins) -> None:
    stalled_before = sample("custom-stale-stalled")
    unsure = edited(stalled_before, "status", "conditions", 1, "observedGeneration", to=None)
    found = plugins.readiness(unsure).readiness
    assert (found.state, found.servable, found.reason) == (PROGRESSING, True, "ConditionNotObserved")
    assert "its Stalled condition is of generation 4, the spec of generation 5" in found.message


def test_stalled_counts_more_than_reconciling_and_that_more_than_ready(plugins: Plugins) -> None:
    said = [{"type": type_, "status": "True"} for type_ in ("Ready", "Reconciling", "Stalled")]
    resource = edited(sample("custom-ready"), "status", "conditions", to=said)
    assert plugins.readiness(resource).readiness.reason == "Stalled"
    resource = edited(resource, "status", "conditions", to=said[:2])
    assert plugins.readiness(resource).readiness.reason == "Reconciling"


def test_available_is_asked_only_where_there_is_no_ready(plugins: Plugins) -> None:
    said = [{"type": "Available", "status": "False"}, {"type": "Ready", "status": "True"}]
    resource = edited(sample("custom-ready"), "status", "conditions", to=said)
    assert plugins.readiness(resource).readiness.state is READY
    unavailable = edited(resource, "status", "conditions", to=said[:1])
    assert plugins.readiness(unavailable).readiness.reason == "NotAvailable"


@pytest.mark.parametrize(("observed", "state"), [("4", PROGRESSING), ("5", READY), (6, READY)])
def test_generations_come_as_numbers_or_text(observed: object, state: ReadinessState, plugins: Plugins) -> None:
    resource = edited(sample("custom-ready"), "status", "observedGeneration", to=observed)
    assert plugins.readiness(resource).readiness.state is state


def test_the_message_repeats_what_the_controller_said(plugins: Plugins) -> None:
    assert "no such model" in plugins.readiness(sample("custom-stalled")).readiness.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), 20),
        (("spec", "pools", 0, "minReplicas"), 4),
        (("spec", "pools", 0, "maxReplicas"), 40),
        (("status",), {}),
        (("metadata", "annotations"), {"seen": "yes"}),
    ],
)
def test_the_signature_stays_when_an_autoscaler_moves(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("custom-ready")
    assert plugins.signature_content(resource) == plugins.signature_content(edited(resource, *path, to=value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "model"), "s3://models/ranker/8"),
        (("spec", "pools", 0, "name"), "cpu"),
        (("spec", "shards"), {"replicas": [{"image": "registry.example/shard:2"}]}),
    ],
)
def test_the_signature_moves_with_the_rest_of_the_spec(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("custom-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))
