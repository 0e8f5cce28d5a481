"""InferenceServices in the mode RawDeployment, judged together with their child Deployments."""

from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, Readiness, ReadinessState, Resource, ResourceId
from tests.plugins.objects import edited, sample
from tests.plugins.test_mutants import mutants

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
NAMESPACE, NAME = "modelmesh-serving", "backend-1"


def deployment_id(name: str) -> ResourceId:
    return ResourceId("apps", "Deployment", NAMESPACE, name)


PREDICTOR = deployment_id("backend-1-predictor")
FORMER_PREDICTOR = deployment_id("backend-1-predictor-default")


def child(name: str, wanted: ResourceId = PREDICTOR) -> Resource:
    """A Deployment of `testdata` under another name."""
    return Resource(wanted, edited(sample(f"deployment-{name}"), "metadata", "name", to=wanted.name).manifest)


def judged(service: Resource, *children: Resource, plugins: Plugins) -> Readiness:
    return plugins.readiness(service, {each.id: each for each in children}).readiness


@pytest.mark.parametrize("name", ["raw-ready", "raw-standard-mode", "raw-unavailable"])
def test_the_deployments_are_asked_for_by_their_present_and_their_former_names(name: str, plugins: Plugins) -> None:
    service = sample(f"inferenceservice-{name}")
    assert plugins.related_resources(service) == {PREDICTOR, FORMER_PREDICTOR}


def test_every_component_of_the_spec_has_a_deployment_and_so_have_the_workers(plugins: Plugins) -> None:
    service = sample("inferenceservice-raw-ready")
    for field in ("transformer", "explainer"):
        service = edited(service, "spec", field, to={"containers": []})
    service = edited(service, "spec", "predictor", "workerSpec", to={"pipelineParallelSize": 2})
    names = {each.name for each in plugins.related_resources(service)}
    components = {f"backend-1-{each}" for each in ("predictor", "transformer", "explainer")}
    assert names == components | {f"{each}-default" for each in components} | {"backend-1-predictor-worker"}


