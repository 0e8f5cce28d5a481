from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:pod"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("pod-ready", READY, True, "Ready"),
        ("pod-restarted-ready", READY, True, "Ready"),
        ("pod-generation-observed", READY, True, "Ready"),
        ("pod-generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("pod-no-status", PROGRESSING, False, "NoStatus"),
        ("pod-just-created", PROGRESSING, False, "NotReady"),
        ("pod-unschedulable", PROGRESSING, False, "Unschedulable"),
        ("pod-scheduling-gated", PROGRESSING, False, "NotScheduled"),
        ("pod-initializing", PROGRESSING, False, "ContainersWaiting"),
        ("pod-starting", PROGRESSING, False, "ContainersWaiting"),
        ("pod-image-pull-first-try", PROGRESSING, False, "ContainersWaiting"),
        ("pod-missing-config-map", PROGRESSING, False, "ContainersWaiting"),
        ("pod-probe-failing", PROGRESSING, False, "NotReady"),
        ("pod-readiness-gate", PROGRESSING, False, "NotReady"),
        ("pod-crashed-once", PROGRESSING, False, "NotReady"),
        ("pod-node-lost", PROGRESSING, False, "NotReady"),
        ("pod-succeeded", PROGRESSING, False, "Completed"),
        ("pod-crash-loop", FAILED, False, "CrashLoopBackOff"),
        ("pod-init-crash-loop", FAILED, False, "CrashLoopBackOff"),
        ("pod-sidecar-crash-loop", FAILED, False, "CrashLoopBackOff"),
        ("pod-image-pull-back-off", FAILED, False, "ImagePullBackOff"),
        ("pod-sidecar-image-pull-back-off", FAILED, False, "ImagePullBackOff"),
        ("pod-invalid-image-name", FAILED, False, "InvalidImageName"),
        ("pod-failed", FAILED, False, "PodFailed"),
        ("pod-evicted", FAILED, False, "PodFailed"),
        ("pod-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_the_verdict_follows_conditions_phase_and_containers(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said", "field"),
    [
        ("pod-unschedulable", "3 Insufficient nvidia.com/gpu", "status.conditions[PodScheduled]"),
        (
            "pod-crash-loop",
            "container web waits: CrashLoopBackOff: back-off 5m0s",
            "status.containerStatuses[web].state.waiting.reason",
        ),
        (
            "pod-init-crash-loop",
            "container fetch waits: CrashLoopBackOff",
            "status.initContainerStatuses[fetch].state.waiting.reason",
        ),
        ("pod-missing-config-map", 'configmap "settings" not found', "status.conditions[Ready]"),
        ("pod-probe-failing", "0 of 1 containers are ready", "status.conditions[Ready]"),
        ("pod-evicted", "Evicted: The node was low on resource: memory", "status.phase"),
        ("pod-succeeded", "ran to completion", "status.phase"),
    ],
)
def test_the_message_says_what_it_waits_for_and_where_to_look(
    name: str, said: str, field: str, plugins: Plugins
) -> None:
    found = plugins.readiness(sample(name)).readiness
    assert said in found.message
    assert field in found.fields


@pytest.mark.parametrize(("name", "current"), [("pod-ready", False), ("pod-generation-observed", True)])
def test_a_verdict_is_current_where_the_server_reports_generations(name: str, current: bool, plugins: Plugins) -> None:
    assert plugins.readiness(sample(name)).readiness.current is current


@pytest.mark.parametrize(("phase", "state"), [("Failed", FAILED), ("Succeeded", PROGRESSING)])
def test_a_pod_that_has_ended_is_not_ready_whatever_its_conditions_still_say(
    phase: str, state: ReadinessState, plugins: Plugins
) -> None:
    found = plugins.readiness(edited(sample("pod-ready"), "status", "phase", to=phase)).readiness
    assert (found.state, found.servable, found.fields) == (state, False, ("status.phase",))


def test_what_ended_a_container_before_does_not_count(plugins: Plugins) -> None:
    last = {"waiting": {"reason": "CrashLoopBackOff"}}
    again = edited(sample("pod-crashed-once"), "status", "containerStatuses", 0, "lastState", to=last)
    assert plugins.readiness(again).readiness.state is PROGRESSING


def test_a_debugging_container_cannot_fail_a_pod(plugins: Plugins) -> None:
    stuck = [{"name": "debug", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]
    debugged = edited(sample("pod-starting"), "status", "ephemeralContainerStatuses", to=stuck)
    assert plugins.readiness(debugged).readiness.state is PROGRESSING


def test_a_pod_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("pod-ready").manifest, "apiVersion": "example.com/v1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "nodeName"), "worker-9"),
        (("spec", "tolerations"), []),
        (("spec", "serviceAccountName"), "another"),
        (("spec", "priority"), 9),
        (("spec", "volumes", 1, "name"), "kube-api-access-zzzzz"),
        (("spec", "containers", 0, "volumeMounts", 1, "name"), "kube-api-access-zzzzz"),
        (("spec", "ephemeralContainers"), [{"name": "debug", "image": "busybox"}]),
        (("metadata", "annotations"), {"kubectl.kubernetes.io/restartedAt": "2025-03-01T10:00:00Z"}),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_wherever_the_pod_runs(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("pod-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "containers", 0, "image"), "registry.example/web:1.8.0"),
        (("spec", "containers", 0, "env", 0, "value"), "0.9"),
        (("spec", "containers", 0, "volumeMounts", 0, "mountPath"), "/models"),
        (("spec", "initContainers", 0, "image"), "registry.example/fetch:1.1.0"),
        (("spec", "initContainers"), []),
        (("spec", "volumes", 0), {"name": "model", "persistentVolumeClaim": {"claimName": "model"}}),
        (("spec", "volumes"), [{"emptyDir": {}, "name": "model"}, {"emptyDir": {}, "name": "scratch"}]),
    ],
)
def test_the_signature_moves_with_containers_and_volumes(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("pod-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))


def test_a_live_pod_has_the_signature_that_it_was_declared_with(plugins: Plugins) -> None:
    def declared(container: dict[str, Any], *mounts: dict[str, str]) -> dict[str, Any]:
        kept = {key: value for key, value in container.items() if key != "volumeMounts"}
        return {**kept, "volumeMounts": list(mounts)} if mounts else kept

    live = sample("pod-ready")
    fetch, proxy = live.spec["initContainers"]
    model = {"mountPath": "/model", "name": "model"}
    spec = {
        "containers": [declared(live.spec["containers"][0], model)],
        "initContainers": [declared(fetch, model), declared(proxy)],
        "volumes": [{"emptyDir": {}, "name": "model"}],
    }
    manifest = as_resource({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec})
    assert plugins.signature_content(live) == plugins.signature_content(manifest)
