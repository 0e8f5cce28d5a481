"""The part of the contract of a metric store that says what is counted once, however often it is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.metric import Exposure, MetricValue
from iter8_gitops.testing.checks import check, same
from iter8_gitops.testing.store_samples import NAMES, OpenStore, StoreSamples, only, reported, same_exposed
from iter8_gitops.testing.streams import arm, value

_TWO = {0: "sig", 1: "sig"}
_WRITERS = 8
_ORDERS = 60


def _order(number: int) -> MetricValue:
    return value(1.0, f"user-{number % 5}", transaction=f"order-{number}")


class TransactionContract(StoreSamples):
    """A value with a transaction counts once per application and metric."""

    def test_a_transaction_counts_once_within_one_call(self, store: MetricStore) -> None:
        """The first one counts."""
        store.record([], [value(1, transaction="a"), value(2, transaction="a"), value(4, transaction="b")])
        same(only(store).over_transactions.counts, ((1.0, 1), (4.0, 1)), "the counts over transactions")
        same(only(store).over_users.counts, ((5.0, 1),), "the counts over users")

    def test_a_transaction_counts_once_over_calls_and_openings(self, open_store: OpenStore) -> None:
        """Whichever process wrote it first, and also after that one has ended."""
        first, beside = open_store(), open_store()
        first.record([], [value(1, transaction="a")])
        first.record([], [value(1, transaction="a"), value(2, transaction="b")])
        beside.record([], [value(1, transaction="a"), value(2, transaction="b"), value(4, transaction="c")])
        first.close()
        after = open_store()
        after.record([], [value(4, transaction="c"), value(8, transaction="d")])
        counts = ((1.0, 1), (2.0, 1), (4.0, 1), (8.0, 1))
        same(only(after).over_transactions.counts, counts, "the counts over transactions")

    def test_a_transaction_is_of_one_metric_and_one_application(self, store: MetricStore) -> None:
        """An order has a revenue and a number of items."""
        store.record([], [value(1, transaction="a"), value(2, name="items", transaction="a")])
        store.record([], [value(4, fallback=arm(application="shop/api"), transaction="a")])
        same(only(store).over_transactions.counts, ((1.0, 1),), "the counts of one metric")
        (items,) = reported(store, name="items")
        same(items.over_transactions.counts, ((2.0, 1),), "the counts of the other metric")
        other = only(store, application="shop/api")
        same(other.over_transactions.counts, ((4.0, 1),), "the counts of the other application")

    def test_values_without_a_transaction_count_every_time(self, store: MetricStore) -> None:
        """The same number of the same user may well come twice."""
        for _ in range(2):
            store.record([], [value(1), value(1)])
        same(only(store).over_transactions.counts, ((1.0, 4),), "the counts over transactions")

    def test_a_repeated_transaction_changes_nothing(self, store: MetricStore) -> None:
        """Not even who is exposed, though it comes with another value of another user."""
        store.record([Exposure(arm(), "ann")], [value(1, transaction="a")])
        store.record([], [value(5, "bob", arm(1), transaction="a")])
        same(only(store, _TWO).over_users.counts, ((1.0, 1),), "the counts over users")
        same_exposed(store, {0: 1, 1: 0}, _TWO)
        arms = store.statistics("shop/web", _TWO)
        same([(each.version, each.users, each.newcomers) for each in arms], [(0, 1, 1)], "the users in the statistics")

    def test_a_repeated_transaction_is_not_moved(self, store: MetricStore) -> None:
        """To the version that its user was given since."""
        store.record([Exposure(arm(0), "ann")], [value(1, transaction="a")])
        store.record([Exposure(arm(1), "ann")], [value(1, transaction="a")])
        same([metric.version for metric in reported(store, _TWO)], [0], "the versions with data")

    def test_what_was_refused_is_not_remembered(self, store: MetricStore) -> None:
        """A caller who corrects a call may send all of it again."""
        with pytest.raises(InvalidArgumentError):
            store.record([], [value(1, transaction="a"), value(float("nan"), transaction="b")])
        store.record([], [value(1, transaction="a"), value(2, transaction="b")])
        same(only(store).over_transactions.counts, ((1.0, 1), (2.0, 1)), "the counts over transactions")

    def test_threads_that_repeat_one_another_count_once(self, open_store: OpenStore) -> None:
        """Callers try again while the first attempt is still under way."""
        stores = [open_store(), open_store()]

        def write(number: int) -> None:
            for first in range(number % 3, _ORDERS, 3):
                orders = [_order((first + i) % _ORDERS) for i in range(5)]
                stores[number % len(stores)].record([], orders)

        with ThreadPoolExecutor(_WRITERS) as pool:
            for done in [pool.submit(write, number) for number in range(_WRITERS)]:
                done.result()
        same(only(stores[0]).over_transactions.counts, ((1.0, _ORDERS),), "the counts over transactions")
        same(only(stores[1]).over_users.counts, ((_ORDERS / 5, 5),), "the counts over users")

    def test_one_batch_may_have_many_transactions(self, store: MetricStore) -> None:
        """More than one statement, or one message, takes; the second time none of them counts."""
        for _ in range(2):
            store.record([], [_order(number) for number in range(3000)])
        same(only(store).over_users.counts, ((600.0, 5),), "the counts over users")

    def test_any_text_is_a_transaction(self, store: MetricStore) -> None:
        """Texts that differ are different transactions, whatever the store's own language makes of them."""
        for _ in range(2):
            store.record([], [value(1, transaction=text) for text in NAMES])
        counts = only(store).over_transactions.counts
        check(counts == ((1.0, len(NAMES)),), f"the counts of {len(NAMES)} transactions that came twice: {counts!r}")
