from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState, Resource, ResourceId
from tests.plugins.objects import as_resource, edited, sample
from tests.plugins.test_mutants import mutants

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:rollout"

STATED = [
    ("ready", READY, True, "Healthy"),
    ("blue-green-ready", READY, True, "Healthy"),
    ("workload-ready", READY, True, "Healthy"),
    ("no-status", PROGRESSING, False, "NoStatus"),
    ("generation-behind", PROGRESSING, True, "GenerationNotObserved"),
    ("workload-behind", PROGRESSING, True, "WorkloadNotObserved"),
    ("progressing", PROGRESSING, True, "RollingOut"),
    ("first-pods-starting", PROGRESSING, False, "RollingOut"),
    ("paused-step", PROGRESSING, True, "Paused"),
    ("paused-by-hand", PROGRESSING, True, "Paused"),
    ("unpausing", PROGRESSING, True, "Unpausing"),
    ("not-promoted", PROGRESSING, True, "NotPromoted"),
    ("scaled-to-zero", PROGRESSING, False, "NoReplicas"),
    ("aborted", FAILED, True, "Aborted"),
    ("degraded", FAILED, True, "Degraded"),
    ("invalid-spec", FAILED, True, "InvalidSpec"),
    ("deadline-exceeded", FAILED, True, "ProgressDeadlineExceeded"),
    ("never-started", FAILED, False, "ProgressDeadlineExceeded"),
    ("terminating", ReadinessState.TERMINATING, False, "Terminating"),
]
DERIVED = [
    ("legacy-ready", READY, True, "Healthy"),
    ("legacy-numeric-hash", READY, True, "Healthy"),
    ("legacy-canary-stable", READY, True, "Healthy"),
    ("legacy-blue-green-ready", READY, True, "Healthy"),
    ("legacy-more-to-update", PROGRESSING, True, "RollingOut"),
    ("legacy-becoming-available", PROGRESSING, True, "RollingOut"),
    ("legacy-old-replicas", PROGRESSING, True, "RollingOut"),
    ("legacy-blue-green-cutover-pending", PROGRESSING, True, "RollingOut"),
    ("legacy-steps-left", PROGRESSING, True, "NotPromoted"),
    ("legacy-paused", PROGRESSING, True, "Paused"),
    ("legacy-aborted", FAILED, True, "Aborted"),
    ("legacy-invalid-spec", FAILED, True, "InvalidSpec"),
]


@pytest.mark.parametrize(("name", "state", "servable", "reason"), [*STATED, *DERIVED])
def test_the_verdict_follows_the_phase_and_the_stable_replica_set(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(f"rollout-{name}"))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ready", "ReplicaSet 75bbd56864 is the stable one and healthy"),
        ("progressing", "its update is under way (more replicas need to be updated); 5 replicas are available"),
        ("paused-step", "its update is paused, promote it to go on (CanaryPauseStep)"),
        ("paused-by-hand", "it was paused by hand, resume it to go on"),
        ("aborted", 'Metric "success-rate" assessed Failed'),
        ("degraded", "it is degraded (analysis is inconclusive)"),
        ("invalid-spec", 'service "web-stable" not found'),
        ("never-started", "no replica is available"),
        ("not-promoted", "its newest ReplicaSet (75bbd56864) is not the stable one (5d9f7c8b6d) yet"),
        ("workload-behind", "the status is of generation 2, the workload of generation 3"),
        ("legacy-more-to-update", "2 of 5 replicas are of the present template"),
        ("legacy-becoming-available", "3 of 5 updated replicas are available"),
        ("legacy-old-replicas", "5 of 6 existing replicas are of the present template"),
    ],
)
def test_the_message_says_what_it_waits_for(name: str, said: str, plugins: Plugins) -> None:
    assert said in plugins.readiness(sample(f"rollout-{name}")).readiness.message


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("progressing", ("status.phase",)),
        ("paused-step", ("status.pauseConditions",)),
        ("paused-by-hand", ("spec.paused",)),
        ("aborted", ("status.abort",)),
        ("invalid-spec", ("status.conditions[InvalidSpec]",)),
        ("not-promoted", ("status.stableRS", "status.currentPodHash")),
        ("legacy-old-replicas", ("status.replicas",)),
    ],
)
def test_the_fields_are_those_that_decided(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(f"rollout-{name}")).readiness.fields == fields


@pytest.mark.parametrize(
    ("observed", "state", "current"),
    [
        ("5", READY, True),
        (5, READY, True),
        ("4", PROGRESSING, False),
        (4, PROGRESSING, False),
        # Controllers before 0.10 put a hash here.
        ("58b949649c", READY, False),
        ("8575574967", READY, False),
        (None, READY, False),
    ],
)
def test_the_observed_generation_is_text_or_a_hash(
    observed: object, state: ReadinessState, current: bool, plugins: Plugins
) -> None:
    found = plugins.readiness(edited(sample("rollout-ready"), "status", "observedGeneration", to=observed)).readiness
    assert (found.state, found.current) == (state, current)


