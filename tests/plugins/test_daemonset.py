from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING = ReadinessState.READY, ReadinessState.PROGRESSING
PLUGIN = "iter8-gitops:daemonset"
MAX_UNAVAILABLE = ("spec", "updateStrategy", "rollingUpdate", "maxUnavailable")


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("daemonset-ready", READY, True, "RolledOut"),
        ("daemonset-string-generations", READY, True, "RolledOut"),
        ("daemonset-one-node-missing", READY, True, "RolledOut"),
        ("daemonset-percent-reached", READY, True, "RolledOut"),
        ("daemonset-on-delete-replaced", READY, True, "RolledOut"),
        ("daemonset-no-status", PROGRESSING, False, "NotObserved"),
        ("daemonset-just-created", PROGRESSING, False, "NotObserved"),
        ("daemonset-not-observed", PROGRESSING, True, "NotObserved"),
        ("daemonset-generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("daemonset-no-nodes", PROGRESSING, False, "NoNodes"),
        ("daemonset-edited", PROGRESSING, True, "RollingOut"),
        ("daemonset-rolling-out", PROGRESSING, True, "RollingOut"),
        ("daemonset-on-delete-edited", PROGRESSING, True, "RollingOut"),
        ("daemonset-two-nodes-missing", PROGRESSING, True, "PodsUnavailable"),
        ("daemonset-percent-missed", PROGRESSING, True, "PodsUnavailable"),
        ("daemonset-surge", PROGRESSING, True, "PodsUnavailable"),
        ("daemonset-on-delete-one-missing", PROGRESSING, True, "PodsUnavailable"),
        ("daemonset-min-ready-seconds", PROGRESSING, True, "PodsUnavailable"),
        ("daemonset-single-node-starting", PROGRESSING, False, "PodsUnavailable"),
        ("daemonset-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_the_verdict_follows_the_nodes(
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
            "daemonset-rolling-out",
            "2 of 4 nodes run the present template, 3 have an available pod",
            "status.updatedNumberScheduled",
        ),
        ("daemonset-two-nodes-missing", "2 have an available pod, and must be on 3 at least", "status.numberAvailable"),
        ("daemonset-on-delete-edited", "delete the pods of older templates", "status.updatedNumberScheduled"),
        ("daemonset-no-nodes", "status.desiredNumberScheduled is 0", "status.desiredNumberScheduled"),
        ("daemonset-not-observed", "has not reported on it yet", "status.observedGeneration"),
    ],
)
def test_the_message_says_what_it_waits_for_and_where_to_look(
    name: str, said: str, field: str, plugins: Plugins
) -> None:
    found = plugins.readiness(sample(name)).readiness
    assert said in found.message
    assert field in found.fields


@pytest.mark.parametrize(
    ("most", "needed"),
    [(0, 5), (1, 4), ("1", 4), (2, 3), (5, 1), (99, 1), ("0%", 5), ("1%", 4), ("20%", 4), ("21%", 3), ("30%", 3),
     ("100%", 1), ("400%", 1), (None, 4), ("", 4), ("x%", 4), ("-20%", 4), ({}, 4), (True, 4)],
)  # fmt: skip
def test_a_share_of_nodes_may_be_without_an_available_pod(most: object, needed: int, plugins: Plugins) -> None:
    five = edited(sample("daemonset-percent-reached"), *MAX_UNAVAILABLE, to=most)
    for available in range(6):
        found = plugins.readiness(edited(five, "status", "numberAvailable", to=available)).readiness
        assert (found.state is READY) == (available >= needed)


def test_with_on_delete_no_node_may_be_without_a_pod(plugins: Plugins) -> None:
    left_over = edited(sample("daemonset-on-delete-one-missing"), *MAX_UNAVAILABLE, to=2)
    assert plugins.readiness(left_over).readiness.state is PROGRESSING


def test_pods_beyond_the_nodes_that_are_left_do_not_block(plugins: Plugins) -> None:
    fewer = edited(sample("daemonset-ready"), "status", "desiredNumberScheduled", to=2)
    assert plugins.readiness(fewer).readiness.state is READY


def test_a_daemon_set_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("daemonset-ready").manifest, "apiVersion": "example.com/v1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "updateStrategy"), {"type": "OnDelete"}),
        (("spec", "minReadySeconds"), 10),
        (("spec", "revisionHistoryLimit"), 3),
        (
            ("spec", "template", "metadata", "annotations"),
            {"kubectl.kubernetes.io/restartedAt": "2025-03-01T10:00:00Z"},
        ),
        (("metadata", "annotations"), {"deprecated.daemonset.template.generation": "9"}),
        (("metadata", "generation"), 44),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_only_bookkeeping_changes(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("daemonset-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "registry.example/cache:1.0.0"),
        (("spec", "template", "spec", "containers", 0, "env"), [{"name": "SIZE", "value": "1Gi"}]),
        (("spec", "template", "spec", "nodeSelector"), {"gpu": "yes"}),
        (("spec", "template", "metadata", "labels"), {"app": "cache", "version": "v2"}),
    ],
)
def test_the_signature_moves_with_the_template(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("daemonset-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))
