from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:inferenceservice"

ANY_MODE = [
    ("no-status", PROGRESSING, False, "NoConditions"),
    ("no-conditions", PROGRESSING, False, "NoConditions"),
    ("terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ("canary-percent", READY, True, "Ready"),
    ("transformer-ready", READY, True, "Ready"),
    ("transformer-removed", READY, True, "Ready"),
    ("transformer-missing", PROGRESSING, True, "TransformerNotReady"),
    ("transformer-unready", PROGRESSING, False, "TransformerNotReady"),
    ("transformer-revisions-differ", PROGRESSING, True, "RollingOut"),
    ("transformer-failed", FAILED, False, "ComponentFailed"),
]
SERVERLESS = [
    ("serverless-ready", READY, True, "Ready"),
    ("serverless-scaled-to-zero", READY, True, "Ready"),
    ("serverless-scaled-to-zero-at-first", READY, True, "Ready"),
    ("serverless-knative-mode", PROGRESSING, True, "RollingOut"),
    ("serverless-shape-only", PROGRESSING, True, "RollingOut"),
    ("serverless-revisions-differ", PROGRESSING, True, "RollingOut"),
    ("serverless-canary-traffic", PROGRESSING, True, "RollingOut"),
    ("serverless-no-traffic", PROGRESSING, True, "RollingOut"),
    ("serverless-starting", PROGRESSING, False, "NotReady"),
    ("serverless-updating", PROGRESSING, True, "NotReady"),
    ("serverless-info-condition-false", PROGRESSING, False, "NotReady"),
    ("serverless-component-failed", FAILED, False, "ComponentFailed"),
    ("serverless-update-failed", FAILED, True, "ComponentFailed"),
    ("serverless-blocked-update", FAILED, True, "BlockedByFailedLoad"),
]
RAW_DEPLOYMENT = [
    ("raw-ready", READY, True, "Ready"),
    ("raw-standard-mode", READY, True, "Ready"),
    ("raw-no-model-status", READY, True, "Ready"),
    ("raw-stale-observed-generation", READY, True, "Ready"),
    ("raw-old-failure", READY, True, "Ready"),
    ("raw-in-progress", PROGRESSING, True, "ModelLoading"),
    ("raw-target-loading", PROGRESSING, True, "ModelLoading"),
    ("raw-unavailable", PROGRESSING, False, "NotReady"),
    ("raw-stopped", PROGRESSING, False, "Stopped"),
    ("raw-deadline-exceeded", FAILED, False, "ProgressDeadlineExceeded"),
    ("raw-blocked-update", FAILED, True, "BlockedByFailedLoad"),
    ("raw-invalid-spec", FAILED, True, "InvalidSpec"),
]
MODEL_MESH = [
    ("modelmesh-ready", READY, True, "Ready"),
    ("modelmesh-standby", READY, True, "Ready"),
    ("modelmesh-first-load", PROGRESSING, False, "ModelLoading"),
    ("modelmesh-shape-only", PROGRESSING, False, "ModelLoading"),
    ("modelmesh-no-model-status", PROGRESSING, False, "ModelLoading"),
    ("modelmesh-updating", PROGRESSING, True, "ModelLoading"),
    ("modelmesh-target-loaded", PROGRESSING, True, "ModelLoading"),
    ("modelmesh-not-ready", PROGRESSING, False, "NotReady"),
    ("modelmesh-first-load-failed", FAILED, False, "FailedToLoad"),
    ("modelmesh-blocked-update", FAILED, True, "BlockedByFailedLoad"),
]


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"), [*ANY_MODE, *SERVERLESS, *RAW_DEPLOYMENT, *MODEL_MESH]
)
def test_the_verdict_follows_what_kserve_reports(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(f"inferenceservice-{name}"))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("modelmesh-first-load", "the model is still loading (activeModelState Loading"),
        ("modelmesh-blocked-update", "an older model still answers"),
        ("modelmesh-blocked-update", "ModelLoadFailed: no such object in the bucket"),
        ("modelmesh-first-load-failed", "no older model answers"),
        ("serverless-revisions-differ", "revision backend-1-predictor-00002 of the predictor is not ready yet"),
        ("serverless-canary-traffic", "has 20% of the traffic"),
        ("serverless-updating", "an older revision still answers"),
        ("raw-unavailable", "MinimumReplicasUnavailable: 1 of 2 are up"),
        ("canary-percent", "warning: spec.predictor.canaryTrafficPercent makes KServe split traffic too"),
        ("transformer-missing", "it has no TransformerReady condition yet"),
    ],
)
def test_the_message_says_what_it_waits_for(name: str, said: str, plugins: Plugins) -> None:
    assert said in plugins.readiness(sample(f"inferenceservice-{name}")).readiness.message


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("no-status", ("status.conditions",)),
        ("raw-stopped", ("status.conditions[Stopped]",)),
        ("raw-invalid-spec", ("status.modelStatus.transitionStatus",)),
        ("modelmesh-first-load-failed", ("status.modelStatus.states.activeModelState",)),
        ("serverless-component-failed", ("status.conditions[PredictorReady]",)),
        ("raw-deadline-exceeded", ("status.conditions[PredictorReady]", "status.conditions[Ready]")),
        ("raw-unavailable", ("status.conditions[Ready]", "status.conditions[PredictorReady]")),
        ("transformer-missing", ("status.conditions[TransformerReady]",)),
        (
            "serverless-revisions-differ",
            (
                "status.components.predictor.latestCreatedRevision",
                "status.components.predictor.latestReadyRevision",
            ),
        ),
        (
            "serverless-canary-traffic",
            (
                "status.components.predictor.latestCreatedRevision",
                "status.components.predictor.latestReadyRevision",
                "status.components.predictor.traffic",
            ),
        ),
        ("raw-in-progress", ("status.modelStatus.transitionStatus",)),
        ("raw-target-loading", ("status.modelStatus.states.targetModelState",)),
        ("modelmesh-first-load", ("status.modelStatus.states.activeModelState",)),
        ("modelmesh-updating", ("status.modelStatus.states.targetModelState",)),
        ("raw-ready", ("status.conditions[Ready]", "status.modelStatus.states.activeModelState")),
        ("terminating", ("metadata.deletionTimestamp",)),
    ],
)
def test_the_fields_are_those_that_decided(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(f"inferenceservice-{name}")).readiness.fields == fields