WORKLOAD_GENERATION = ("metadata", "annotations", "rollout.argoproj.io/workload-generation")


@pytest.mark.parametrize(
    ("noted", "observed", "state", "current"),
    [
        ("3", "3", READY, True),
        ("3", 3, READY, True),
        ("3", "4", READY, True),
        ("4", "3", PROGRESSING, False),
        (4, "3", PROGRESSING, False),
        (None, "3", READY, False),
        ("3", None, READY, False),
        ("x", "3", READY, False),
    ],
)
def test_the_generation_of_the_workload_must_be_observed_too(
    noted: object, observed: object, state: ReadinessState, current: bool, plugins: Plugins
) -> None:
    rollout = edited(sample("rollout-workload-ready"), *WORKLOAD_GENERATION, to=noted)
    found = plugins.readiness(edited(rollout, "status", "workloadObservedGeneration", to=observed)).readiness
    assert (found.state, found.current) == (state, current)


def test_a_generation_that_was_noted_for_a_former_workload_does_not_count(plugins: Plugins) -> None:
    rollout = edited(sample("rollout-ready"), *WORKLOAD_GENERATION, to="9")
    found = plugins.readiness(edited(rollout, "status", "workloadObservedGeneration", to="3")).readiness
    assert (found.state, found.current) == (READY, True)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("status", "abort"), True, "Aborted"),
        (("status", "pauseConditions"), [{"reason": "BlueGreenPause"}], "Paused"),
        (("spec", "paused"), True, "Paused"),
        (("status", "controllerPause"), True, "Unpausing"),
        (("status", "stableRS"), "", "NotPromoted"),
        (("status", "stableRS"), None, "NotPromoted"),
        (("status", "currentPodHash"), None, "NotPromoted"),
        (("status", "availableReplicas"), 0, "NoReplicas"),
        (("spec", "replicas"), 0, "NoReplicas"),
    ],
)
def test_healthy_alone_does_not_make_it_ready(
    path: tuple[str, ...], value: object, reason: str, plugins: Plugins
) -> None:
    found = plugins.readiness(edited(sample("rollout-ready"), *path, to=value)).readiness
    assert (found.state is READY, found.reason) == (False, reason)


def test_a_healthy_rollout_that_counts_nothing_has_what_it_asks_for(plugins: Plugins) -> None:
    status = {"phase": "Healthy", "stableRS": "75bbd56864", "currentPodHash": "75bbd56864"}
    found = plugins.readiness(edited(sample("rollout-ready"), "status", to=status)).readiness
    assert (found.state, found.servable) == (READY, True)


@pytest.mark.parametrize("reason", ["RolloutAborted", "ProgressDeadlineExceeded"])
def test_failed_is_not_sticky(reason: str, plugins: Plugins) -> None:
    retrying = edited(sample("rollout-deadline-exceeded"), "status", "conditions", 4, "reason", to=reason)
    assert plugins.readiness(retrying).readiness.state is FAILED
    retrying = edited(retrying, "status", "conditions", 4, "reason", to="RolloutRetry")
    assert plugins.readiness(edited(retrying, "status", "phase", to="Progressing")).readiness.state is PROGRESSING


def test_an_unknown_phase_is_derived_like_a_missing_one(plugins: Plugins) -> None:
    strange = edited(sample("rollout-legacy-old-replicas"), "status", "phase", to="Flying")
    assert plugins.readiness(strange).readiness.reason == "RollingOut"


def test_old_replicas_may_stay_while_a_mesh_routes(plugins: Plugins) -> None:
    routing = ("spec", "strategy", "canary", "trafficRouting")
    rollout = edited(sample("rollout-legacy-old-replicas"), *routing, to={"istio": {"virtualService": {"name": "web"}}})
    assert plugins.readiness(rollout).readiness.state is READY


def test_a_blue_green_update_that_is_still_verified_is_not_ready(plugins: Plugins) -> None:
    rollout = edited(sample("rollout-legacy-blue-green-ready"), "status", "stableRS", to="5d9f7c8b6d")
    assert plugins.readiness(rollout).readiness.reason == "NotPromoted"


WORKLOAD_ID = ResourceId("apps", "Deployment", "shop", "web")


def workload(image: str = "registry.example/web:2", generation: int = 3) -> Resource:
    """The Deployment that the sample refers to."""
    deployment = edited(sample("deployment-ready"), "metadata", "name", to="web")
    deployment = edited(deployment, "metadata", "namespace", to="shop")
    deployment = edited(deployment, "metadata", "generation", to=generation)
    return edited(deployment, "spec", "template", "spec", "containers", 0, "image", to=image)


def test_the_workload_that_it_refers_to_is_asked_for(plugins: Plugins) -> None:
    assert plugins.related_resources(sample("rollout-workload-ready")) == {WORKLOAD_ID}


def test_a_rollout_with_a_template_of_its_own_asks_for_nothing(plugins: Plugins) -> None:
    assert plugins.related_resources(sample("rollout-ready")) == frozenset()


