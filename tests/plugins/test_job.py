from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:job"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("job-complete", READY, True, "Complete"),
        ("job-complete-older-server", READY, True, "Complete"),
        ("job-completing", PROGRESSING, False, "Completing"),
        ("job-running", PROGRESSING, False, "Running"),
        ("job-retrying", PROGRESSING, False, "Running"),
        ("job-resumed", PROGRESSING, False, "Running"),
        ("job-work-queue", PROGRESSING, False, "Running"),
        ("job-suspended", PROGRESSING, False, "Suspended"),
        ("job-suspended-at-creation", PROGRESSING, False, "NoStatus"),
        ("job-just-created", PROGRESSING, False, "NoStatus"),
        ("job-failure-target", FAILED, False, "JobFailed"),
        ("job-failed", FAILED, False, "JobFailed"),
        ("job-deadline-exceeded", FAILED, False, "JobFailed"),
        ("job-terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_a_job_is_servable_only_once_it_is_complete(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(name))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said", "field"),
    [
        ("job-complete", "3 of 3 completions are done", "status.conditions[Complete]"),
        ("job-running", "1 of 3 completions are done, 2 active and 0 failed pods", "status.succeeded"),
        ("job-work-queue", "1 pods succeeded, 2 active", "status.succeeded"),
        ("job-failed", "BackoffLimitExceeded: Job has reached", "status.conditions[Failed]"),
        ("job-failure-target", "1 active and 3 failed pods", "status.conditions[FailureTarget]"),
        ("job-completing", "waits for its last pods to end", "status.conditions[SuccessCriteriaMet]"),
        ("job-suspended", "set spec.suspend to false to go on", "status.conditions[Suspended]"),
    ],
)
def test_the_message_says_what_it_waits_for_and_where_to_look(
    name: str, said: str, field: str, plugins: Plugins
) -> None:
    found = plugins.readiness(sample(name)).readiness
    assert said in found.message
    assert field in found.fields


@pytest.mark.parametrize("status", ["False", "Unknown", "", None])
@pytest.mark.parametrize("type_", ["Complete", "Failed", "FailureTarget", "SuccessCriteriaMet", "Suspended"])
def test_only_conditions_that_are_true_count(type_: str, status: str | None, plugins: Plugins) -> None:
    running = edited(sample("job-running"), "status", "conditions", to=[{"type": type_, "status": status}])
    assert plugins.readiness(running).readiness.reason == "Running"


def test_all_pods_succeeded_is_not_yet_complete(plugins: Plugins) -> None:
    counted = edited(sample("job-running"), "status", "succeeded", to=3)
    assert plugins.readiness(counted).readiness.state is PROGRESSING


def test_a_job_that_is_to_be_suspended_says_so_before_its_controller_does(plugins: Plugins) -> None:
    found = plugins.readiness(edited(sample("job-running"), "spec", "suspend", to=True)).readiness
    assert (found.state, found.reason, found.fields) == (PROGRESSING, "Suspended", ("spec.suspend",))


def test_no_status_of_a_job_tells_its_generation(plugins: Plugins) -> None:
    assert not plugins.readiness(sample("job-complete")).readiness.current


def test_a_job_of_another_group_is_not_ours(plugins: Plugins) -> None:
    manifest = {**sample("job-complete").manifest, "apiVersion": "batch.volcano.sh/v1alpha1"}
    assert plugins.readiness(as_resource(manifest)).plugin == "iter8-gitops:generic"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "parallelism"), 20),
        (("spec", "suspend"), True),
        (("spec", "completions"), 9),
        (("spec", "backoffLimit"), 9),
        (("spec", "selector"), {"matchLabels": {"batch.kubernetes.io/controller-uid": "another"}}),
        (("spec", "template", "metadata", "labels", "controller-uid"), "another"),
        (("spec", "template", "metadata", "labels", "job-name"), "train-2"),
        (("spec", "template", "metadata", "labels", "batch.kubernetes.io/controller-uid"), "another"),
        (("spec", "template", "metadata", "labels", "batch.kubernetes.io/job-name"), "train-2"),
        (("spec", "template", "metadata", "labels"), {"app": "train"}),
        (("spec", "template", "metadata", "creationTimestamp"), "2025-03-01T10:00:00Z"),
        (("metadata", "labels"), {"team": "ml"}),
        (("status",), {}),
    ],
)
def test_the_signature_stays_when_a_job_runs_again(
    path: tuple[str | int, ...], value: object, plugins: Plugins
) -> None:
    resource = sample("job-complete")
    before, after = plugins.signature_content(resource), plugins.signature_content(edited(resource, *path, to=value))
    assert before.value == after.value
    assert (after.plugin, after.error) == (PLUGIN, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "registry.example/train:3.1.0"),
        (("spec", "template", "spec", "containers", 0, "args"), ["--epochs", "6"]),
        (("spec", "template", "spec", "volumes"), [{"name": "data", "emptyDir": {}}]),
        (("spec", "template", "metadata", "labels", "app"), "train-v2"),
    ],
)
def test_the_signature_moves_with_the_template(path: tuple[str | int, ...], value: object, plugins: Plugins) -> None:
    resource = sample("job-complete")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))