@pytest.mark.parametrize("name", [name for name, *_ in [*ANY_MODE, *SERVERLESS, *RAW_DEPLOYMENT, *MODEL_MESH]])
def test_every_verdict_names_a_field(name: str, plugins: Plugins) -> None:
    assert plugins.readiness(sample(f"inferenceservice-{name}")).readiness.fields


@pytest.mark.parametrize("name", ["serverless-ready", "raw-ready", "modelmesh-ready"])
def test_no_verdict_is_certain_to_be_current_because_kserve_has_no_generation_of_its_own(
    name: str, plugins: Plugins
) -> None:
    ready = edited(sample(f"inferenceservice-{name}"), "status", "observedGeneration", to=2)
    assert not plugins.readiness(ready).readiness.current


def test_the_second_writer_of_weights_is_named_for_spec_canary(plugins: Plugins) -> None:
    canary = edited(sample("inferenceservice-raw-ready"), "spec", "canary", to={"predictor": {}})
    assert "warning: spec.canary makes KServe" in plugins.readiness(canary).readiness.message


def test_the_second_writer_of_weights_is_named_where_it_is_what_holds_the_service_back(plugins: Plugins) -> None:
    split = edited(
        sample("inferenceservice-serverless-canary-traffic"), "spec", "predictor", "canaryTrafficPercent", to=20
    )
    found = plugins.readiness(split).readiness
    assert found.reason == "RollingOut"
    assert "warning: spec.predictor.canaryTrafficPercent makes KServe" in found.message


NOT_READY = {"type": "Ready", "status": "False"}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"type": "PredictorReady", "reason": "ProgressDeadlineExceeded"}, FAILED),
        ({"type": "IngressReady", "reason": "ProgressDeadlineExceeded"}, FAILED),
        # With several nodes KServe joins the reasons of their Deployments.
        (
            {
                "type": "PredictorReady",
                "reason": "predictor-container: ProgressDeadlineExceeded, worker-container: NewReplicaSetAvailable",
            },
            FAILED,
        ),
        ({"type": "PredictorReady", "reason": "MinimumReplicasUnavailable"}, PROGRESSING),
        ({"type": "RoutesReady", "reason": "ProgressDeadlineExceeded", "severity": "Info"}, PROGRESSING),
        ({"type": "TransformerReady", "reason": "ProgressDeadlineExceeded"}, PROGRESSING),
        ({"type": "PredictorReady", "reason": "ProgressDeadlineExceeded", "status": "True"}, PROGRESSING),
    ],
)
def test_a_missed_deadline_fails_it_wherever_it_is_told(
    said: dict[str, str], state: ReadinessState, plugins: Plugins
) -> None:
    told = [{"status": "False", **said}, NOT_READY]
    service = edited(sample("inferenceservice-raw-ready"), "status", "conditions", to=told)
    assert plugins.readiness(service).readiness.state is state


