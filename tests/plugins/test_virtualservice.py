from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import as_resource, edited, sample

READY, PROGRESSING, FAILED = ReadinessState.READY, ReadinessState.PROGRESSING, ReadinessState.FAILED
PLUGIN = "iter8-gitops:virtualservice"


@pytest.mark.parametrize(
    ("name", "state", "servable", "reason"),
    [
        ("no-status", READY, True, "NoStatus"),
        ("empty-status", READY, True, "NoStatus"),
        ("reconciled", READY, True, "Reconciled"),
        ("warning", READY, True, "Reconciled"),
        ("not-reconciled", PROGRESSING, True, "NotReconciled"),
        ("condition-behind", PROGRESSING, True, "ConditionNotObserved"),
        ("generation-behind", PROGRESSING, True, "GenerationNotObserved"),
        ("validation-error", FAILED, False, "ValidationError"),
        ("error-not-reconciled", FAILED, False, "ValidationError"),
        ("terminating", ReadinessState.TERMINATING, False, "Terminating"),
    ],
)
def test_it_is_ready_unless_istio_says_otherwise(
    name: str, state: ReadinessState, servable: bool, reason: str, plugins: Plugins
) -> None:
    verdict = plugins.readiness(sample(f"virtualservice-{name}"))
    found = verdict.readiness
    assert (found.state, found.servable, found.reason, verdict.plugin) == (state, servable, reason, PLUGIN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("not-reconciled", "61/122 complete"),
        ("validation-error", "IST0101 ReferencedResourceNotFound: https://istio.io/"),
        ("condition-behind", "its Reconciled condition is of generation 3, the spec of generation 4"),
    ],
)
def test_the_message_says_what_is_missing(name: str, said: str, plugins: Plugins) -> None:
    assert said in plugins.readiness(sample(f"virtualservice-{name}")).readiness.message


def test_a_warning_is_not_mentioned_among_the_errors(plugins: Plugins) -> None:
    assert "IST0130" not in plugins.readiness(sample("virtualservice-validation-error")).readiness.message


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("not-reconciled", ("status.conditions[Reconciled]",)),
        ("validation-error", ("status.validationMessages",)),
        ("no-status", ("status",)),
    ],
)
def test_the_fields_are_those_that_decided(name: str, fields: tuple[str, ...], plugins: Plugins) -> None:
    assert plugins.readiness(sample(f"virtualservice-{name}")).readiness.fields == fields


@pytest.mark.parametrize(
    ("level", "state"),
    [
        ("ERROR", FAILED),
        ("Error", FAILED),
        (3, FAILED),
        ("3", FAILED),
        ("WARNING", READY),
        ("Warn", READY),
        (8, READY),
        ("INFO", READY),
        (12, READY),
        ("UNKNOWN", READY),
        (0, READY),
        (None, READY),
        ({}, READY),
    ],
)
def test_only_the_level_error_fails_as_a_name_and_as_a_number(
    level: object, state: ReadinessState, plugins: Plugins
) -> None:
    messages = [{"type": {"code": "IST0101"}, "level": level}]
    resource = edited(sample("virtualservice-reconciled"), "status", "validationMessages", to=messages)
    assert plugins.readiness(resource).readiness.state is state


def test_a_message_may_have_its_code_and_its_text_beside_the_level(plugins: Plugins) -> None:
    messages = [{"code": "IST0101", "level": "Error", "message": 'Referenced gateway not found: "bogus"'}]
    resource = edited(sample("virtualservice-reconciled"), "status", "validationMessages", to=messages)
    assert plugins.readiness(resource).readiness.message == 'IST0101: Referenced gateway not found: "bogus"'


@pytest.mark.parametrize("type_", ["PassedAnalysis", "PassedValidation"])
def test_without_messages_the_condition_that_sums_them_up_decides(type_: str, plugins: Plugins) -> None:
    said = {"type": type_, "status": "False", "reason": "errorsFound", "message": "1 Error found"}
    resource = edited(sample("virtualservice-no-status"), "status", to={"conditions": [said]})
    found = plugins.readiness(resource).readiness
    assert (found.state, found.fields) == (FAILED, (f"status.conditions[{type_}]",))
    warned = edited(resource, "status", "validationMessages", to=[{"level": "WARNING"}])
    assert plugins.readiness(warned).readiness.state is READY


@pytest.mark.parametrize(("observed", "state"), [(3, PROGRESSING), ("3", PROGRESSING), (4, READY), ("4", READY)])
def test_generations_come_as_numbers_or_text(observed: object, state: ReadinessState, plugins: Plugins) -> None:
    reconciled = sample("virtualservice-reconciled")
    assert plugins.readiness(edited(reconciled, "status", "observedGeneration", to=observed)).readiness.state is state
    own = edited(reconciled, "status", "conditions", 0, "observedGeneration", to=observed)
    assert plugins.readiness(own).readiness.state is state


@pytest.mark.parametrize("status", ["Unknown", "", None])
def test_what_is_not_known_to_be_reconciled_is_on_its_way(status: object, plugins: Plugins) -> None:
    resource = edited(sample("virtualservice-reconciled"), "status", "conditions", 0, "status", to=status)
    assert plugins.readiness(resource).readiness.reason == "NotReconciled"


@pytest.mark.parametrize(("name", "current"), [("no-status", True), ("reconciled", True), ("warning", True)])
def test_a_verdict_is_current_without_a_status_or_with_the_generation(
    name: str, current: bool, plugins: Plugins
) -> None:
    resource = sample(f"virtualservice-{name}")
    assert plugins.readiness(resource).readiness.current is current
    if resource.status:
        unsaid = edited(resource, "status", "observedGeneration", to=None)
        assert plugins.readiness(unsaid).readiness.current is False


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_nothing_of_a_route_is_content(version: str, plugins: Plugins) -> None:
    manifest = {**sample("virtualservice-reconciled").manifest, "apiVersion": f"networking.istio.io/{version}"}
    content = plugins.signature_content(as_resource(manifest))
    assert (content.value, content.plugin, content.error) == ({}, PLUGIN, "")
