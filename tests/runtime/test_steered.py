"""Routemaps that change by themselves: on one controller, across restarts, and with several replicas."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from iter8_gitops.contracts.cluster import News
from iter8_gitops.contracts.promoter import PromotionOrder
from iter8_gitops.core.evidence import Evidence
from iter8_gitops.core.promotions import Outcome
from iter8_gitops.core.records import RECORD_TEMPLATE
from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.runtime.steering.judging import Judging
from iter8_gitops.runtime.steering.pilot import Pilot
from iter8_gitops.runtime.steering.promoting import Promoting
from iter8_gitops.spec.resource import Resource, ResourceId
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.steering import PromotionPhase, PromotionState
from iter8_gitops.testing.waiting import eventually
from tests.runtime.fake_cluster import FakeCluster
from tests.runtime.test_live_cluster import Bench

WEB = "shop/web"
RAMPED = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - resources: [{gvrShort: cm, name: web-0}]
    - resources: [{gvrShort: cm, name: web-1}]
  ramp: [{weight: 5, hold: 10m}, {weight: 50, hold: 10m}]
"""
POLICY = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - resources: [{gvrShort: cm, name: web-0}]
    - resources: [{gvrShort: cm, name: web-1}]
  metrics: [{name: revenue, goal: increase}]
  promotion: {mode: commit, minimumRun: 0s}
"""


class SharedCluster(FakeCluster):
    """A replica's view of a cluster that several share: what its leader applies, all of them see."""

    def __init__(self, shared: dict[ResourceId, Resource], *, leads: bool) -> None:
        super().__init__()
        self.objects = shared
        self.leads = leads
        self.keeps_records = True

    def write(self) -> None:
        """Apply the records that are wanted, as the writer of the leader does in the background."""
        for wanted in self.wanted.values() if self.leads else ():
            for route in wanted.routes:
                identity = ResourceId(route.group, route.kind, route.namespace, route.name)
                self.objects[identity] = Resource(identity, yaml.safe_load(route.text))

    def hear(self) -> None:
        """There is news of every object."""
        self.tell(News(resources=frozenset((each.group, each.kind, each.name) for each in self.objects)))


Start = Callable[..., Bench]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a controller on a folder of its own name."""
    benches: list[Bench] = []

    def start(cluster: FakeCluster, name: str = "one", pilot: Pilot | None = None, routemap: str = RAMPED) -> Bench:
        (tmp_path / name).mkdir(exist_ok=True)
        bench = Bench(tmp_path / name, cluster, pilot=pilot)
        benches.append(bench)
        for each in ("web-0", "web-1"):
            identity = cluster.put(each)
            manifest = {**cluster.objects[identity].manifest, "data": {"name": each}}
            cluster.objects[identity] = Resource(identity, manifest)
        for source in ("configmaps", "cluster"):
            bench.deliver(source)
        bench.deliver("git", web=routemap)
        return bench

    yield start
    for bench in benches:
        bench.close()


def wait(bench: Bench, seconds: float) -> None:
    bench.now += seconds
    bench.step()


def says(bench: Bench, text: str) -> bool:
    """Whether the promotion says so, after another look."""
    bench.step()
    return text in promotion(bench).message


def promotion(bench: Bench) -> PromotionState:
    found = bench.snapshot.routemaps[WEB].promotion
    assert found is not None
    return found


def test_a_ramp_rises_by_itself_and_every_step_is_in_the_history(start: Start) -> None:
    bench = start(FakeCluster())
    assert bench.weights(WEB) == (95, 5)
    wait(bench, 590)
    assert bench.weights(WEB) == (95, 5)
    wait(bench, 10)
    assert bench.weights(WEB) == (50, 50)
    told = [reason for call in bench.calls("report") for reason in call[1][2]]  # type: ignore[index]
    assert "RampStepped" in told


def test_a_restart_neither_resets_nor_skips_a_step(start: Start) -> None:
    bench = start(FakeCluster())
    wait(bench, 300)
    bench.close()
    again = start(FakeCluster())
    again.now = bench.now
    again.step()
    assert again.weights(WEB) == (95, 5)
    wait(again, 310)
    assert again.weights(WEB) == (50, 50)


def test_replicas_follow_their_leader_and_its_successor_goes_on(start: Start) -> None:
    shared: dict[ResourceId, Resource] = {}
    leading, following = SharedCluster(shared, leads=True), SharedCluster(shared, leads=False)
    one = start(leading)
    leading.write()
    two = start(following, "two")
    assert (one.weights(WEB), two.weights(WEB)) == ((95, 5), (95, 5))
    wait(one, 700)
    wait(two, 700)
    assert (one.weights(WEB), two.weights(WEB)) == ((50, 50), (95, 5))
    leading.write()
    following.hear()
    two.step()
    assert two.weights(WEB) == (50, 50)
    leading.leads, following.leads = False, True
    wait(two, 1)
    assert two.weights(WEB) == (50, 50)
    wait(two, 700)
    state = two.snapshot.routemaps[WEB]
    assert state.ramp is not None
    assert state.ramp.phase.value == "complete"


def test_a_new_pod_without_a_board_reads_where_the_ramp_was(start: Start) -> None:
    shared: dict[ResourceId, Resource] = {}
    leading = SharedCluster(shared, leads=True)
    one = start(leading)
    wait(one, 700)
    leading.write()
    fresh = start(SharedCluster(shared, leads=True), "fresh")
    assert fresh.weights(WEB) == (50, 50)


def test_a_routemap_that_is_not_steered_has_no_record(start: Start) -> None:
    cluster = SharedCluster({}, leads=True)
    bench = start(cluster)
    assert [route.template for route in cluster.wanted[WEB].routes] == [RECORD_TEMPLATE]
    bench.deliver("git", web=RAMPED.partition("  ramp:")[0])
    assert cluster.wanted[WEB].routes == ()
    assert bench.weights(WEB) == (1, 1)


class Promoter:
    """Does what a test says, once it is let."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self.answers = list(answers)
        self.orders: list[PromotionOrder] = []
        self.may = threading.Event()

    def promote(self, order: PromotionOrder) -> Outcome:
        self.orders.append(order)
        assert self.may.wait(10)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Outcome(order.content, answer.phase, answer.message, answer.reference)


