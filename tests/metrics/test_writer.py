"""Group commit: who waits for what, who is told what, and what is kept when the store fails."""

from __future__ import annotations

import gc
import sys
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event

import pytest

from iter8_gitops.errors import InvalidArgumentError, UnavailableError
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.metrics.writer import GroupCommitWriter
from iter8_gitops.spec.metric import ArmStatistics, Exposure, MetricReport, MetricValue
from tests.metrics.streams import APPLICATION, arm, value

PATIENCE = 20.0


class ObservedStore:
    """A real store that notes its transactions, and can be held up or made to fail."""

    def __init__(self, store: SqliteMetricStore) -> None:
        self._store = store
        self.transactions: list[tuple[int, int]] = []
        self.entered = Event()
        self.open = Event()
        self.open.set()
        self.failures: list[Exception | None] = []
        """What the next transactions raise, the last one first; None lets one through."""
        self.outage: Exception | None = None

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        self.transactions.append((len(exposures), len(values)))
        self.entered.set()
        assert self.open.wait(PATIENCE)
        if self.failures and (failure := self.failures.pop()):
            raise failure
        if self.outage:
            raise self.outage
        if any(one.name == "bug" for one in values):
            message = "an unexpected error"
            raise RuntimeError(message)
        if any(one.name == "exit" for one in values):
            sys.exit(3)
        self._store.record(exposures, values)

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        return self._store.report(application, signatures)

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        return self._store.exposed_users(application, signatures)

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        return self._store.statistics(application, signatures, products)

    def close(self) -> None:
        self._store.close()

    def users(self) -> tuple[tuple[float, int], ...]:
        """Counts of users per total, of version 0."""
        (metric,) = self.report(APPLICATION, {0: "sig"})["sales"]
        return metric.over_users.counts


@pytest.fixture
def observed(store: SqliteMetricStore) -> ObservedStore:
    return ObservedStore(store)


@pytest.fixture
def writer(observed: ObservedStore) -> Iterator[GroupCommitWriter]:
    made = GroupCommitWriter(observed, retry_delay=0.02)
    yield made
    observed.open.set()
    observed.outage = None
    made.close()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def held(writer: GroupCommitWriter, observed: ObservedStore) -> Future[None]:
    """Keep the writer busy with one value, so that what follows gathers."""
    observed.open.clear()
    observed.entered.clear()
    future = writer.submit([value(1.0, "first")])
    assert observed.entered.wait(PATIENCE)
    return future


