from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:persistentvolumeclaim"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("persistentvolumeclaim-bound", READY, True, "Bound"),
        ("persistentvolumeclaim-resizing", READY, True, "Bound"),
        ("persistentvolumeclaim-pending", PROGRESSING, False, "NotBound"),
        ("persistentvolumeclaim-consumer-scheduled", PROGRESSING, False, "NotBound"),
        ("persistentvolumeclaim-binding", PROGRESSING, False, "NotBound"),
        ("persistentvolumeclaim-no-status", PROGRESSING, False, "NoStatus"),
        ("persistentvolumeclaim-lost", FAILED, False, "Lost"),
        ("persistentvolumeclaim-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_a_claim_is_ready_once_it_is_bound(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("persistentvolumeclaim-bound", "bound to volume pvc-7a1d6c0e"),
        ("persistentvolumeclaim-pending", "of storage class fast; a class that binds with WaitForFirstConsumer"),
        ("persistentvolumeclaim-consumer-scheduled", "of storage class fast on node worker-2"),
        ("persistentvolumeclaim-binding", "waits to be bound to volume pvc-7a1d6c0e"),
        ("persistentvolumeclaim-lost", "volume pvc-7a1d6c0e is gone"),
    ],
)
def test_the_message_says_what_it_waits_for_and_where_to_look(name: str, said: str, plugins: Plugins) -> None:
    found = plugins.readiness(sample(name)).readiness
    assert said in found.message
    assert found.fields == ("status.phase",)


@pytest.mark.parametrize("phase", [None, "", "bound", "Available", 5, {}])
def test_an_unknown_phase_is_not_bound(phase: object, plugins: Plugins) -> None:
    odd = edited(sample("persistentvolumeclaim-bound"), "status", "phase", to=phase)
    assert plugins.readiness(odd).readiness.state is PROGRESSING


def test_a_claim_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("persistentvolumeclaim-bound").manifest, "apiVersion": "example.com/v1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "resources", "requests", "storage"), "20Gi"),
        (("spec", "accessModes"), ["ReadWriteMany"]),
        (("spec", "storageClassName"), "slow"),
        (("metadata", "annotations"), {"pv.kubernetes.io/bind-completed": "yes"}),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_the_claim_grows(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("persistentvolumeclaim-bound")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "volumeName"), "pvc-0b2e9f11"),
        (("spec", "dataSource", "name"), "model-9"),
        (("spec", "dataSourceRef", "name"), "model-9"),
    ],
)
def test_the_signature_moves_with_where_the_data_comes_from(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("persistentvolumeclaim-bound")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))
