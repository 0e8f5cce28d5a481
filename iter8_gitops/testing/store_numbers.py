"""The part of the contract of a metric store that is about numbers: exact where they can be, refused where not."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.metric import MAX_MAGNITUDE, Arm, Exposure, MetricValue
from iter8_gitops.testing.checks import check, same
from iter8_gitops.testing.store_samples import CURRENT, StoreSamples, only, reported, same_exposed
from iter8_gitops.testing.streams import APPLICATION, RawStream, arm, counted, exact_summary, value

_STREAMS = 40
_SIGNATURES: tuple[Mapping[int, str], ...] = ({0: "s", 1: "s"}, {0: "t", 1: "s", 2: "s"}, {1: "t"})
_USERS = ("ann", "bob", "c:d", "é")
_UNSTORABLE: tuple[tuple[MetricValue, str], ...] = (
    (value(float("nan")), "values[1].value"),
    (value(float("inf")), "values[1].value"),
    (value(float("-inf")), "values[1].value"),
    (value(MAX_MAGNITUDE * 1.01), "values[1].value"),
    (value(10**400), "values[1].value"),
    (value(1, "\ud800"), "values[1].user"),
    (value(1, name="\udfff"), "values[1].name"),
    (value(1, fallback=arm(epoch=-1)), "values[1].arm"),
    (value(1, fallback=arm(version=2**63)), "values[1].arm"),
    (value(1, fallback=arm(application="\ud800")), "values[1].application"),
    (value(1, fallback=arm(cohort="\ud800")), "values[1].cohort"),
    (value(1, transaction="\ud800"), "values[1].transaction"),
    (value(1, products=(("sales", "\ud800"),)), "values[1].products"),
    (value(1, experiment=-1), "values[1].experiment"),
    (value(1, fallback=arm(epoch=5), experiment=6), "values[1].experiment"),
)
_UNSTORABLE_IDS = [f"{index}-{field}" for index, (_, field) in enumerate(_UNSTORABLE)]


class NumberContract(StoreSamples):
    """Summaries are those of all values, and nothing that cannot be a number gets in."""

    def test_any_stream_is_reported_as_a_recomputation_would(self, store: MetricStore) -> None:
        """Exposures, values, signatures and epochs at random; the numbers are such that sums are exact."""
        for number in range(_STREAMS):
            application = f"shop/stream-{number}"
            raw = _recorded(store, application, random.Random(number))  # noqa: S311 - it must repeat
            for signatures in _SIGNATURES:
                _compare(store, raw, application, signatures)

    def test_the_smallest_total_is_right_after_its_user_moved_back_inside(self, store: MetricStore) -> None:
        """A smallest or largest total may stop being it."""
        store.record([], [value(-50, "low"), value(0.5, "mid"), value(90, "high")])
        store.record([], [value(51, "low"), value(-89, "high")])
        metric = only(store)
        same(metric.over_users.summary, exact_summary([1.0, 0.5, 1.0]), "the summary over users")
        same(metric.over_users.counts, ((0.5, 1), (1.0, 2)), "the counts over users")

    def test_one_batch_may_be_large(self, store: MetricStore) -> None:
        """Larger than what one statement, or one message, takes."""
        store.record([], [value(1, f"user-{i % 3000}") for i in range(6000)])
        same(only(store).over_users.counts, ((2.0, 3000),), "the counts over users")

    def test_an_offset_costs_no_accuracy(self, store: MetricStore) -> None:
        """Values that are far from 0 and close together."""
        numbers = [1e8 + i / 8 for i in range(40)]
        for number in numbers:
            store.record([], [value(number, f"user-{i}") for i in range(3)] + [value(number / 3, "other")])
        found = only(store).over_transactions.summary
        expected = exact_summary([*numbers, *numbers, *numbers, *(number / 3 for number in numbers)])
        _close(found.standard_deviation, expected.standard_deviation, 1e-14, "the standard deviation")
        _close(found.mean, expected.mean, 1e-15, "the mean")

    def test_large_totals_close_together_keep_their_spread(self, store: MetricStore) -> None:
        """Also where each total came together from many values."""
        users = {f"user-{i}": [1e8 + i / 4] * 10 for i in range(20)}
        for user, numbers in users.items():
            store.record([], [value(number, user) for number in numbers])
        expected = exact_summary([sum(numbers) for numbers in users.values()])
        found = only(store).over_users.summary
        _close(found.standard_deviation, expected.standard_deviation, 1e-14, "the standard deviation over users")

    def test_an_absurd_first_value_does_not_blur_the_others(self, store: MetricStore) -> None:
        """A store that shifts its sums by the first value loses the others here."""
        numbers = [0.125 * (i % 3) + 0.1 for i in range(30)]
        store.record([], [value(1.7e18, "odd", arm(1))])
        store.record([], [value(number, f"user-{i}") for i, number in enumerate(numbers)])
        (metric,) = reported(store)
        same(metric.over_transactions.summary, exact_summary(numbers), "the summary over transactions")

    def test_negative_zero_is_zero(self, store: MetricStore) -> None:
        """They are equal, and must look equal."""
        store.record([], [value(-0.0), value(-0.0, "bob")])
        metric = only(store)
        same(str(metric.over_transactions.summary.minimum), "0.0", "the smallest value")
        same(str(metric.over_users.counts), "((0.0, 2),)", "the counts over users")

    @pytest.mark.parametrize(("bad", "field"), _UNSTORABLE, ids=_UNSTORABLE_IDS)
    def test_what_cannot_be_stored_is_refused_by_name_and_nothing_is_stored(
        self, store: MetricStore, bad: MetricValue, field: str
    ) -> None:
        """The first bad value is named; the good ones of the same call are not stored either."""
        said = _refusal(store, [Exposure(arm(), "bob")], [value(1), bad])
        same(said, field, "the field that the refusal names")
        same(dict(store.report(APPLICATION, CURRENT)), {}, "the report after a refusal")
        same_exposed(store, {0: 0}, CURRENT)

    @pytest.mark.parametrize(
        "bad",
        [Exposure(arm(epoch=-1), "ann"), Exposure(arm(), "\ud800"), Exposure(arm(), "ann", -1)],
        ids=["epoch", "user", "experiment"],
    )
    def test_an_exposure_that_cannot_be_stored_is_refused(self, store: MetricStore, bad: Exposure) -> None:
        """And named."""
        said = _refusal(store, [bad], [])
        check(said.startswith("exposures[0]"), f"the refusal names {said!r}, not exposures[0]")


def _refusal(store: MetricStore, exposures: list[Exposure], values: list[MetricValue]) -> str:
    """The field that `record` refuses; "" when it refuses nothing."""
    try:
        store.record(exposures, values)
    except InvalidArgumentError as error:
        return error.field
    return ""


def _recorded(store: MetricStore, application: str, chance: random.Random) -> RawStream:
    """A stream of some batches, recorded both in the store and raw."""
    raw = RawStream()

    def some_arm() -> Arm:
        return arm(chance.randint(0, 1), chance.choice(["s", "t", ""]), chance.randint(0, 2), application)

    for _ in range(chance.randint(1, 6)):
        exposures = [Exposure(some_arm(), chance.choice(_USERS)) for _ in range(chance.randint(0, 4))]
        values = [
            value(chance.randint(-640, 640) / 64, chance.choice(_USERS), some_arm(), chance.choice(["sales", "clicks"]))
            for _ in range(chance.randint(0, 6))
        ]
        store.record(exposures, values)
        raw.record(exposures, values)
    return raw


def _compare(store: MetricStore, raw: RawStream, application: str, signatures: Mapping[int, str]) -> None:
    found, expected = store.report(application, signatures), raw.report(application, signatures)
    about = f"of {application}"
    same(list(found), list(expected), f"the metrics {about}")
    for name, versions in expected.items():
        same([metric.version for metric in found[name]], [version for version, _, _ in versions], f"versions {about}")
        for metric, (_, transactions, totals) in zip(found[name], versions, strict=True):
            same(metric.over_transactions.counts, counted(transactions), f"the counts over transactions {about}")
            same(metric.over_transactions.summary, exact_summary(transactions), f"the transactions {about}")
            same(metric.over_users.counts, counted(totals), f"the counts over users {about}")
            same(metric.over_users.summary, exact_summary(totals), f"the users {about}")
    exposed = {version: len(raw.exposed[application, version, sig]) for version, sig in signatures.items()}
    same_exposed(store, exposed, signatures, application)


def _close(found: float, expected: float, tolerance: float, what: str) -> None:
    check(abs(found - expected) <= tolerance * abs(expected), f"{what}: {found!r}, but it should be {expected!r}")