@pytest.mark.parametrize("name", ["serverless-ready", "modelmesh-ready", "serverless-shape-only", "no-status"])
def test_in_other_modes_nothing_is_asked_for(name: str, plugins: Plugins) -> None:
    assert plugins.related_resources(sample(f"inferenceservice-{name}")) == frozenset()


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("ready", READY, True, "Ready"),
        ("autoscaler-step", READY, True, "Ready"),
        ("rolling-out", PROGRESSING, True, "PredictorRollingOut"),
        ("generation-behind", PROGRESSING, True, "PredictorGenerationNotObserved"),
        ("no-status", PROGRESSING, False, "PredictorNotObserved"),
        ("scaled-to-zero", PROGRESSING, False, "PredictorScaledToZero"),
        ("terminating", PROGRESSING, False, "PredictorTerminating"),
        ("deadline-exceeded", FAILED, True, "PredictorProgressDeadlineExceeded"),
        ("never-started", FAILED, False, "PredictorProgressDeadlineExceeded"),
    ],
)
def test_a_ready_service_is_as_far_as_its_deployment(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    found = judged(sample("inferenceservice-raw-ready"), child(name), plugins=plugins)
    assert (found.state, found.servable, found.reason) == (state, servable, reason)


def test_the_message_and_the_fields_name_the_deployment(plugins: Plugins) -> None:
    found = judged(sample("inferenceservice-raw-ready"), child("rolling-out"), plugins=plugins)
    assert f"Deployment {NAMESPACE}/backend-1-predictor: 2 of 4 existing replicas" in found.message
    assert found.fields
    assert all(field.startswith(f"Deployment {NAMESPACE}/backend-1-predictor") for field in found.fields)


@pytest.mark.parametrize(
    ("service", "name", "state", "servable", "reason"),
    [
        # KServe repeats only whether a Deployment is available, so the deadline shows in the Deployment alone.
        ("raw-unavailable", "never-started", FAILED, False, "PredictorProgressDeadlineExceeded"),
        ("raw-unavailable", "degraded", PROGRESSING, False, "NotReady"),
        ("raw-unavailable", "ready", PROGRESSING, False, "NotReady"),
        ("raw-in-progress", "rolling-out", PROGRESSING, True, "ModelLoading"),
        ("raw-in-progress", "no-status", PROGRESSING, False, "ModelLoading"),
        ("raw-blocked-update", "rolling-out", FAILED, True, "BlockedByFailedLoad"),
        ("raw-blocked-update", "scaled-to-zero", FAILED, False, "BlockedByFailedLoad"),
        ("raw-stopped", "never-started", PROGRESSING, False, "Stopped"),
        ("terminating", "ready", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_a_deployment_makes_a_verdict_worse_and_never_better(
    service: str, name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    found = judged(sample(f"inferenceservice-{service}"), child(name), plugins=plugins)
    assert (found.state, found.servable, found.reason) == (state, servable, reason)


def test_what_the_deployment_waits_for_is_told_beside_what_kserve_says(plugins: Plugins) -> None:
    found = judged(sample("inferenceservice-raw-unavailable"), child("degraded"), plugins=plugins)
    assert "MinimumReplicasUnavailable: 1 of 2 are up" in found.message
    assert "1 of 3 replicas are available" in found.message


def test_of_both_names_the_present_one_counts(plugins: Plugins) -> None:
    service, former = sample("inferenceservice-raw-ready"), child("rolling-out", FORMER_PREDICTOR)
    assert judged(service, former, plugins=plugins).reason == "PredictorRollingOut"
    assert judged(service, former, child("ready"), plugins=plugins).state is READY


@pytest.mark.parametrize("field", ["transformer", "explainer"])
def test_the_deployment_of_each_component_counts(field: str, plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-raw-ready"), "spec", field, to={"containers": []})
    condition = {"type": f"{field.capitalize()}Ready", "status": "True"}
    service = edited(service, "status", "conditions", to=[*service.status["conditions"], condition])
    beside = deployment_id(f"{NAME}-{field}")
    assert judged(service, child("ready"), child("ready", beside), plugins=plugins).state is READY
    found = judged(service, child("ready"), child("rolling-out", beside), plugins=plugins)
    assert (found.state, found.reason) == (PROGRESSING, f"{field.capitalize()}RollingOut")


def test_the_workers_of_a_predictor_on_several_nodes_count(plugins: Plugins) -> None:
    service = edited(
        sample("inferenceservice-raw-ready"), "spec", "predictor", "workerSpec", to={"tensorParallelSize": 1}
    )
    workers = child("never-started", deployment_id("backend-1-predictor-worker"))
    found = judged(service, child("ready"), workers, plugins=plugins)
    assert (found.state, found.servable, found.reason) == (FAILED, False, "PredictorWorkerProgressDeadlineExceeded")


def test_a_failed_deployment_counts_more_than_one_that_is_on_its_way(plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-raw-ready"), "spec", "predictor", "workerSpec", to={})
    workers = child("deadline-exceeded", deployment_id("backend-1-predictor-worker"))
    found = judged(service, child("rolling-out"), workers, plugins=plugins)
    assert (found.state, found.reason) == (FAILED, "PredictorWorkerProgressDeadlineExceeded")


@pytest.mark.parametrize("name", ["serverless-ready", "modelmesh-ready"])
def test_a_deployment_of_that_name_means_nothing_in_other_modes(name: str, plugins: Plugins) -> None:
    found = judged(sample(f"inferenceservice-{name}"), child("never-started"), plugins=plugins)
    assert found.state is READY


def test_the_warning_about_a_second_writer_of_weights_is_not_lost(plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-raw-ready"), "spec", "canary", to={"predictor": {}})
    found = judged(service, child("rolling-out"), plugins=plugins)
    assert "warning: spec.canary makes KServe split traffic too" in found.message


def test_no_strange_deployment_breaks_the_rule(plugins: Plugins) -> None:
    service = sample("inferenceservice-raw-ready")
    strange = [
        Resource(PREDICTOR, {}),
        Resource(PREDICTOR, {"metadata": [], "spec": 5, "status": "x"}),
        # An object under an id that is not its own is no Deployment to the rule.
        sample("configmap-existing"),
    ]
    for odd in (*strange, *mutants(child("rolling-out"), "child")):
        found = plugins.readiness(service, {PREDICTOR: odd}).readiness
        assert found.reason != "PluginError", found.message
        assert found.message.isprintable()
    unrelated = sample("deployment-never-started")
    assert judged(service, unrelated, plugins=plugins).state is READY


def test_no_strange_service_breaks_the_question_for_its_deployments(plugins: Plugins) -> None:
    original = sample("inferenceservice-raw-ready")
    for odd in mutants(original, "service"):
        asked = plugins.related_resources(odd)
        assert all(each.kind == "Deployment" and each.namespace == NAMESPACE for each in asked)
        assert plugins.readiness(odd, {PREDICTOR: child("rolling-out")}).readiness.reason != "PluginError"