def test_a_serverless_service_whose_route_has_not_moved_yet_answers_with_the_older_revision(plugins: Plugins) -> None:
    service = sample("inferenceservice-serverless-updating")
    newest = service.status["components"]["predictor"]["latestCreatedRevision"]
    service = edited(service, "status", "components", "predictor", "latestReadyRevision", to=newest)
    found = plugins.readiness(service).readiness
    assert (found.state, found.servable) == (PROGRESSING, True)


def test_the_status_decides_the_mode_before_the_annotation(plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-modelmesh-first-load"), "status", "deploymentMode", to="Serverless")
    assert plugins.readiness(service).readiness.reason == "RollingOut"


def test_an_unknown_mode_in_the_status_leaves_it_to_the_annotation(plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-modelmesh-first-load"), "status", "deploymentMode", to="Flying")
    assert plugins.readiness(service).readiness.reason == "ModelLoading"


def test_a_loading_model_is_never_ready_even_when_nothing_tells_the_mode(plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-modelmesh-shape-only"), "status", "components", to={})
    service = edited(service, "status", "url", to="")
    assert plugins.readiness(service).readiness.state is PROGRESSING


def test_without_a_target_a_loaded_model_is_ready_whatever_the_transition_says(plugins: Plugins) -> None:
    service = edited(
        sample("inferenceservice-modelmesh-updating"), "status", "modelStatus", "states", "targetModelState", to=""
    )
    assert plugins.readiness(service).readiness.state is READY


@pytest.mark.parametrize("field", ["transformer", "explainer"])
def test_each_further_component_must_be_ready_itself(field: str, plugins: Plugins) -> None:
    service = edited(sample("inferenceservice-raw-ready"), "spec", field, to={"containers": []})
    assert plugins.readiness(service).readiness.reason == f"{field.capitalize()}NotReady"


SCALE: dict[str, Any] = {
    "minReplicas": 0,
    "maxReplicas": 9,
    "scaleTarget": 50,
    "scaleMetric": "cpu",
    "scaleMetricType": "Utilization",
    "autoScaling": {"metrics": []},
    "canaryTrafficPercent": 10,
    "deploymentStrategy": {"type": "Recreate"},
    "logger": {"mode": "all"},
}


@pytest.mark.parametrize("component", ["predictor", "transformer"])
@pytest.mark.parametrize("field", SCALE)
def test_the_signature_stays_when_scale_or_delivery_changes(component: str, field: str, plugins: Plugins) -> None:
    resource = sample("inferenceservice-transformer-ready")
    after = edited(resource, "spec", component, field, to=SCALE[field])
    assert plugins.signature_content(after) == plugins.signature_content(resource)


@pytest.mark.parametrize("path", [("spec", "canary"), ("status",), ("metadata", "generation"), ("metadata", "labels")])
def test_the_signature_stays_when_bookkeeping_changes(path: tuple[str, ...], plugins: Plugins) -> None:
    resource = sample("inferenceservice-modelmesh-ready")
    changed = edited(resource, *path, to={"app.kubernetes.io/version": "v1"})
    assert plugins.signature_content(changed) == plugins.signature_content(resource)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "predictor", "model", "storageUri"), "s3://models/other.joblib"),
        (("spec", "predictor", "model", "modelFormat"), {"name": "xgboost"}),
        (("spec", "predictor", "sklearn"), {"storageUri": "s3://models/other.joblib"}),
        (("spec", "predictor", "huggingface"), {"args": ["--model_id=x"]}),
        (("spec", "predictor", "containers"), [{"image": "registry.example/model:2"}]),
        (("spec", "predictor", "volumes"), [{"name": "model", "emptyDir": {}}]),
        (("spec", "predictor", "storageUris"), [{"uri": "s3://models/adapter"}]),
        (("spec", "predictor", "workerSpec"), {"pipelineParallelSize": 2}),
        (("spec", "transformer"), {"containers": [{"image": "registry.example/transformer:3"}]}),
        (("spec", "explainer"), {"alibi": {"type": "AnchorTabular"}}),
        (("metadata", "annotations", "serving.kserve.io/secretKey"), "otherBucket"),
        (("metadata", "annotations", "serving.kserve.io/schemaPath"), "schema/2.json"),
        (("metadata", "annotations", "serving.kserve.io/servingRuntime"), "mlserver-1.x"),
    ],
)
def test_the_signature_moves_with_the_model(path: tuple[str, ...], value: object, plugins: Plugins) -> None:
    resource = sample("inferenceservice-modelmesh-ready")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value != after.value
    assert (after.plugin, after.error) == (PLUGIN, "")
