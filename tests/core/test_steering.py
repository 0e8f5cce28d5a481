"""Ramps and promotions as part of a routemap's state: who decides, and what the weights follow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from iter8_gitops.core.evidence import Evidence
from iter8_gitops.core.reconcile import Reconciliation, reconcile
from iter8_gitops.core.records import read_record, record_id, record_route
from iter8_gitops.core.steering import Steering
from iter8_gitops.core.transitions import transitions
from iter8_gitops.spec.resource import Absent, Resource
from iter8_gitops.spec.routemap import PromotionPolicy, RampStep, Routemap
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import PromotionPhase, RampPhase, Record
from tests.core.builders import TOOLS, declared, live, observed, routemap, version

RAMPED = replace(routemap(), ramp=(RampStep(5, 600.0), RampStep(50)))
LEADER = Steering(decides=True)


def run(
    *resources: Resource,
    of: Routemap = RAMPED,
    before: RoutemapState | None = None,
    now: float = 1000.0,
    by: Steering = LEADER,
) -> Reconciliation:
    return reconcile(declared(of), observed(*resources, of=of), TOOLS, before, (), now, by)


def state(*resources: Resource, **more: Any) -> RoutemapState:
    return run(*resources or (live("v0"), live("v1")), **more).state


def reasons(before: RoutemapState, after: RoutemapState) -> list[str]:
    return [each.reason for each in transitions(before, after)]


def test_the_weights_are_those_of_the_step() -> None:
    first = state()
    second = state(before=first, now=1600.0)
    assert (first.weights, second.weights) == ((95, 5), (50, 50))
    assert run(live("v0"), live("v1")).recheck_at == 1600.0
    assert reasons(first, second) == ["WeightsChanged", "RampCompleted"]


def test_a_candidate_that_cannot_answer_gets_nobody_and_the_clock_stands_still() -> None:
    first = state()
    down = state(live("v0"), live("v1", "failed"), before=first, now=1300.0)
    assert down.weights == (95, 0)
    assert down.ramp is not None
    assert (down.ramp.phase, down.ramp.held) == (RampPhase.PAUSED, 300.0)
    assert "RampPaused" in reasons(first, down)
    up = state(before=down, now=5000.0)
    assert up.weights == (95, 5)
    assert "RampResumed" in reasons(down, up)
    assert state(before=up, now=5300.0).weights == (50, 50)


def test_a_breached_guardrail_pauses_it() -> None:
    objection = Steering(decides=True, evidence=Evidence("latency is 4 % worse"))
    paused = state(before=state(), now=1700.0, by=objection)
    assert paused.weights == (95, 5)
    assert paused.ramp is not None
    assert paused.ramp.message == "step 1 of 2: 5 of 100 users; paused: latency is 4 % worse"


def test_a_weight_that_an_annotation_sets_is_left_to_whoever_sets_it() -> None:
    annotated = live("v1", annotations={"iter8.tools/weight": "3"})
    found = state(live("v0"), annotated)
    assert found.weights == (1, 3)
    assert found.ramp is not None
    assert "an annotation sets the weight of v1" in found.ramp.message


def test_new_content_begins_anew_once_it_has_settled() -> None:
    high = state(before=state(), now=1600.0)
    rolling = state(live("v0"), live("v1", "rolling", content="image:2"), before=high, now=1700.0)
    assert rolling.weights == (50, 50)
    settled = state(live("v0"), live("v1", content="image:2"), before=rolling, now=1800.0)
    assert settled.weights == (95, 5)
    assert "RampStarted" in reasons(rolling, settled)


def test_without_a_candidate_there_is_no_ramp_and_the_next_one_begins_at_its_first_step() -> None:
    high = state(before=state(), now=1600.0)
    gone = state(live("v0"), before=high, now=1700.0)
    assert (gone.ramp, gone.weights) == (None, (1, 0))
    assert state(before=gone, now=1800.0).weights == (95, 5)


def test_whoever_does_not_decide_follows_the_record() -> None:
    mine = state()
    ahead = state(before=mine, now=1600.0)
    follower = Steering(decides=False, record=Record(ahead.ramp))
    assert state(before=mine, now=1601.0, by=follower).weights == (50, 50)
    assert state(before=mine, now=9999.0, by=Steering()).weights == (95, 5)
    assert run(live("v0"), live("v1"), before=mine, by=Steering()).recheck_at is None


def test_a_follower_that_was_ahead_goes_back_to_what_the_leader_wrote() -> None:
    written = state()
    ahead = state(before=written, now=1600.0)
    assert state(before=ahead, now=1700.0, by=Steering(False, Record(written.ramp))).weights == (95, 5)


def test_without_a_leader_and_a_record_candidates_get_no_more_than_the_first_step() -> None:
    found = state(by=Steering())
    assert found.weights == (95, 5)
    assert found.ramp is not None
    assert "no replica leads yet" in found.ramp.message


def test_a_new_leader_goes_on_where_the_last_one_was() -> None:
    old = state(before=state(), now=1600.0)
    fresh = state(now=5000.0, by=Steering(decides=True, record=Record(old.ramp)))
    assert fresh.weights == (50, 50)


def test_a_leader_is_not_set_back_by_its_own_record_that_it_has_not_seen_change_yet() -> None:
    first = state()
    second = state(before=first, now=1600.0)
    lagging = Steering(decides=True, record=Record(first.ramp))
    assert state(before=second, now=1601.0, by=lagging) == second


def test_a_promotion_waits_and_becomes_due_and_is_looked_at_again_in_time() -> None:
    policy = replace(routemap(), promotion=PromotionPolicy("commit", (), 600.0))
    both = (live("v0"), live("v1", content="image:2"))
    first = run(*both, of=policy)
    assert first.state.promotion is not None
    assert first.state.promotion.phase is PromotionPhase.WAITING
    assert first.recheck_at == 1600.0
    due = state(*both, of=policy, before=first.state, now=1600.0)
    assert due.promotion is not None
    assert (due.promotion.phase, due.promotion.content) == (PromotionPhase.DUE, due.versions[1].signature)
    assert reasons(first.state, due) == ["PromotionDue"]


def test_a_record_is_an_object_that_every_replica_sees_and_reads_back() -> None:
    found = state()
    record = Record(found.ramp, found.promotion)
    route = record_route(RAMPED, record)
    assert (route.kind, route.namespace, route.name) == ("ConfigMap", "shop", "web.iter8-record")
    import yaml

    manifest = yaml.safe_load(route.text)
    assert manifest["metadata"]["labels"] == {"iter8.tools/watch": "true"}
    assert read_record(Resource(record_id(RAMPED), manifest)) == record


def test_a_record_that_nobody_can_read_is_as_none() -> None:
    identity = record_id(RAMPED)
    assert read_record(None) is None
    assert read_record(Absent("NotFound", "it is not there")) is None
    unreadable: tuple[Any, ...] = (
        None,
        [],
        {},
        {"record.json": 3},
        {"record.json": "{"},
        {"record.json": '{"ramp": 1}'},
    )
    for data in unreadable:
        assert read_record(Resource(identity, {"data": data})) is None


def test_the_record_of_a_very_long_name_has_a_name_that_can_be() -> None:
    names = {record_id(routemap(version("v0"), name="a" * 250 + end)).name for end in ("b", "c")}
    assert len(names) == 2
    assert all(len(name) <= 253 for name in names)
