"""The contract of a metric store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.metric import Exposure
from iter8_gitops.testing.checks import check, same
from iter8_gitops.testing.store_credits import CreditContract
from iter8_gitops.testing.store_numbers import NumberContract
from iter8_gitops.testing.store_samples import CURRENT, OpenStore, only, same_exposed
from iter8_gitops.testing.store_statistics import StatisticsContract
from iter8_gitops.testing.store_transactions import TransactionContract
from iter8_gitops.testing.streams import APPLICATION, arm, value

_WRITERS = 8
_TURNS = 10


class MetricStoreContract(CreditContract, NumberContract, StatisticsContract, TransactionContract):
    """A plugin with `open_metric_store`. Give `plugin` and a fixture `store_request`."""

    foreign: ClassVar[str] = "no-such-store://host"
    """A URL that the plugin leaves to others."""

    def test_what_is_stored_is_there_when_it_is_opened_again(self, open_store: OpenStore) -> None:
        """A process that ends takes nothing with it."""
        first = open_store()
        first.record([Exposure(arm(), "silent")], [value(5)])
        first.close()
        again = open_store()
        same(only(again).over_users.counts, ((0.0, 1), (5.0, 1)), "the counts after opening the store again")
        again.record([], [value(1)])
        same(only(again).over_users.counts, ((0.0, 1), (6.0, 1)), "the counts after one more value")

    def test_what_one_process_stores_another_one_reports(self, open_store: OpenStore) -> None:
        """Many serving processes share a store, and each credits by the exposures of all."""
        one, other = open_store(), open_store()
        one.record([Exposure(arm(1), "ann")], [])
        other.record([], [value(5, "ann", arm(0))])
        same([each.version for each in one.report(APPLICATION, {0: "sig", 1: "sig"})["sales"]], [1], "the versions")
        one.record([], [value(2, "ann", arm(0))])
        same(only(other, {0: "sig", 1: "sig"}).over_users.counts, ((7.0, 1),), "the counts in the other process")

    def test_threads_that_write_at_once_lose_and_repeat_nothing(self, open_store: OpenStore) -> None:
        """Through one opened store and through several."""
        stores = [open_store(), open_store()]

        def write(number: int) -> None:
            for turn in range(_TURNS):
                exposures = [Exposure(arm(), f"user-{i}") for i in range(5)]
                values = [value(1.0, f"user-{i}") for i in range(5)] + [value(0.5, f"own-{number}-{turn}")]
                stores[number % len(stores)].record(exposures, values)

        with ThreadPoolExecutor(_WRITERS) as pool:
            for done in [pool.submit(write, number) for number in range(_WRITERS)]:
                done.result()
        writes = _WRITERS * _TURNS
        metric = only(stores[0])
        same(metric.over_transactions.counts, ((0.5, writes), (1.0, 5 * writes)), "the counts over transactions")
        same(metric.over_users.counts, ((0.5, writes), (float(writes), 5)), "the counts over users")
        same_exposed(stores[1], {0: writes + 5}, CURRENT)

    def test_a_closed_store_says_so_and_may_be_closed_again(self, store: MetricStore) -> None:
        """Every call raises `UnavailableError`."""
        store.record([], [value(1)])
        store.close()
        store.close()
        calls: dict[str, Callable[[], object]] = {
            "record": lambda: store.record([Exposure(arm(), "ann")], [value(1)]),
            "report": lambda: store.report(APPLICATION, CURRENT),
            "exposed_users": lambda: store.exposed_users(APPLICATION, CURRENT),
            "statistics": lambda: store.statistics(APPLICATION, CURRENT),
        }
        for name, call in calls.items():
            check(_unavailable(call), f"{name} of a closed store does not raise UnavailableError")

    def test_other_stores_are_left_to_other_plugins(self, store_request: MetricStoreRequest) -> None:
        """None for a URL that the plugin does not know."""
        request = MetricStoreRequest(self.foreign, store_request.embedded)
        answer = self.loaded().ask("open_metric_store", request=request)
        check(answer.value is None and answer.error is None, f"open_metric_store answers for {self.foreign!r}")


def _unavailable(call: Callable[[], object]) -> bool:
    try:
        call()
    except UnavailableError:
        return True
    return False
