"""The part of the contract of a metric store that is about statistics: who was where when, and with which sums."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from fractions import Fraction

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.spec.metric import ArmStatistics, Exposure, MetricValue, UserSums
from iter8_gitops.testing.checks import check, same
from iter8_gitops.testing.store_samples import CURRENT, OpenStore, StoreSamples, only, same_exposed
from iter8_gitops.testing.streams import APPLICATION, RawStream, arm, exact_sum, value

_TWO = {0: "sig", 1: "sig"}
_RATIO = ("sales", "visits")
_OTHER_RATIO = ("clicks", "visits")
_SQUARE = ("sales", "sales")
_STREAMS = 40
_SIGNATURES: tuple[Mapping[int, str], ...] = ({0: "s", 1: "s"}, {0: "t", 1: "s", 2: "s"}, {0: "", 1: "t"})
_USERS = ("ann", "bob", "c:d", "é")
_COHORTS = ("", "", "", "override", "holdout", "rule")


def _sales(number: float, user: str = "ann", *, follow: bool = True, epoch: int = 0) -> MetricValue:
    return value(number, user, arm(epoch=epoch), products=(_RATIO,) if follow else ())


def _visits(number: float, user: str = "ann", *, follow: bool = True, epoch: int = 0) -> MetricValue:
    return value(number, user, arm(epoch=epoch), "visits", products=(_RATIO,) if follow else ())


class StatisticsContract(StoreSamples):
    """Users at random, epoch by epoch; sums over users that are exact."""

    def test_nobody_is_no_statistics(self, store: MetricStore) -> None:
        """Of an empty store, an unknown application, and content that has not settled."""
        same(tuple(store.statistics(APPLICATION, CURRENT)), (), "the statistics of an empty store")
        store.record([Exposure(arm(signature=""), "ann")], [value(1, "bob", arm(signature=""))])
        same(tuple(store.statistics(APPLICATION, {0: ""})), (), "the statistics of what has not settled")
        same(tuple(store.statistics("shop/none", CURRENT)), (), "the statistics of an unknown application")

    def test_statistics_hold_the_sums_of_users_and_of_their_squares(self, store: MetricStore) -> None:
        """Users without a value are counted among the exposed alone."""
        store.record([Exposure(arm(), "silent")], [value(1), value(2), value(-4, "bob"), value(8, name="clicks")])
        (found,) = store.statistics(APPLICATION, CURRENT)
        same((found.version, found.epoch, found.users, found.newcomers), (0, 0, 3, 3), "where, and how many users")
        sales = UserSums(count=2, positive=1, sum=(-1.0, 0.0), squares=(25.0, 0.0))
        clicks = UserSums(count=1, positive=1, sum=(8.0, 0.0), squares=(64.0, 0.0))
        same(dict(found.metrics), {"sales": sales, "clicks": clicks}, "the sums of the metrics")
        same(dict(found.products), {}, "the products, of which none were asked for")

    def test_epochs_are_kept_apart(self, store: MetricStore) -> None:
        """A user who comes back to an epoch goes on with the sum that was there."""
        for epoch in (0, 1, 0, 2):
            store.record([Exposure(arm(epoch=epoch), "ann")], [value(1), value(10, "bob")])
        found = store.statistics(APPLICATION, CURRENT)
        sums = [(each.version, each.epoch, each.users, each.metrics["sales"].sum) for each in found]
        expected = [(0, 0, 2, (42.0, 0.0)), (0, 1, 1, (1.0, 0.0)), (0, 2, 1, (1.0, 0.0))]
        same(sums, expected, "version, epoch, users and sum")

    def test_statistics_ascend_by_version_and_epoch(self, store: MetricStore) -> None:
        """In whatever order they were written and are asked for."""
        for version, epoch in ((1, 5), (0, 10), (0, 9), (1, 4)):
            store.record([Exposure(arm(version, epoch=epoch), f"{version}-{epoch}")], [])
        found = [(each.version, each.epoch) for each in store.statistics(APPLICATION, {1: "sig", 0: "sig"})]
        same(found, [(0, 9), (0, 10), (1, 4), (1, 5)], "versions and epochs")

    def test_other_contents_and_applications_are_not_in_it(self, store: MetricStore) -> None:
        """Nor versions that were not asked for."""
        for place in (arm(signature="old"), arm(1), arm(application="shop/api")):
            store.record([], [value(1, fallback=place)])
        store.record([Exposure(arm(), "ann")], [value(2)])
        (found,) = store.statistics(APPLICATION, CURRENT)
        same((found.users, found.metrics["sales"].sum), (1, (2.0, 0.0)), "users and sum")

    def test_users_with_a_sum_above_zero_are_counted_as_their_sums_cross_it(self, store: MetricStore) -> None:
        """Both ways, and within each epoch by itself."""
        for step, positive in ((0, 0), (5, 1), (1, 1), (-6, 0), (-1, 0), (1, 0), (0.5, 1)):
            store.record([], [value(step), value(-1, "bob")])
            (found,) = store.statistics(APPLICATION, CURRENT)
            same(found.metrics["sales"].positive, positive, f"users above 0 after a step of {step}")
        store.record([Exposure(arm(epoch=1), "ann")], [value(-5)])
        store.record([], [value(6)])
        counts = [each.metrics["sales"].positive for each in store.statistics(APPLICATION, CURRENT)]
        same(counts, [1, 1], "users above 0 in each epoch")

    def test_a_newcomer_is_counted_once_in_an_experiment(self, store: MetricStore) -> None:
        """Where the user was first; another epoch, another version and another exposure change nothing."""
        for place in (arm(epoch=5), arm(epoch=5), arm(1, epoch=6), arm(epoch=7)):
            store.record([Exposure(place, "ann", 5)], [])
        found = store.statistics(APPLICATION, _TWO)
        newcomers = [(each.version, each.epoch, each.users, each.newcomers) for each in found]
        same(newcomers, [(0, 5, 1, 1), (0, 7, 1, 0), (1, 6, 1, 0)], "version, epoch, users and newcomers")

    def test_everybody_is_new_in_a_new_experiment(self, store: MetricStore) -> None:
        """Who was exposed before it began is a newcomer once more."""
        store.record([Exposure(arm(epoch=5), user, 5) for user in ("ann", "bob")], [])
        store.record([Exposure(arm(epoch=8), "ann", 8), Exposure(arm(epoch=9), "ann", 8)], [])
        found = store.statistics(APPLICATION, CURRENT)
        newcomers = [(each.epoch, each.users, each.newcomers) for each in found]
        same(newcomers, [(5, 2, 2), (8, 1, 1), (9, 1, 0)], "epoch, users and newcomers")

    def test_a_process_that_is_behind_makes_nobody_a_newcomer_again(self, store: MetricStore) -> None:
        """It still exposes users in the experiment before, who are then exposed in the present one."""
        places = (arm(epoch=5), arm(1, epoch=6), arm(epoch=5), arm(1, epoch=6))
        store.record([Exposure(place, "ann", place.epoch) for place in places], [])
        for place in places:
            store.record([Exposure(place, "ann", place.epoch)], [])
        found = store.statistics(APPLICATION, _TWO)
        newcomers = [(each.version, each.users, each.newcomers) for each in found]
        same(newcomers, [(0, 1, 1), (1, 1, 1)], "version, users and newcomers")

    def test_a_fallback_counts_as_an_exposure_in_the_experiment_of_its_value(self, store: MetricStore) -> None:
        """It may be what makes a user known; a user who is known is not exposed by a value."""
        store.record([Exposure(arm(epoch=5), "ann", 5)], [])
        store.record([], [value(1, user, arm(epoch=8), experiment=8) for user in ("ann", "bob", "bob")])
        store.record([Exposure(arm(epoch=8), "bob", 8)], [])
        found = store.statistics(APPLICATION, CURRENT)
        newcomers = [(each.epoch, each.users, each.newcomers) for each in found]
        same(newcomers, [(5, 1, 1), (8, 1, 1)], "epoch, users and newcomers")

    def test_users_who_are_not_there_at_random_are_never_mixed_in(self, store: MetricStore) -> None:
        """Neither in the report, nor among the exposed, nor in the statistics."""
        for number, cohort in enumerate(("override", "holdout", "rule")):
            place = arm(cohort=cohort)
            store.record([Exposure(place, cohort)], [value(100, cohort, place), value(100, f"new-{number}", place)])
        same(dict(store.report(APPLICATION, CURRENT)), {}, "the report without users at random")
        same(tuple(store.statistics(APPLICATION, CURRENT)), (), "the statistics without users at random")
        store.record([Exposure(arm(), "silent")], [value(1)])
        same(only(store).over_users.counts, ((0.0, 1), (1.0, 1)), "the counts over users")
        same(only(store).over_transactions.counts, ((1.0, 1),), "the counts over transactions")
        same_exposed(store, {0: 2}, CURRENT)
        (found,) = store.statistics(APPLICATION, CURRENT)
        same((found.users, found.newcomers, found.metrics["sales"].sum), (2, 2, (1.0, 0.0)), "users and sum")

    def test_values_follow_a_user_between_cohorts(self, store: MetricStore) -> None:
        """Who is assigned at random after an override starts there with nothing."""
        store.record([Exposure(arm(cohort="override"), "ann")], [value(100)])
        store.record([Exposure(arm(epoch=1), "ann")], [value(1, fallback=arm(cohort="override"))])
        same(only(store).over_users.counts, ((1.0, 1),), "the counts over users")
        (found,) = store.statistics(APPLICATION, CURRENT)
        same((found.users, found.newcomers), (1, 0), "users and newcomers")

    def test_products_sum_over_users_what_both_of_their_sums_multiply_to(self, store: MetricStore) -> None:
        """Moving with every value of either, in one call and over several."""
        store.record([], [_sales(2), _visits(3), _sales(1), _sales(10, "bob"), _visits(100, "cy")])
        same(_product(store), (9.0, 0.0), "the product")
        store.record([], [_visits(1, "bob")])
        same(_product(store), (19.0, 0.0), "the product after a value of the denominator")
        store.record([], [_sales(-3), _visits(-3), _sales(0.5, "cy")])
        same(_product(store), (60.0, 0.0), "the product after values of both")

    def test_a_product_that_is_followed_moves_with_values_that_do_not_list_it(self, store: MetricStore) -> None:
        """A process may not know yet what was declared."""
        store.record([], [_sales(2), _visits(3)])
        store.record([], [_sales(1, follow=False)])
        store.record([], [_visits(1, follow=False), _sales(5, "bob", follow=False), _visits(1, "bob", follow=False)])
        same(_product(store), (17.0, 0.0), "the product")

    def test_a_product_that_is_declared_late_takes_in_what_was_there(self, open_store: OpenStore) -> None:
        """The totals of all users of the epoch, also of those who have moved on since."""
        store = open_store()
        for user in ("ann", "bob", "moved"):
            store.record([], [_sales(2, user, follow=False), _visits(3, user, follow=False)])
        store.record([Exposure(arm(epoch=1), "moved")], [_sales(50, "moved", follow=False)])
        same(
            dict(_only(store.statistics(APPLICATION, CURRENT, [_RATIO]), 0).products),
            {},
            "the products that nobody follows",
        )
        store.close()
        store = open_store()
        store.record([], [_sales(1)])
        same(_product(store), (21.0, 0.0), "the product")
        store.record([], [_visits(1, "bob"), _sales(1, "moved")])
        found = [dict(each.products) for each in store.statistics(APPLICATION, CURRENT, [_RATIO])]
        same(found, [{_RATIO: (23.0, 0.0)}, {_RATIO: (0.0, 0.0)}], "the products of both epochs")

    def test_products_of_epochs_are_kept_apart(self, store: MetricStore) -> None:
        """A user who comes back to an epoch goes on there, in both metrics."""
        for epoch in (0, 1, 0):
            store.record([Exposure(arm(epoch=epoch), "ann")], [_sales(2 + epoch), _visits(3)])
        store.record([Exposure(arm(epoch=1), "ann")], [_visits(1)])
        found = [dict(each.products) for each in store.statistics(APPLICATION, CURRENT, [_RATIO])]
        same(found, [{_RATIO: (24.0, 0.0)}, {_RATIO: (12.0, 0.0)}], "the products of both epochs")

    def test_a_product_with_a_metric_that_nobody_has_is_zero(self, store: MetricStore) -> None:
        """Nothing is unknown about it, also where nobody listed it."""
        store.record([], [_sales(2, follow=False), value(1, name="clicks")])
        (found,) = store.statistics(APPLICATION, CURRENT, [_RATIO, _OTHER_RATIO])
        same(dict(found.products), {_RATIO: (0.0, 0.0), _OTHER_RATIO: (0.0, 0.0)}, "the products")

    def test_several_products_may_share_a_metric(self, store: MetricStore) -> None:
        """Or be of one metric alone; only those asked for are told."""
        pairs = (_RATIO, _OTHER_RATIO, _SQUARE)
        store.record(
            [],
            [value(number, name=name, products=pairs) for name in ("sales", "clicks", "visits") for number in (1, 2)],
        )
        store.record([], [value(1, products=pairs), value(1, name="visits", products=pairs)])
        (found,) = store.statistics(APPLICATION, CURRENT, pairs)
        expected = {_RATIO: (16.0, 0.0), _OTHER_RATIO: (12.0, 0.0), _SQUARE: (16.0, 0.0)}
        same(dict(found.products), expected, "the products")
        same(
            dict(_only(store.statistics(APPLICATION, CURRENT, [_SQUARE]), 0).products),
            {_SQUARE: (16.0, 0.0)},
            "one product",
        )

    def test_sums_in_statistics_are_exact(self, store: MetricStore) -> None:
        """Two doubles hold what one would round away; and what is taken out again leaves no trace."""
        sales = [1e8 + i / 8 for i in range(40)]
        visits = [1e9 - i / 4 for i in range(40)]
        for i, (one, other) in enumerate(zip(sales, visits, strict=True)):
            store.record([], [_sales(1e12, f"user-{i}"), _visits(-3e11, f"user-{i}")])
            store.record([], [_sales(one - 1e12, f"user-{i}"), _visits(other + 3e11, f"user-{i}")])
        (found,) = store.statistics(APPLICATION, CURRENT, [_RATIO])
        _exactly(found.metrics["sales"].sum, [(one, 1.0) for one in sales], "the sum")
        _exactly(found.metrics["sales"].squares, [(one, one) for one in sales], "the sum of squares")
        _exactly(found.products[_RATIO], list(zip(sales, visits, strict=True)), "the product")

    def test_any_stream_gives_the_statistics_of_a_recomputation(self, open_store: OpenStore) -> None:
        """Contents, epochs, experiments, cohorts, products and transactions at random, over two openings."""
        stores = [open_store(), open_store()]
        for number in range(_STREAMS):
            application = f"shop/stream-{number}"
            chance = random.Random(number)  # noqa: S311 - it must repeat
            raw = RawStream()
            for turn in range(chance.randint(1, 8)):
                exposures, values = _batch(application, chance)
                stores[turn % 2].record(exposures, values)
                raw.record(exposures, values)
                for signatures in _SIGNATURES:
                    pairs = chance.sample((_RATIO, _OTHER_RATIO, _SQUARE), 2)
                    found = tuple(stores[0].statistics(application, signatures, pairs))
                    same(found, raw.statistics(application, signatures, pairs), f"the statistics of {application}")


def _batch(application: str, chance: random.Random) -> tuple[list[Exposure], list[MetricValue]]:
    def some_exposure() -> Exposure:
        epoch = chance.randint(0, 3)
        cohort = chance.choice(_COHORTS)
        place = arm(chance.randint(0, 1), chance.choice(["s", "s", "t", ""]), epoch, application, cohort)
        return Exposure(place, chance.choice(_USERS), chance.randint(0, epoch))

    def some_value() -> MetricValue:
        known = some_exposure()
        name = chance.choice(["sales", "clicks", "visits"])
        return value(
            chance.randint(-640, 640) / 64,
            known.user,
            known.arm,
            name,
            transaction=chance.choice(["", "", f"t{chance.randint(0, 9)}"]),
            products=tuple(pair for pair in (_RATIO, _OTHER_RATIO, _SQUARE) if name in pair and chance.random() < 0.2),
            experiment=known.experiment,
        )

    exposures = [some_exposure() for _ in range(chance.randint(0, 4))]
    return exposures, [some_value() for _ in range(chance.randint(0, 8))]


def _only(arms: Collection[ArmStatistics], epoch: int) -> ArmStatistics:
    found = [each for each in arms if each.epoch == epoch]
    check(len(found) == 1, f"epoch {epoch} should be in the statistics once, but they are {arms!r:.500}")
    return found[0]


def _product(store: MetricStore) -> object:
    """The product of the ratio in epoch 0."""
    return _only(store.statistics(APPLICATION, CURRENT, [_RATIO]), 0).products.get(_RATIO)


def _exactly(found: tuple[float, float], terms: list[tuple[float, float]], what: str) -> None:
    exact = sum((Fraction(one) * Fraction(other) for one, other in terms), Fraction(0))
    error = abs(Fraction(found[0]) + Fraction(found[1]) - exact)
    check(error <= abs(exact) * Fraction(1, 2**100), f"{what}: {found!r}, but it should be {exact_sum([exact])!r}")
