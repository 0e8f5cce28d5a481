"""Reconciling one routemap: weights, signatures, epochs, routes and conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from iter8_gitops.core.availability import Inspection, Related
from iter8_gitops.core.reconcile import Reconciliation, reconcile
from iter8_gitops.core.transitions import transitions
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.readiness import Readiness
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.snapshot import Condition, RoutemapState
from tests.core.builders import NOT_THERE, TOOLS, declared, deployment, live, observed, routemap, version

ROUTE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec: {{weights: [{0}, {1}]}}\n"


def run(
    *resources: Resource,
    of: Routemap | None = None,
    before: RoutemapState | None = None,
    problems: tuple[Problem, ...] = (),
    now: float = 1000.0,
) -> Reconciliation:
    wanted = of or routemap()
    return reconcile(declared(wanted), observed(*resources, of=wanted), TOOLS, before, problems, now)


def state(*resources: Resource, **more: Any) -> RoutemapState:
    return run(*resources, **more).state


def test_only_available_versions_take_traffic() -> None:
    assert state(live("v0"), live("v1", "starting")).weights == (1, 0)
    assert state(live("v0"), live("v1")).weights == (1, 1)
    assert state(live("v0"), live("v1", "rolling")).weights == (1, 1)
    assert state(live("v0")).weights == (1, 0)


def test_the_primary_gets_everything_when_no_version_answers_and_the_state_says_why() -> None:
    nothing = state(live("v0", "failed"))
    assert nothing.weights == (1, 0)
    assert "no version with a weight can answer" in nothing.versions[0].message
    ready = next(c for c in nothing.conditions if c.type == "Ready")
    assert (ready.status, ready.reason) == (False, "PrimaryUnavailable")


def test_a_version_needs_all_its_resources() -> None:
    both = routemap(version("v0", "web", "cache"), version("v1"))
    assert state(live("web"), live("cache"), live("v1"), of=both).weights == (1, 1)
    assert state(live("web"), live("v1"), of=both).weights == (0, 1)
    gone = live("cache", deletionTimestamp="2026-11-22T00:00:00Z")
    assert state(live("web"), gone, live("v1"), of=both).weights == (0, 1)


def test_the_annotation_of_the_first_resource_overrides_the_declared_weight() -> None:
    two = routemap(version("v0", "web", "cache", weight=90), version("v1", weight=10))
    annotated = live("web", annotations={"iter8.tools/weight": "30"})
    ignored = live("cache", annotations={"iter8.tools/weight": "77"})
    assert state(annotated, ignored, live("v1"), of=two).weights == (30, 10)


def test_an_unusable_annotation_is_a_problem_and_the_declared_weight_stays() -> None:
    seen = state(live("v0", annotations={"iter8.tools/weight": "lots"}), live("v1"))
    assert seen.weights == (1, 1)
    (problem,) = seen.problems
    assert "'lots'" in problem.message
    assert problem.application == "shop/web"


def test_the_signature_moves_to_new_content_only_when_it_has_settled() -> None:
    old = state(live("v0", content="image:1"))
    rolling = state(live("v0", "rolling", content="image:2"), before=old)
    assert rolling.versions[0].available
    assert rolling.versions[0].signature == old.versions[0].signature != ""
    new = state(live("v0", content="image:2"), before=rolling)
    assert new.versions[0].signature not in {"", old.versions[0].signature}


def test_a_version_that_has_never_settled_has_no_signature() -> None:
    assert state(live("v0", "rolling")).versions[0].signature == ""


def test_a_promoted_primary_shows_the_signature_that_the_candidate_had() -> None:
    trial = state(live("v0", content="image:1"), live("v1", content="image:2"))
    promoted = state(live("v0", content="image:2"), live("v1", content="image:2"), before=trial)
    assert promoted.versions[0].signature == trial.versions[1].signature


def test_a_deleted_candidate_leaves_no_signature_behind() -> None:
    trial = state(live("v0"), live("v1"))
    assert state(live("v0"), before=trial).versions[1].signature == ""


def test_a_version_that_is_given_other_resources_does_not_keep_the_signature_of_the_old_ones() -> None:
    old = state(live("v0"), live("v1"))
    changed = routemap(version("v0"), version("v1", "other"))
    assert state(live("v0"), live("other", "rolling"), of=changed, before=old).versions[1].signature == ""


def test_an_outage_keeps_the_signature_so_that_metrics_go_on_where_they_stopped() -> None:
    up = state(live("v0"), live("v1"))
    down = state(live("v0"), live("v1", "failed"), before=up)
    assert down.weights == (1, 0)
    assert down.versions[1].signature == up.versions[1].signature


def test_an_epoch_ends_when_the_assignment_of_users_or_a_content_changes_and_only_then() -> None:
    first = state(live("v0"), live("v1", "starting"), now=1000.5)
    same = state(live("v0"), live("v1", "starting"), before=first, now=1500.0)
    edited = state(live("v0", content="image:9"), live("v1", "starting"), before=same, now=2000.0)
    both = state(live("v0", content="image:9"), live("v1"), before=edited, now=3000.0)
    salted = state(live("v0", content="image:9"), live("v1"), of=routemap(salt="x"), before=both, now=3000.2)
    assert [s.epoch for s in (first, same, edited, both, salted)] == [1000, 1000, 2000, 3000, 3001]


def test_reconciling_again_without_a_change_gives_an_equal_state() -> None:
    once = state(live("v0"), live("v1", "rolling"))
    assert state(live("v0"), live("v1", "rolling"), before=once, now=1500.0) == once


def test_routes_are_rendered_from_the_weights_in_force() -> None:
    routed = routemap(templates={"r": ROUTE})
    (route,) = run(live("v0"), of=routed).routes
    assert (route.template, route.kind, route.namespace, route.name) == ("r", "Service", "shop", "web")
    assert "- 1\n  - 0\n" in route.text


def test_a_template_that_fails_is_a_problem_of_that_template_alone_and_holds_its_last_route() -> None:
    routed = routemap(templates={"bad": "!", "good": ROUTE, "junk": "just text", "two": f"{ROUTE}---\n{ROUTE}"})
    result = run(live("v0"), of=routed)
    assert [route.template for route in result.routes] == ["good"]
    assert result.held_templates == {"bad", "junk", "two"}
    assert ["bad" in result.state.problems[0].message, len(result.state.problems)] == [True, 3]
    assert result.state.weights == (1, 0)


def test_a_template_that_renders_nothing_wants_no_route() -> None:
    result = run(live("v0"), of=routemap(templates={"r": "\n"}))
    assert (result.routes, result.held_templates, result.state.problems) == ((), frozenset(), ())


def test_problems_are_shown_and_make_the_routemap_not_ready() -> None:
    problem = Problem("shop.yaml", 3, 1, "a mistake", application="shop/web")
    seen = state(live("v0"), problems=(problem,))
    assert seen.problems == (problem,)
    assert [c.status for c in seen.conditions if c.type == "Ready"] == [False]


def test_conditions_tell_what_serves_and_what_is_changing() -> None:
    conditions = {c.type: c for c in state(live("v0"), live("v1", "rolling")).conditions}
    assert conditions["Ready"].status
    assert "v0 (1), v1 (1)" in conditions["Ready"].message
    assert (conditions["Reconciling"].status, conditions["Reconciling"].reason) == (True, "RollingOut")
    assert not conditions["Stalled"].status


def test_a_candidate_on_its_way_is_reconciling_and_one_that_failed_is_stalled() -> None:
    def condition(kind: str, *resources: Resource) -> Condition:
        return next(c for c in state(*resources).conditions if c.type == kind)

    starting = condition("Reconciling", live("v0"), live("v1", "starting"))
    assert (starting.status, starting.reason, starting.message) == (True, "Starting", "v1: no replica answers yet")
    failed = condition("Stalled", live("v0"), live("v1", "failed"))
    assert (failed.status, failed.reason, failed.message) == (True, "Crashed", "v1: the container crashes")
    assert not condition("Reconciling", live("v0"), live("v1", "failed")).status
    assert not condition("Reconciling", live("v0")).status, "a version that is not deployed is not on its way"


def test_problems_stall_a_routemap() -> None:
    problem = Problem("shop.yaml", 3, 1, "a mistake", application="shop/web")
    stalled = state(live("v0"), problems=(problem,)).conditions[-1]
    assert (stalled.type, stalled.status, stalled.reason) == ("Stalled", True, "Problems")
    assert "a mistake" in stalled.message


def test_a_condition_remembers_since_when_it_has_its_status() -> None:
    first = state(live("v0"), now=100.0)
    same = state(live("v0"), live("v1"), before=first, now=200.0)
    rolling = state(live("v0"), live("v1", "rolling"), before=same, now=300.0)
    since = [{c.type: c.since for c in each.conditions} for each in (first, same, rolling)]
    assert [each["Ready"] for each in since] == [100, 100, 100]
    assert [each["Reconciling"] for each in since] == [100, 100, 300]


def test_transitions_tell_what_a_person_wants_to_know() -> None:
    def told(before: RoutemapState | None, after: RoutemapState) -> list[tuple[str, str]]:
        return [(each.reason, each.message) for each in transitions(before, after)]

    alone = state(live("v0", content="image:1"))
    joined = state(live("v0", content="image:1"), live("v1"), before=alone)
    changed = state(live("v0", content="image:2"), live("v1"), before=joined)
    assert told(None, alone)[0] == ("Declared", "declared in shop.yaml; weights 1:0")
    assert told(alone, joined) == [
        ("VersionAvailable", "v1 is available"),
        ("ContentSettled", f"v1 has settled: signature {joined.versions[1].signature}"),
        ("WeightsChanged", "weights 1:0 -> 1:1"),
    ]
    ((reason, message),) = told(joined, changed)
    assert (reason, message[:38]) == ("ContentChanged", "v0 has new content: signature " + message[30:38])
    assert told(joined, alone)[0] == ("VersionUnavailable", "v1 is not available: it does not exist")
    assert told(alone, alone) == []


def test_only_what_people_should_worry_about_is_a_warning() -> None:
    alone, joined = state(live("v0")), state(live("v0"), live("v1"))
    assert not any(each.warning for each in (*transitions(None, alone), *transitions(alone, joined)))
    lost = transitions(joined, alone)
    assert [each.reason for each in lost if each.warning] == ["VersionUnavailable"]
    problem = Problem("shop.yaml", 3, 1, "a mistake", application="shop/web")
    broken = state(live("v0"), problems=(problem,), before=alone)
    assert [(each.reason, each.warning) for each in transitions(alone, broken)] == [("Problem", True)]
    assert [each.reason for each in transitions(broken, alone)] == ["ProblemsSolved"]


def test_a_transition_names_the_resource_that_it_is_about() -> None:
    lost = transitions(state(live("v0"), live("v1")), state(live("v0")))[0]
    assert lost.resource == deployment("v1")


def test_a_verdict_may_depend_on_objects_beside_the_one_that_is_named() -> None:
    def inspect(resource: Resource, related: Related) -> Inspection:
        return Inspection(Readiness.ready("Seen", ",".join(sorted(each.name for each in related))), {})

    tools = replace(TOOLS, inspect=inspect, relate=lambda each: [deployment(f"{each.id.name}-child"), deployment("x")])
    seen = {**observed(live("v0"), live("v1")), deployment("v0-child"): live("v0-child"), deployment("x"): NOT_THERE}
    versions = reconcile(declared(), seen, tools, None, (), 1000.0).state.versions
    assert [version.resources[0].message for version in versions] == ["v0-child", ""]


def test_the_signature_that_a_version_had_before_is_remembered_when_its_resources_go() -> None:
    first = state(live("v0"), live("v1", content="image:2"))
    gone = state(live("v0"), before=first)
    assert (gone.versions[1].signature, gone.versions[1].former_signature) == ("", first.versions[1].signature)
    assert state(live("v0"), before=gone).versions[1].former_signature == first.versions[1].signature


def test_a_promotion_is_told_when_the_primary_has_what_a_candidate_had_also_after_that_is_gone() -> None:
    first = state(live("v0"), live("v1", content="image:2"))
    gone = state(live("v0", "rolling", content="image:2"), before=first)
    done = state(live("v0", content="image:2"), before=gone)
    (told,) = [each for each in transitions(gone, done) if each.reason == "Promoted"]
    assert told.message == f"v1 is promoted: v0 has its content now (signature {first.versions[1].signature})"
    assert "Promoted" not in {each.reason for each in transitions(done, state(live("v0"), before=done))}


def test_new_content_of_the_primary_that_no_candidate_had_is_no_promotion() -> None:
    first = state(live("v0"), live("v1", content="image:2"))
    other = state(live("v0", content="image:3"), live("v1", content="image:2"), before=first)
    assert "Promoted" not in {each.reason for each in transitions(first, other)}