DONE = Outcome("", PromotionPhase.COMMITTED, "promoted by commit abc", "abc")
WON = Evidence("", 1, "v1 wins")


@pytest.fixture
def steered(start: Start) -> Iterator[Callable[..., tuple[Bench, Judging]]]:
    """A controller with a promoter and the evidence that a test gives."""
    pilots: list[Pilot] = []

    def steered(promoter: Promoter, found: Callable[[RoutemapState], Evidence]) -> tuple[Bench, Judging]:
        judging = Judging(found, interval=3600)
        pilot = Pilot(judging, Promoting(promoter))
        pilot.start(lambda: None)
        pilots.append(pilot)
        return start(FakeCluster(), pilot=pilot, routemap=POLICY), judging

    yield steered
    for pilot in pilots:
        pilot.stop()


def until_phase(bench: Bench, phase: PromotionPhase) -> PromotionState:
    def reached() -> bool:
        bench.step()
        return promotion(bench).phase is phase

    eventually(reached)
    return promotion(bench)


def test_a_winner_is_promoted_once(steered: Callable[..., tuple[Bench, Judging]]) -> None:
    promoter = Promoter(DONE)
    bench, _ = steered(promoter, lambda _: WON)
    until_phase(bench, PromotionPhase.DUE)
    bench.step()
    bench.step()
    promoter.may.set()
    done = until_phase(bench, PromotionPhase.COMMITTED)
    assert (done.reference, done.why) == ("abc", "it has run for 0s; v1 wins")
    wait(bench, 3600)
    assert [(order.application, order.version, order.propose, order.source) for order in promoter.orders] == [
        (WEB, 1, False, "git")
    ]


def test_nothing_is_promoted_before_the_measurements_say_so(steered: Callable[..., tuple[Bench, Judging]]) -> None:
    answers = [Evidence("", None, "more users are needed")]
    promoter = Promoter(DONE)
    promoter.may.set()
    bench, judging = steered(promoter, lambda _: answers[-1])
    eventually(lambda: says(bench, "more users are needed"))
    assert promotion(bench).phase is PromotionPhase.WAITING
    assert promoter.orders == []
    answers.append(WON)
    judging.look()
    until_phase(bench, PromotionPhase.COMMITTED)


def test_a_promotion_that_fails_is_told_and_tried_again(steered: Callable[..., tuple[Bench, Judging]]) -> None:
    promoter = Promoter(ConfigurationError("the push was refused"), RuntimeError("a defect"), DONE)
    promoter.may.set()
    bench, _ = steered(promoter, lambda _: WON)
    failed = until_phase(bench, PromotionPhase.FAILED)
    assert failed.message == "the push was refused"
    assert failed.attempts == 1
    wait(bench, 31)
    eventually(lambda: says(bench, "RuntimeError"))
    assert promotion(bench).attempts == 2
    wait(bench, 61)
    until_phase(bench, PromotionPhase.COMMITTED)


@pytest.mark.parametrize("error", [UnavailableError("the store is away"), ZeroDivisionError("x"), SystemExit()])
def test_measurements_that_cannot_be_read_hold_everything_up_and_end_nothing(
    steered: Callable[..., tuple[Bench, Judging]], error: BaseException
) -> None:
    failing = [error]

    def assess(_: RoutemapState) -> Evidence:
        if failing:
            raise failing[0]
        return WON

    promoter = Promoter(DONE)
    promoter.may.set()
    bench, judging = steered(promoter, assess)
    eventually(lambda: says(bench, "its measurements cannot be read"))
    failing.clear()
    judging.look()
    until_phase(bench, PromotionPhase.COMMITTED)


def test_a_replica_that_does_not_lead_promotes_nothing(start: Start) -> None:
    promoter = Promoter(DONE)
    pilot = Pilot(Judging(lambda _: WON, interval=3600), Promoting(promoter))
    bench = start(SharedCluster({}, leads=False), pilot=pilot, routemap=POLICY)
    wait(bench, 100)
    assert bench.snapshot.routemaps[WEB].promotion is None
    assert promoter.orders == []
