from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

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


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("networking.istio.io/v1beta1", "VirtualService"), ("gateway.networking.k8s.io/v1", "HTTPRoute")],
)
def test_nothing_of_a_route_is_content(api_version: str, kind: str, plugins: Plugins) -> None:
    manifest = {**sample("custom-ready").manifest, "apiVersion": api_version, "kind": kind}
    content = plugins.signature_content(as_resource(manifest))
    assert (content.value, content.error) == ({}, "")