def test_a_value_is_durable_when_its_future_resolves(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    writer.submit([value(2.0), value(3.0)]).result(PATIENCE)
    assert observed.users() == ((5.0, 1),)


def test_what_comes_while_a_transaction_runs_is_stored_together(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    first = held(writer, observed)
    futures = [writer.submit([value(1.0, f"user-{i}")]) for i in range(50)]
    observed.open.set()
    for future in [first, *futures]:
        future.result(PATIENCE)
    assert observed.transactions == [(0, 1), (0, 50)]


def test_batches_are_bounded_and_submissions_are_not_split(observed: ObservedStore) -> None:
    writer = GroupCommitWriter(observed, batch_size=10)
    first = held(writer, observed)
    sizes = (4, 4, 4, 25, 1)
    futures = [writer.submit([value(1.0, f"user-{i}") for i in range(size)]) for size in sizes]
    observed.open.set()
    for future in [first, *futures]:
        future.result(PATIENCE)
    assert observed.transactions == [(0, 1), (0, 8), (0, 4), (0, 25), (0, 1)]
    writer.close()


def test_an_exposure_is_stored_no_later_than_the_values_after_it(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    first = held(writer, observed)
    writer.expose(arm(1), "ann")
    future = writer.submit([value(7.0, "ann", arm(0))])
    observed.open.set()
    first.result(PATIENCE)
    future.result(PATIENCE)
    report = observed.report(APPLICATION, {0: "sig", 1: "sig"})
    assert [metric.over_users.counts for metric in report["sales"]] == [((1.0, 1),), ((7.0, 1),)]


def test_a_value_is_not_credited_to_an_exposure_after_it(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    first = held(writer, observed)
    writer.expose(arm(0), "ann")
    before = writer.submit([value(7.0, "ann")])
    writer.expose(arm(1), "ann")
    after = writer.submit([value(9.0, "ann")])
    observed.open.set()
    for future in (first, before, after):
        future.result(PATIENCE)
    report = observed.report(APPLICATION, {0: "sig", 1: "sig"})
    assert [metric.over_users.counts for metric in report["sales"]] == [((1.0, 1), (7.0, 1)), ((9.0, 1),)]


def test_exposures_alone_are_stored_soon_and_together(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    for i in range(20):
        writer.expose(arm(), f"user-{i}")
    eventually(lambda: observed.exposed_users(APPLICATION, {0: "sig"}) == {0: 20})
    assert len(observed.transactions) <= 2


def test_a_repeated_exposure_costs_no_transaction(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    for _ in range(3):
        writer.expose(arm(), "ann")
        writer.submit([value(1.0)]).result(PATIENCE)
    assert observed.transactions == [(1, 1), (0, 1), (0, 1)]


def test_only_the_latest_users_are_remembered(observed: ObservedStore) -> None:
    writer = GroupCommitWriter(observed, remembered=2)
    for user in ("ann", "bob", "ann", "cy", "ann", "bob"):
        writer.expose(arm(), user)
    writer.submit([value(1.0)]).result(PATIENCE)
    assert observed.transactions == [(4, 1)]
    writer.close()


def test_a_user_who_comes_back_to_an_earlier_arm_is_exposed_again(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    for version in (0, 1, 0):
        writer.expose(arm(version), "ann")
    writer.submit([value(1.0, "ann", arm(1))]).result(PATIENCE)
    assert observed.users() == ((1.0, 1),)


def test_no_values_are_stored_at_once(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    assert writer.submit([]).result(0) is None
    assert observed.transactions == []


def test_a_value_that_cannot_be_stored_fails_only_its_own_submission(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    first = held(writer, observed)
    writer.expose(arm(), "silent")
    good = [writer.submit([value(1.0, f"user-{i}")]) for i in range(9)]
    poison = writer.submit([value(5.0, "half"), value(float("nan"), "half")])
    bug = writer.submit([value(5.0, name="bug")])
    leaving = writer.submit([value(5.0, name="exit")])
    good += [writer.submit([value(1.0, f"user-{i}")]) for i in range(9, 20)]
    observed.open.set()
    for future in [first, *good]:
        future.result(PATIENCE)
    with pytest.raises(InvalidArgumentError) as caught:
        poison.result(PATIENCE)
    assert caught.value.field == "values[1].value"
    with pytest.raises(UnavailableError, match="RuntimeError"):
        bug.result(PATIENCE)
    with pytest.raises(UnavailableError, match="SystemExit"):
        leaving.result(PATIENCE)
    assert observed.users() == ((0.0, 1), (1.0, 21))


def test_an_exposure_that_cannot_be_stored_is_dropped_alone(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    for user in ("ann", "\ud800", "bob"):
        writer.expose(arm(), user)
    writer.submit([value(1.0, "ann")]).result(PATIENCE)
    eventually(lambda: observed.exposed_users(APPLICATION, {0: "sig"}) == {0: 2})
    eventually(lambda: writer.dropped_exposures == 1)
    assert writer.stored_exposures == 2


def test_an_outage_fails_every_submission_of_the_batch_and_none_is_tried_again(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    first = held(writer, observed)
    futures = [writer.submit([value(1.0, f"user-{i}")]) for i in range(5)]
    observed.failures = [UnavailableError("the disk is full")] * 2
    observed.open.set()
    for future in [first, *futures]:
        with pytest.raises(UnavailableError, match="the disk is full"):
            future.result(PATIENCE)
    assert observed.transactions == [(0, 1), (0, 5)]
    writer.submit([value(2.0)]).result(PATIENCE)
    assert observed.users() == ((2.0, 1),)


def test_exposures_outlive_an_outage(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    observed.outage = UnavailableError("locked")
    for version in (0, 1):
        writer.expose(arm(version), "ann")
    eventually(lambda: len(observed.transactions) >= 3)
    writer.expose(arm(1), "ann")
    observed.outage = None
    eventually(lambda: observed.exposed_users(APPLICATION, {0: "sig", 1: "sig"}) == {0: 1, 1: 1})
    writer.submit([value(4.0, "ann")]).result(PATIENCE)
    (metric,) = observed.report(APPLICATION, {0: "sig", 1: "sig"})["sales"]
    assert metric.version == 1
    assert writer.dropped_exposures == 0


def test_an_outage_while_poison_is_searched_fails_the_rest(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    first = held(writer, observed)
    writer.expose(arm(), "silent")
    futures = [writer.submit([value(1.0, f"user-{i}")]) for i in range(4)]
    observed.failures = [UnavailableError("locked"), ValueError("poison"), ValueError("poison"), None]
    observed.open.set()
    first.result(PATIENCE)
    for future in futures:
        with pytest.raises(UnavailableError, match="locked"):
            future.result(PATIENCE)
    eventually(lambda: observed.exposed_users(APPLICATION, {0: "sig"}) == {0: 2})


def test_a_full_queue_refuses_values_and_drops_exposures(observed: ObservedStore) -> None:
    writer = GroupCommitWriter(observed, capacity=5)
    first = held(writer, observed)
    waiting = writer.submit([value(1.0, f"user-{i}") for i in range(4)])
    with pytest.raises(UnavailableError, match="too many"):
        writer.submit([value(1.0), value(1.0)])
    writer.expose(arm(), "fits")
    writer.expose(arm(), "late")
    writer.expose(arm(), "late")
    assert writer.dropped_exposures == 2
    observed.open.set()
    first.result(PATIENCE)
    waiting.result(PATIENCE)
    writer.expose(arm(), "late")
    writer.close()
    assert observed.users() == ((0.0, 2), (1.0, 5))


def test_a_caller_who_gave_up_does_not_disturb_the_others(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    first = held(writer, observed)
    given_up = writer.submit([value(100.0, "gone")])
    kept = writer.submit([value(1.0, "kept")])
    assert given_up.cancel()
    observed.open.set()
    first.result(PATIENCE)
    kept.result(PATIENCE)
    assert observed.users() == ((1.0, 2),)


def test_closing_stores_what_waits(observed: ObservedStore) -> None:
    writer = GroupCommitWriter(observed, exposure_delay=PATIENCE)
    writer.expose(arm(), "silent")
    future = writer.submit([value(1.0)])
    writer.expose(arm(), "late")
    writer.close()
    assert future.done()
    assert observed.users() == ((0.0, 2), (1.0, 1))


def test_a_closed_writer_refuses_values_and_drops_exposures(writer: GroupCommitWriter) -> None:
    writer.close()
    writer.close()
    with pytest.raises(UnavailableError, match="stopping"):
        writer.submit([value(1.0)])
    writer.expose(arm(), "ann")
    assert writer.dropped_exposures == 1


def test_closing_does_not_wait_for_ever(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    first = held(writer, observed)
    waiting = writer.submit([value(1.0, "second")])
    writer.close(timeout=0.05)
    with pytest.raises(UnavailableError, match="stopping"):
        waiting.result(0)
    observed.open.set()
    first.result(PATIENCE)
    assert observed.users() == ((1.0, 1),)


def test_closing_during_an_outage_ends(writer: GroupCommitWriter, observed: ObservedStore) -> None:
    observed.outage = UnavailableError("locked")
    writer.expose(arm(), "ann")
    eventually(lambda: len(observed.transactions) >= 2)
    writer.close(PATIENCE)
    assert writer.dropped_exposures == 1


def test_a_writer_that_is_no_longer_used_is_freed(path: Path) -> None:
    writer = GroupCommitWriter(SqliteMetricStore(path))
    watched = weakref.ref(writer)
    del writer
    gc.collect()
    assert watched() is None


def test_reported_exposures_are_durable_when_their_future_resolves(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    writer.submit([], [Exposure(arm(), "ann"), Exposure(arm(), "bob")]).result(PATIENCE)
    assert observed.exposed_users(APPLICATION, {0: "sig"}) == {0: 2}


def test_reported_exposures_keep_their_place_among_the_others(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    first = held(writer, observed)
    writer.expose(arm(0), "ann")
    reported = writer.submit([], [Exposure(arm(1), "ann")])
    between = writer.submit([value(7.0, "ann", arm(0))])
    writer.expose(arm(0), "ann")
    after = writer.submit([value(9.0, "ann", arm(1))])
    observed.open.set()
    for future in (first, reported, between, after):
        future.result(PATIENCE)
    report = observed.report(APPLICATION, {0: "sig", 1: "sig"})
    assert [metric.over_users.counts for metric in report["sales"]] == [((1.0, 1), (9.0, 1)), ((7.0, 1),)]


def test_reported_exposures_fail_with_the_store_and_may_come_again(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    observed.outage = UnavailableError("the disk is full")
    with pytest.raises(UnavailableError, match="disk is full"):
        writer.submit([], [Exposure(arm(), "ann")]).result(PATIENCE)
    observed.outage = None
    writer.expose(arm(), "ann")
    writer.submit([value(1.0, "bob")]).result(PATIENCE)
    assert observed.exposed_users(APPLICATION, {0: "sig"}) == {0: 2}


def test_a_writer_is_behind_while_more_waits_than_has_room_and_the_store_works(observed: ObservedStore) -> None:
    writer = GroupCommitWriter(observed, capacity=10, retry_delay=0.02)
    first = held(writer, observed)
    assert not writer.is_behind(10)
    writer.expose_all((arm(0), f"user-{number}", 0) for number in range(8))
    assert not writer.is_behind(2)
    assert writer.is_behind(3)
    observed.open.set()
    first.result(PATIENCE)
    eventually(lambda: not writer.is_behind(10))
    assert writer.dropped_exposures == 0
    writer.close()
    assert not writer.is_behind(1_000)


def test_waiting_for_a_store_that_is_unavailable_makes_no_room(observed: ObservedStore) -> None:
    writer = GroupCommitWriter(observed, capacity=10, retry_delay=0.02)
    observed.outage = UnavailableError("the disk is full")
    writer.expose_all((arm(0), f"user-{number}", 0) for number in range(8))
    eventually(lambda: bool(observed.transactions) and not writer.is_behind(3))
    observed.outage = None
    writer.close()
    assert observed.exposed_users(APPLICATION, {0: "sig"}) == {0: 8}


def test_many_exposures_at_once_are_stored_as_single_ones_are(
    writer: GroupCommitWriter, observed: ObservedStore
) -> None:
    writer.expose_all((arm(0), f"user-{number % 3}", 0) for number in range(9))
    writer.expose(arm(0), "user-1")
    writer.submit([value(1.0)]).result(PATIENCE)
    assert observed.exposed_users(APPLICATION, {0: "sig"})[0] >= 3
    assert sum(exposures for exposures, _ in observed.transactions) == 3
