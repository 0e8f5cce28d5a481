from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING = ReadinessState.READY, ReadinessState.PROGRESSING
PLUGIN = "iter8-gitops:statefulset"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("statefulset-ready", READY, True, "RolledOut"),
        ("statefulset-default-replicas", READY, True, "RolledOut"),
        ("statefulset-string-generations", READY, True, "RolledOut"),
        ("statefulset-partition-reached", READY, True, "RolledOut"),
        ("statefulset-partition-same-revision", READY, True, "RolledOut"),
        ("statefulset-on-delete-replaced", READY, True, "RolledOut"),
        ("statefulset-min-ready-seconds-passed", READY, True, "RolledOut"),
        ("statefulset-no-status", PROGRESSING, False, "NoStatus"),
        ("statefulset-just-created", PROGRESSING, False, "ReplicasNotReady"),
        ("statefulset-first-pod-starting", PROGRESSING, False, "ReplicasNotReady"),
        ("statefulset-starting-last-replica", PROGRESSING, True, "ReplicasNotReady"),
        ("statefulset-generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("statefulset-rolling-out", PROGRESSING, True, "ReplicasNotReady"),
        ("statefulset-rolling-out-all-ready", PROGRESSING, True, "RollingOut"),
        ("statefulset-edited", PROGRESSING, True, "RollingOut"),
        ("statefulset-rolling-back", PROGRESSING, True, "RollingOut"),
        ("statefulset-partition-not-reached", PROGRESSING, True, "RollingOut"),
        ("statefulset-partition-holds-all", PROGRESSING, True, "PartitionHoldsAll"),
        ("statefulset-on-delete-edited", PROGRESSING, True, "PodsNotReplaced"),
        ("statefulset-min-ready-seconds", PROGRESSING, True, "ReplicasUnavailable"),
        ("statefulset-scaled-to-zero", PROGRESSING, False, "ScaledToZero"),
        ("statefulset-scaling-down-to-zero", PROGRESSING, False, "ScaledToZero"),
        ("statefulset-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_the_verdict_follows_the_pods_and_their_revision(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)
    assert found.current == (state is READY)


@pytest.mark.parametrize(
    ("name", "said", "field"),
    [
        (
            "statefulset-starting-last-replica",
            "2 of 3 replicas are ready, 3 of the new revision",
            "status.readyReplicas",
        ),
        ("statefulset-rolling-out-all-ready", "1 of the new revision, of 3", "status.updatedReplicas"),
        ("statefulset-partition-not-reached", "of 2 that partition 1 lets go", "status.updatedReplicas"),
        (
            "statefulset-partition-holds-all",
            "partition 3 holds all 3 replicas",
            "spec.updateStrategy.rollingUpdate.partition",
        ),
        ("statefulset-on-delete-edited", "delete the pods of older revisions", "spec.updateStrategy.type"),
        ("statefulset-min-ready-seconds", "ready for 30 s: 1 of 3 replicas are available", "status.availableReplicas"),
        ("statefulset-scaled-to-zero", "spec.replicas is 0", "spec.replicas"),
    ],
)
def test_the_message_says_what_it_waits_for_and_where_to_look(
    name: str, said: str, field: str, plugins: Plugins
) -> None:
    found = plugins.readiness(sample(name)).readiness
    assert said in found.message
    assert field in found.fields


def test_without_an_observed_generation_ready_is_not_certainly_current(plugins: Plugins) -> None:
    found = plugins.readiness(edited(sample("statefulset-ready"), "status", "observedGeneration", to=None)).readiness
    assert (found.state, found.current) == (READY, False)


def test_available_replicas_count_only_with_min_ready_seconds(plugins: Plugins) -> None:
    for seconds, state in ((0, READY), (None, READY), (30, PROGRESSING)):
        waiting = edited(sample("statefulset-min-ready-seconds"), "spec", "minReadySeconds", to=seconds)
        assert plugins.readiness(waiting).readiness.state is state


def test_a_default_partition_lets_every_pod_go(plugins: Plugins) -> None:
    for strategy in (None, {}, {"type": "RollingUpdate"}, {"rollingUpdate": {"partition": None}}):
        rolling = edited(sample("statefulset-rolling-out-all-ready"), "spec", "updateStrategy", to=strategy)
        assert plugins.readiness(rolling).readiness.reason == "RollingOut"
        assert plugins.readiness(edited(rolling, "status", "updatedReplicas", to=3)).readiness.state is READY


def test_a_partition_beyond_the_replicas_holds_all_too(plugins: Plugins) -> None:
    path = ("spec", "updateStrategy", "rollingUpdate", "partition")
    held = edited(sample("statefulset-partition-holds-all"), *path, to=1000)
    assert plugins.readiness(held).readiness.state is PROGRESSING


def test_equal_revisions_need_no_count_of_updated_pods(plugins: Plugins) -> None:
    uncounted = edited(sample("statefulset-ready"), "status", "updatedReplicas", to=None)
    assert plugins.readiness(uncounted).readiness.state is READY
    uncounted = edited(uncounted, "status", "currentReplicas", to=None)
    assert plugins.readiness(uncounted).readiness.state is READY


def test_with_on_delete_equal_revisions_do_not_stand_for_updated_pods(plugins: Plugins) -> None:
    equal = edited(sample("statefulset-on-delete-edited"), "status", "currentRevision", to="store-7c8f6d5b9d")
    assert plugins.readiness(equal).readiness.reason == "PodsNotReplaced"


def test_a_stateful_set_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("statefulset-ready").manifest, "apiVersion": "example.com/v1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), 40),
        (("spec", "updateStrategy"), {"type": "OnDelete"}),
        (("spec", "minReadySeconds"), 10),
        (("spec", "persistentVolumeClaimRetentionPolicy"), None),
        (("spec", "template", "metadata", "creationTimestamp"), "2025-03-01T10:00:00Z"),
        (
            ("spec", "template", "metadata", "annotations"),
            {"kubectl.kubernetes.io/restartedAt": "2025-03-01T10:00:00Z"},
        ),
        (("spec", "volumeClaimTemplates", 0, "status"), {}),
        (("spec", "volumeClaimTemplates", 0, "metadata"), {"name": "data"}),
        (("metadata", "generation"), 44),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_only_scale_or_bookkeeping_changes(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("statefulset-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "registry.example/store:2.2.0"),
        (("spec", "template", "spec", "containers", 0, "env"), [{"name": "THRESHOLD", "value": "0.9"}]),
        (("spec", "template", "spec", "volumes"), [{"name": "settings", "configMap": {"name": "settings"}}]),
        (("spec", "template", "metadata", "annotations"), {"checksum/config": "f00"}),
        (("spec", "volumeClaimTemplates", 0, "spec", "storageClassName"), "fast"),
        (("spec", "volumeClaimTemplates"), []),
    ],
)
def test_the_signature_moves_with_the_templates(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("statefulset-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))
