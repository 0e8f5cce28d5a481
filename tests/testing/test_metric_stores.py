"""The suite for metric stores: a good one passes, and each kind of mistake is found and explained."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from iter8_gitops.contracts.metric_store import MetricStore, MetricStoreRequest
from iter8_gitops.errors import UnavailableError
from iter8_gitops.hooks import hookimpl
from iter8_gitops.metrics.validation import check
from iter8_gitops.spec.metric import (
    ArmStatistics,
    Distribution,
    Exposure,
    MetricReport,
    MetricValue,
    Summary,
    VersionMetric,
)
from iter8_gitops.testing import MetricStoreContract
from iter8_gitops.testing.streams import RawStream, arm, counted, exact_summary
from tests.testing.running import complaints

REQUEST = MetricStoreRequest("memory:", Path("unused"))


class Memory:
    """Keeps everything and computes everything again; subclasses make a mistake each."""

    def __init__(self, raw: RawStream) -> None:
        self._raw = raw
        self._lock = threading.Lock()
        self._closed = False

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        self.check(exposures, values)
        self.must_be_open()
        with self._lock:
            self._raw.record(exposures, self.zeros(values))

    def check(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        check(exposures, values)

    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        return [replace(each, value=each.value + 0.0) for each in values]

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        self.must_be_open()
        return {
            name: tuple(VersionMetric(version, *map(self.distribution, numbers)) for version, *numbers in versions)
            for name, versions in self._raw.report(application, signatures).items()
        }

    def distribution(self, numbers: list[float]) -> Distribution:
        return Distribution(self.summary(numbers), counted(numbers))

    def summary(self, numbers: list[float]) -> Summary:
        return exact_summary(numbers)

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        self.must_be_open()
        users = self._raw.exposed
        return {each: len(users[application, each, sig]) if sig else 0 for each, sig in signatures.items()}

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        self.must_be_open()
        return self._raw.statistics(application, signatures, products)

    def must_be_open(self) -> None:
        if self._closed:
            raise UnavailableError("the store is closed")

    def close(self) -> None:
        self._closed = True


class CreditsTheFallback(Memory):
    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        for each in values:
            self._raw.record([Exposure(each.fallback, each.user)], [])
        return super().zeros(values)


class ForgetsTheSilent(Memory):
    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        found = super().report(application, signatures)
        return {name: tuple(self._loud(metric) for metric in versions) for name, versions in found.items()}

    def _loud(self, metric: VersionMetric) -> VersionMetric:
        numbers = [value for value, count in metric.over_users.counts for _ in range(count) if value]
        return VersionMetric(metric.version, metric.over_transactions, self.distribution(numbers or [0.0]))


class MixesApplications(Memory):
    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        return super().report("shop/web", signatures)


class Descends(Memory):
    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        return dict(reversed(list(super().report(application, signatures).items())))


class Rounds(Memory):
    def summary(self, numbers: list[float]) -> Summary:
        mean = sum(numbers) / len(numbers)
        variance = max(sum(number**2 for number in numbers) / len(numbers) - mean**2, 0.0)
        return Summary(len(numbers), mean, variance**0.5, min(numbers), max(numbers))


class TakesAnything(Memory):
    def check(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        pass


class StoresHalf(Memory):
    def check(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        self._raw.record(exposures, [])
        super().check(exposures, values)


class KeepsNegativeZero(Memory):
    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        return values


class Forgets(Memory):
    def __init__(self, raw: RawStream) -> None:
        super().__init__(RawStream())


class CountsAgain(Memory):
    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        return [replace(each, transaction="") for each in super().zeros(values)]


class RemembersTransactionsOfAllMetrics(Memory):
    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        return [each for each in super().zeros(values) if not self._counted(each)]

    def _counted(self, value: MetricValue) -> bool:
        return bool(value.transaction) and any(value.transaction == known for *_, known in self._raw.counted)


class ExposesForRepetitions(Memory):
    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        for each in values:
            if (each.fallback.application, each.user) not in self._raw.last:
                self._raw.record([Exposure(each.fallback, each.user)], [])
        return super().zeros(values)


class PoolsCohorts(Memory):
    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        super().record(
            [each._replace(arm=replace(each.arm, cohort="")) for each in exposures],
            [replace(each, fallback=replace(each.fallback, cohort="")) for each in values],
        )


class Tells(Memory):
    """Says something else of each epoch than what there is."""

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        return tuple(map(self.told, super().statistics(application, signatures, products)))

    def told(self, arm: ArmStatistics) -> ArmStatistics:
        return arm


class CallsEverybodyNew(Tells):
    def told(self, arm: ArmStatistics) -> ArmStatistics:
        return replace(arm, newcomers=arm.users)


class CountsZeroAsPositive(Tells):
    def told(self, arm: ArmStatistics) -> ArmStatistics:
        return replace(arm, metrics={name: replace(sums, positive=sums.count) for name, sums in arm.metrics.items()})


class KeepsOneDouble(Tells):
    def told(self, arm: ArmStatistics) -> ArmStatistics:
        return replace(
            arm,
            metrics={name: replace(sums, squares=(sums.squares[0], 0.0)) for name, sums in arm.metrics.items()},
        )


class ForgetsOldTotalsInProducts(Memory):
    def zeros(self, values: Sequence[MetricValue]) -> Sequence[MetricValue]:
        return [replace(each, products=()) for each in super().zeros(values)]


class NeverCloses(Memory):
    def close(self) -> None:
        pass


def said_of(store: type[Memory], *, greedy: bool = False, only: str = "test_") -> dict[str, str]:
    """What fails, each test having a store of its own."""
    said: dict[str, str] = {}
    for name in (name for name in dir(MetricStoreContract) if name.startswith(only)):
        kept = RawStream()

        @hookimpl
        def open_metric_store(request: MetricStoreRequest, kept: RawStream = kept) -> MetricStore | None:
            return store(kept) if greedy or request.url == "memory:" else None

        contract = type("T", (MetricStoreContract,), {"plugin": SimpleNamespace(open_metric_store=open_metric_store)})
        with ExitStack() as stack:

            def open_store(kept: RawStream = kept, stack: ExitStack = stack) -> Memory:
                opened = store(kept)
                stack.callback(opened.close)
                return opened

            fixtures = {"store": open_store(), "open_store": open_store, "store_request": REQUEST}
            said |= complaints(contract, fixtures, only=name)
    return said


def test_a_good_store_passes() -> None:
    assert said_of(Memory) == {}


MISTAKES: dict[type[Memory], tuple[str, str]] = {
    CreditsTheFallback: ("test_a_value_is_credited_to_the_last_exposure", "the versions with data: [0]"),
    ForgetsTheSilent: ("test_exposed_users_who_wrote_nothing_count_zero", "the summary over users"),
    MixesApplications: ("test_applications_do_not_mix", "the counts of shop/api: ((1.0, 1),)"),
    Descends: ("test_metric_names_and_versions_ascend", "the metrics of the report: ['zeta', 'métier', 'alpha']"),
    Rounds: ("test_large_totals_close_together_keep_their_spread", "the standard deviation over users: "),
    KeepsNegativeZero: ("test_negative_zero_is_zero", "the smallest value: '-0.0', but it should be '0.0'"),
    Forgets: ("test_what_is_stored_is_there_when_it_is_opened_again", "one version should have data, but 0 have"),
    CountsAgain: (
        "test_a_transaction_counts_once_within_one_call",
        "the counts over transactions: ((1.0, 1), (2.0, 1)",
    ),
    RemembersTransactionsOfAllMetrics: (
        "test_a_transaction_is_of_one_metric_and_one_application",
        "one version should have data, but 0 have",
    ),
    ExposesForRepetitions: (
        "test_a_repeated_transaction_changes_nothing",
        "the numbers of exposed users: {0: 1, 1: 1}",
    ),
    PoolsCohorts: ("test_users_who_are_not_there_at_random_are_never_mixed_in", "the report without users at random: "),
    CallsEverybodyNew: ("test_a_newcomer_is_counted_once_in_an_experiment", "version, epoch, users and newcomers: "),
    CountsZeroAsPositive: (
        "test_users_with_a_sum_above_zero_are_counted_as_their_sums_cross_it",
        "users above 0 after a step of 0: 2, but it should be 0",
    ),
    KeepsOneDouble: ("test_sums_in_statistics_are_exact", "the sum of squares: "),
    ForgetsOldTotalsInProducts: ("test_products_sum_over_users", "the product: None, but it should be (9.0, 0.0)"),
    NeverCloses: ("test_a_closed_store_says_so", "record of a closed store does not raise UnavailableError"),
}


@pytest.mark.parametrize("store", MISTAKES, ids=lambda store: store.__name__)
def test_a_mistake_is_found_and_explained(store: type[Memory]) -> None:
    found_by, said = MISTAKES[store]
    (found,) = said_of(store, only=found_by).values()
    assert said in found


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (TakesAnything, "the field that the refusal names: '', but it should be 'values[1].user'"),
        (StoresHalf, "the numbers of exposed users: {0: 1}, but it should be {0: 0}"),
    ],
)
def test_a_store_that_takes_what_cannot_be_stored_is_found(store: type[Memory], said: str) -> None:
    name = "test_what_cannot_be_stored_is_refused_by_name_and_nothing_is_stored"
    contract = type("T", (MetricStoreContract,), {})
    bad = MetricValue("sales", 1.0, "\ud800", arm())
    fixtures = {"store": store(RawStream()), "bad": bad, "field": "values[1].user"}
    assert complaints(contract, fixtures, only=name)[name] == said


def test_a_plugin_that_takes_every_store_is_found() -> None:
    found_by = "test_other_stores_are_left_to_other_plugins"
    said = said_of(Memory, greedy=True, only=found_by)
    assert said == {found_by: "open_metric_store answers for 'no-such-store://host'"}
