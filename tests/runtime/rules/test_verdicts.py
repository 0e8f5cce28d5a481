"""What configured rules say of objects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.hooks import Readiness, ReadinessState
from iter8_gitops.hooks.answers import Answer
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.runtime.rules.verdicts import verdict_of
from iter8_gitops.testing.mutants import mutants
from iter8_gitops.testing.verdicts import readiness_flaw
from tests.runtime.rules.objects import resource, rule

READY = {"type": "Ready", "status": "True"}
ROUTES = {"type": "RoutesReady", "status": "False", "reason": "NoRoute", "message": "no gateway"}
FIELDS = ("status.conditions[Ready]", "status.conditions[RoutesReady]")
BOTH = rule("Ready", "RoutesReady")
RAY = rule(
    ready="status.serviceStatus == 'Running'",
    failed="status.serviceStatus == 'Failed'",
    servable="status.numServeEndpoints > 0",
    message="status.message",
)
READY_FIELD = ("ready: status.serviceStatus == 'Running'",)
FAILED_FIELD = ("failed: status.serviceStatus == 'Failed'",)
NOT_TRUE = "`status.serviceStatus == 'Running'` is not true yet"


def judged(rule: Rule, **manifest: Any) -> Readiness:
    found = verdict_of(rule, resource(**manifest))
    assert readiness_flaw(Answer("extra:configuration", found)) == ""
    return found


def reporting(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 3}, "status": {"conditions": list(conditions), **more}}


@pytest.mark.parametrize(
    ("manifest", "verdict"),
    [
        ({}, Readiness.progressing("NotReady", "it has no Ready condition yet", fields=FIELDS[:1])),
        (
            reporting(READY),
            Readiness.progressing("NotRoutesReady", "it has no RoutesReady condition yet", fields=FIELDS[1:]),
        ),
        (
            reporting(READY, ROUTES),
            Readiness.progressing("NotRoutesReady", "RoutesReady is False: NoRoute: no gateway", fields=FIELDS[1:]),
        ),
        (
            reporting(READY, {**ROUTES, "status": "True"}),
            Readiness.ready("ConditionsTrue", "Ready is True, RoutesReady is True: NoRoute: no gateway", fields=FIELDS),
        ),
        (
            reporting(READY, {"type": "RoutesReady", "status": True}, observedGeneration=3),
            Readiness.ready("ConditionsTrue", "Ready is True, RoutesReady is True", current=True, fields=FIELDS),
        ),
        (
            reporting({**READY, "observedGeneration": 3}, {**READY, "type": "RoutesReady", "observedGeneration": 3}),
            Readiness.ready("ConditionsTrue", "Ready is True, RoutesReady is True", current=True, fields=FIELDS),
        ),
        (
            reporting({**READY, "observedGeneration": 2}, {**READY, "type": "RoutesReady"}),
            Readiness.progressing(
                "ConditionNotObserved",
                "its Ready condition is of generation 2, the spec of generation 3",
                servable=True,
                fields=(FIELDS[0], "metadata.generation"),
            ),
        ),
        (
            reporting(READY, {**READY, "type": "RoutesReady"}, observedGeneration=2),
            Readiness.progressing(
                "GenerationNotObserved",
                "its controller has not seen the latest change yet: the status is of generation 2, "
                "the spec of generation 3",
                servable=True,
                fields=("status.observedGeneration", "metadata.generation"),
            ),
        ),
        (
            {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": reporting(READY)["status"]},
            Readiness.terminating("it is being deleted (metadata.deletionTimestamp is set)"),
        ),
        (
            {"status": {"conditions": "none"}},
            Readiness.progressing("NotReady", "it has no Ready condition yet", fields=FIELDS[:1]),
        ),
    ],
)
def test_an_object_is_ready_when_all_conditions_are(manifest: dict[str, Any], verdict: Readiness) -> None:
    assert judged(BOTH, **manifest) == verdict


def test_a_condition_with_a_qualified_name_has_a_reason_in_one_word() -> None:
    assert judged(rule("x.io/Ready")).reason == "ConditionNotTrue"


def test_without_conditions_and_expressions_what_exists_is_ready() -> None:
    verdict = judged(rule())

    assert (verdict.state, verdict.reason, verdict.current) == (ReadinessState.READY, "Exists", True)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (
            {"serviceStatus": "Running", "message": "not told"},
            Readiness.ready("RuleReady", "`status.serviceStatus == 'Running'` is true", fields=READY_FIELD),
        ),
        (
            {"serviceStatus": "Running", "observedGeneration": 3},
            Readiness.ready(
                "RuleReady", "`status.serviceStatus == 'Running'` is true", current=True, fields=READY_FIELD
            ),
        ),
        (
            {"serviceStatus": "Deploying", "numServeEndpoints": 0, "message": "pulling\nthe image"},
            Readiness.progressing("RuleNotMet", f"{NOT_TRUE}: pulling the image", fields=READY_FIELD),
        ),
        (
            {"serviceStatus": "Deploying", "numServeEndpoints": 2},
            Readiness.progressing("RuleNotMet", NOT_TRUE, servable=True, fields=READY_FIELD),
        ),
        (
            {},
            Readiness.progressing("RuleNotMet", f"{NOT_TRUE} (no such key: serviceStatus)", fields=READY_FIELD),
        ),
        (
            {"serviceStatus": "Failed", "numServeEndpoints": 1, "message": "out of memory"},
            Readiness.failed(
                "RuleFailed",
                "`status.serviceStatus == 'Failed'` is true: out of memory",
                servable=True,
                fields=FAILED_FIELD,
            ),
        ),
        (
            {"serviceStatus": "Failed"},
            Readiness.failed("RuleFailed", "`status.serviceStatus == 'Failed'` is true", fields=FAILED_FIELD),
        ),
        (
            {"serviceStatus": "Running", "observedGeneration": 2, "numServeEndpoints": 1},
            Readiness.progressing(
                "GenerationNotObserved",
                "its controller has not seen the latest change yet: the status is of generation 2, "
                "the spec of generation 3",
                servable=True,
                fields=("status.observedGeneration", "metadata.generation"),
            ),
        ),
        (
            {"serviceStatus": "Deploying", "numServeEndpoints": "many", "message": 3},
            Readiness.progressing(
                "RuleNotMet",
                f"{NOT_TRUE}; `status.numServeEndpoints > 0` cannot be evaluated: no matching overloads found: "
                "_>_(string, int64); `status.message` cannot be evaluated: it gives a whole number, not text",
                fields=READY_FIELD,
            ),
        ),
    ],
)
def test_an_object_is_judged_by_expressions(status: dict[str, Any], verdict: Readiness) -> None:
    assert judged(RAY, metadata={"generation": 3}, status=status) == verdict


def test_what_is_ready_answers_unless_servable_says_otherwise() -> None:
    behind = {"metadata": {"generation": 3}, "status": {"on": True, "observedGeneration": 2}}

    assert judged(rule(ready="status.on"), **behind).servable is True
    assert judged(rule(ready="status.on", servable="has(status.address)"), **behind).servable is False
    assert judged(rule("Ready", ready="status.on"), **behind).servable is False
    assert judged(rule(ready="!status.on"), **behind).servable is False


def test_conditions_and_ready_must_both_hold() -> None:
    both = rule("Ready", ready="status.on")

    assert judged(both, **reporting(READY, on=False)).reason == "RuleNotMet"
    assert judged(both, **reporting(on=True)).reason == "NotReady"
    assert judged(both, **reporting(READY, on=True)) == Readiness.ready(
        "RuleReady", "Ready is True, `status.on` is true", fields=("status.conditions[Ready]", "ready: status.on")
    )


def test_a_message_is_told_beside_a_condition_too() -> None:
    found = judged(rule("Ready", message="status.detail"), status={"detail": "waiting for a node"})

    assert found.message == "it has no Ready condition yet: waiting for a node"


def test_a_condition_that_does_not_fit_the_object_is_told() -> None:
    for wrong in (rule(ready="status.phase"), rule(ready="true", failed="status.phase")):
        found = judged(wrong, status={"phase": "Running"})
        assert (found.state, found.reason) == (ReadinessState.PROGRESSING, "RuleNotEvaluated")
        assert found.message == "`status.phase` cannot be evaluated: it gives text, not true or false"


def test_what_is_not_there_is_no_sign_of_failure() -> None:
    assert judged(rule(ready="true", failed="status.error.code > 0")).state is ReadinessState.READY


def test_failed_is_asked_before_ready() -> None:
    assert judged(rule(ready="true", failed="true")).reason == "RuleFailed"


def test_a_rule_with_failed_alone_takes_what_exists_for_ready() -> None:
    only_failed = rule(failed="status.phase == 'Failed'")

    assert judged(only_failed).reason == "Exists"
    assert judged(only_failed, status={"phase": "Failed"}).state is ReadinessState.FAILED


def test_an_expression_about_the_spec_alone_speaks_of_the_present_spec() -> None:
    assert judged(rule(ready="has(spec.a)"), spec={"a": 1}).current is True
    assert judged(rule(ready="has(spec.a) && has(status.b)"), spec={"a": 1}, status={"b": 1}).current is False


def test_an_override_does_not_look_at_the_observed_generation() -> None:
    behind = {"metadata": {"generation": 3}, "status": {"on": True, "observedGeneration": 2}}
    found = judged(rule(ready="status.on", override=True), **behind)

    assert (found.state, found.current) == (ReadinessState.READY, False)


def test_being_deleted_always_wins() -> None:
    going = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"on": True}}
    for override in (True, False):
        found = judged(rule(ready="status.on", failed="status.on", override=override), **going)
        assert found == Readiness.terminating("it is being deleted (metadata.deletionTimestamp is set)")


def test_a_long_expression_is_cut_in_messages() -> None:
    found = judged(rule(ready=" || ".join(["status.on == 'yes'"] * 40)), status={"on": "no"})

    assert found.message.endswith("...` is not true yet")
    assert len(found.message) < 400


ORDINARY: dict[str, Any] = {
    "metadata": {"name": "llm", "generation": 3},
    "spec": {"image": "a"},
    "status": {
        "observedGeneration": 3,
        "serviceStatus": "Running",
        "numServeEndpoints": 2,
        "message": "up",
        "conditions": [{**READY, "observedGeneration": 3}],
    },
}
EVERYTHING = rule(
    "Ready",
    ready="status.conditions.exists(c, c.type == 'Ready') && object.status.serviceStatus == 'Running'",
    failed="status.serviceStatus == 'Failed' || has(status.error)",
    servable="status.numServeEndpoints > 0",
    message="status.message",
    override=True,
)


@pytest.mark.parametrize("given", [RAY, EVERYTHING, BOTH])
def test_no_mutant_breaks_a_rule(given: Rule) -> None:
    for done, mutant in mutants(ORDINARY, 2000, str(len(given.conditions))):
        found = verdict_of(given, resource(**mutant))
        assert readiness_flaw(Answer("extra:configuration", found)) == "", done


@given(st.sampled_from(sorted(ORDINARY["status"])), st.sampled_from([RAY, EVERYTHING]))
def test_taking_a_part_of_the_status_away_never_makes_an_object_ready(key: str, given: Rule) -> None:
    status = {**ORDINARY["status"], "serviceStatus": "Deploying"}
    del status[key]

    assert judged(given, **{**ORDINARY, "status": status}).state is ReadinessState.PROGRESSING