@pytest.mark.parametrize(
    "reference",
    [
        {},
        "web",
        {"apiVersion": "apps/v1", "kind": "Deployment"},
        {"apiVersion": "apps/v1", "name": "web"},
        {"kind": "Deployment", "name": "web"},
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "../web"},
        {"apiVersion": 1, "kind": ["Deployment"], "name": {}},
    ],
)
def test_a_malformed_reference_asks_for_nothing(reference: object, plugins: Plugins) -> None:
    rollout = edited(sample("rollout-workload-ready"), "spec", "workloadRef", to=reference)
    assert plugins.related_resources(rollout) == frozenset()
    assert plugins.signature_content(rollout).error == ""


def test_the_template_of_the_workload_is_the_content(plugins: Plugins) -> None:
    rollout, deployment = sample("rollout-workload-ready"), workload()
    content = plugins.signature_content(rollout, {WORKLOAD_ID: deployment})
    assert content.value == plugins.signature_content(deployment).value
    assert (content.plugin, content.error) == (PLUGIN, "")


def test_the_signature_moves_with_the_template_of_the_workload_only(plugins: Plugins) -> None:
    rollout = sample("rollout-workload-ready")

    def content(deployment: Resource) -> Any:
        return plugins.signature_content(rollout, {WORKLOAD_ID: deployment}).value

    assert content(workload()) == content(edited(workload(generation=4), "spec", "replicas", to=0))
    assert content(workload()) != content(workload("registry.example/web:3"))


def test_a_pod_template_may_be_referred_to_as_well(plugins: Plugins) -> None:
    manifest: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": "web", "namespace": "shop"},
        "template": workload().spec["template"],
    }
    reference = {"apiVersion": "v1", "kind": "PodTemplate", "name": "web"}
    named = edited(sample("rollout-workload-ready"), "spec", "workloadRef", to=reference)
    rollout = edited(named, "spec", "selector", to=workload().spec["selector"])
    template = as_resource(manifest)
    assert plugins.related_resources(rollout) == {template.id}
    content = plugins.signature_content(rollout, {template.id: template})
    assert content.value == plugins.signature_content(workload()).value


def test_without_the_workload_the_reference_and_the_generation_of_the_workload_are_content(plugins: Plugins) -> None:
    rollout = sample("rollout-workload-ready")
    unseen = plugins.signature_content(rollout)
    assert unseen.value["workloadRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    others = [
        edited(rollout, "spec", "workloadRef", "name", to="other"),
        edited(rollout, *WORKLOAD_GENERATION, to="4"),
    ]
    assert all(plugins.signature_content(other) != unseen for other in others)
    scaled = edited(edited(rollout, "spec", "replicas", to=40), "spec", "workloadRef", "scaleDown", to="onsuccess")
    assert plugins.signature_content(scaled) == unseen
    assert plugins.signature_content(edited(rollout, "status", to={})) == unseen


def test_a_workload_that_was_edited_a_moment_ago_is_not_observed_yet(plugins: Plugins) -> None:
    rollout = sample("rollout-workload-ready")
    seen = plugins.readiness(rollout, {WORKLOAD_ID: workload(generation=3)}).readiness
    assert (seen.state, seen.current) == (READY, True)
    edited_since = plugins.readiness(rollout, {WORKLOAD_ID: workload(generation=4)}).readiness
    assert (edited_since.state, edited_since.servable, edited_since.reason) == (
        PROGRESSING,
        True,
        "WorkloadNotObserved",
    )


def test_no_strange_workload_breaks_the_rule(plugins: Plugins) -> None:
    rollout = sample("rollout-workload-ready")
    strange = [Resource(WORKLOAD_ID, {}), Resource(WORKLOAD_ID, {"spec": [], "metadata": "x"})]
    for odd in (*strange, *mutants(workload(), "workload")):
        assert plugins.readiness(rollout, {WORKLOAD_ID: odd}).readiness.reason in {"Healthy", "WorkloadNotObserved"}
        error = plugins.signature_content(rollout, {WORKLOAD_ID: odd}).error
        # Not-a-number in the template is the one thing that JSON cannot say.
        assert error == "" or "which JSON cannot say" in error


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), 40),
        (("spec", "strategy"), {"blueGreen": {"activeService": "web"}}),
        (("spec", "restartAt"), "2026-02-10T10:00:00Z"),
        (("spec", "paused"), True),
        (
            ("spec", "template", "metadata", "annotations"),
            {"kubectl.kubernetes.io/restartedAt": "2026-02-10T10:00:00Z"},
        ),
        (("metadata", "generation"), 44),
        (("metadata", "annotations"), {"rollout.argoproj.io/revision": "9"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_only_scale_or_strategy_changes(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("rollout-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "registry.example/web:3"),
        (("spec", "template", "metadata", "labels", "track"), "canary"),
        (("spec", "workloadRef"), {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}),
    ],
)
def test_the_signature_moves_with_the_template(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("rollout-ready")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))
