from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:deployment"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("deployment-ready", READY, True, "RolledOut"),
        ("deployment-default-replicas", READY, True, "RolledOut"),
        ("deployment-string-generations", READY, True, "RolledOut"),
        ("deployment-autoscaler-step", READY, True, "Scaling"),
        ("deployment-scaling-down", READY, True, "RolledOut"),
        ("deployment-paused-complete", READY, True, "RolledOut"),
        ("deployment-no-status", PROGRESSING, False, "NotObserved"),
        ("deployment-not-observed", PROGRESSING, True, "NotObserved"),
        ("deployment-generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("deployment-rolling-out", PROGRESSING, True, "RollingOut"),
        ("deployment-edited-and-scaled", PROGRESSING, True, "RollingOut"),
        ("deployment-paused-edited", PROGRESSING, True, "RollingOut"),
        ("deployment-first-pods-starting", PROGRESSING, False, "Unavailable"),
        ("deployment-min-ready-seconds", PROGRESSING, True, "Unavailable"),
        ("deployment-degraded", PROGRESSING, True, "Unavailable"),
        ("deployment-starting-last-replica", PROGRESSING, True, "ReplicasUnavailable"),
        ("deployment-scaled-to-zero", PROGRESSING, False, "ScaledToZero"),
        ("deployment-scaling-down-to-zero", PROGRESSING, False, "ScaledToZero"),
        ("deployment-no-replicas-yet", PROGRESSING, False, "NoReplicas"),
        ("deployment-replica-failure", PROGRESSING, True, "ReplicaFailure"),
        ("deployment-deadline-exceeded", FAILED, True, "ProgressDeadlineExceeded"),
        ("deployment-deadline-exceeded-quota", FAILED, True, "ProgressDeadlineExceeded"),
        ("deployment-never-started", FAILED, False, "ProgressDeadlineExceeded"),
        ("deployment-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_the_verdict_follows_the_roll_out(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said", "field"),
    [
        ("deployment-ready", "3 of 3 replicas are available", "status.availableReplicas"),
        ("deployment-autoscaler-step", "2 of 3 replicas are available", "status.conditions[Progressing]"),
        ("deployment-degraded", "1 of 3 replicas are available", "status.conditions[Available]"),
        ("deployment-rolling-out", "2 of 4 existing replicas are of the present template", "status.updatedReplicas"),
        (
            "deployment-generation-behind",
            "the status is of generation 2, the spec of generation 3",
            "status.observedGeneration",
        ),
        ("deployment-not-observed", "has not reported on it yet", "status.observedGeneration"),
        (
            "deployment-replica-failure",
            "FailedCreate: exceeded quota: compute",
            "status.conditions[ReplicaFailure]",
        ),
        ("deployment-deadline-exceeded", "no progress before the deadline", "status.conditions[Progressing]"),
        ("deployment-paused-edited", "it is paused, resume it to go on", "status.updatedReplicas"),
        ("deployment-starting-last-replica", "2 of 3 replicas are available", "spec.replicas"),
        ("deployment-scaled-to-zero", "spec.replicas is 0", "spec.replicas"),
        ("deployment-no-replicas-yet", "none of its 3 replicas exists yet", "status.replicas"),
    ],
)
def test_the_message_says_what_it_waits_for_and_where_to_look(
    name: str, said: str, field: str, plugins: Plugins
) -> None:
    found = plugins.readiness(sample(name)).readiness
    assert said in found.message
    assert field in found.fields


def test_a_verdict_is_current_once_the_generation_is_observed(plugins: Plugins) -> None:
    ready = sample("deployment-ready")
    assert plugins.readiness(ready).readiness.current
    assert not plugins.readiness(edited(ready, "metadata", "generation", to=None)).readiness.current


def test_an_observed_generation_ahead_of_the_spec_does_not_block(plugins: Plugins) -> None:
    ahead = edited(sample("deployment-ready"), "status", "observedGeneration", to=9)
    assert plugins.readiness(ahead).readiness.state is READY


def test_failed_is_not_sticky(plugins: Plugins) -> None:
    assert plugins.readiness(sample("deployment-deadline-exceeded")).readiness.state is FAILED
    assert plugins.readiness(sample("deployment-ready")).readiness.state is READY


def test_nothing_available_is_never_ready_even_for_an_autoscaler(plugins: Plugins) -> None:
    none = edited(sample("deployment-autoscaler-step"), "status", "availableReplicas", to=0)
    found = plugins.readiness(edited(none, "status", "readyReplicas", to=0)).readiness
    assert (found.state, found.servable) == (PROGRESSING, False)


def test_a_pod_that_is_ready_answers_before_it_counts_as_available(plugins: Plugins) -> None:
    none = edited(sample("deployment-autoscaler-step"), "status", "availableReplicas", to=0)
    found = plugins.readiness(none).readiness
    assert (found.state, found.servable) == (PROGRESSING, True)


def test_a_deployment_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("deployment-ready").manifest, "apiVersion": "example.com/v1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), 40),
        (("spec", "paused"), True),
        (("spec", "strategy"), {"type": "Recreate"}),
        (("spec", "revisionHistoryLimit"), 3),
        (
            ("spec", "template", "metadata", "annotations"),
            {"kubectl.kubernetes.io/restartedAt": "2025-03-01T10:00:00Z"},
        ),
        (("metadata", "generation"), 44),
        (("metadata", "resourceVersion"), "981"),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_only_scale_or_bookkeeping_changes(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("deployment-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "registry.example/backend:1.5.0"),
        (("spec", "template", "spec", "containers", 0, "env"), [{"name": "THRESHOLD", "value": "0.9"}]),
        (("spec", "template", "metadata", "annotations"), {"checksum/config": "f00"}),
    ],
)
def test_the_signature_moves_with_the_template(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("deployment-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))


def test_a_restart_among_other_annotations_leaves_the_signature(plugins: Plugins) -> None:
    path = ("spec", "template", "metadata", "annotations")
    before = edited(sample("deployment-ready"), *path, to={"checksum/config": "f00"})
    after = edited(before, *path, "kubectl.kubernetes.io/restartedAt", to="2025-03-01T10:00:00Z")
    assert plugins.signature_content(before) == plugins.signature_content(after)
