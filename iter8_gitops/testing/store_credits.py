"""The part of the contract of a metric store that says what is credited to whom, and what a report says of it."""

from __future__ import annotations

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.spec.metric import Exposure, Summary
from iter8_gitops.testing.checks import same
from iter8_gitops.testing.store_samples import CURRENT, NAMES, StoreSamples, only, reported, same_exposed
from iter8_gitops.testing.streams import APPLICATION, arm, exact_summary, value

_ROOT_OF_TWO_THIRDS = 0.816496580927726
_TWO = {0: "sig", 1: "sig"}
_THREE = {0: "sig", 1: "sig", 2: "sig"}


class CreditContract(StoreSamples):
    """Exposures come first, and a value follows its user."""

    def test_values_are_summarised_over_transactions_and_over_users(self, store: MetricStore) -> None:
        """Each value counts once, and each user once with the sum of their values."""
        store.record([], [value(1), value(2, "bob"), value(3)])
        metric = only(store)
        same(metric.version, 0, "the version")
        summary = Summary(3, 2.0, _ROOT_OF_TWO_THIRDS, 1.0, 3.0)
        same(metric.over_transactions.summary, summary, "the summary over transactions")
        same(metric.over_transactions.counts, ((1.0, 1), (2.0, 1), (3.0, 1)), "the counts over transactions")
        same(metric.over_users.summary, Summary(2, 3.0, 1.0, 2.0, 4.0), "the summary over users")
        same(metric.over_users.counts, ((2.0, 1), (4.0, 1)), "the counts over users")

    def test_an_empty_store_reports_nothing(self, store: MetricStore) -> None:
        """And nobody was exposed."""
        store.record([], [])
        same(dict(store.report(APPLICATION, CURRENT)), {}, "the report")
        same_exposed(store, {0: 0}, CURRENT)

    def test_a_value_is_credited_to_the_last_exposure(self, store: MetricStore) -> None:
        """Not to the version that its user is assigned to when it is written."""
        store.record([Exposure(arm(1), "ann")], [])
        store.record([], [value(5, "ann", arm(0))])
        same([metric.version for metric in reported(store, _TWO)], [1], "the versions with data")

    def test_exposures_of_the_same_call_come_first(self, store: MetricStore) -> None:
        """In their order: the last one counts."""
        store.record([Exposure(arm(1), "ann"), Exposure(arm(2), "ann")], [value(5, "ann", arm(0))])
        same([metric.version for metric in reported(store, _THREE)], [2], "the versions with data")
        same_exposed(store, {0: 0, 1: 1, 2: 1}, _THREE)

    def test_a_value_of_an_unknown_user_exposes_them_to_the_fallback(self, store: MetricStore) -> None:
        """The first one decides; later fallbacks do not count."""
        store.record([], [value(5, "ann", arm(0)), value(7, "ann", arm(1))])
        metric = only(store, _TWO)
        same((metric.version, metric.over_users.summary.maximum), (0, 12.0), "version and total of the user")
        same_exposed(store, {0: 1, 1: 0}, _TWO)

    def test_exposed_users_who_wrote_nothing_count_zero(self, store: MetricStore) -> None:
        """Over users; over transactions only values count."""
        store.record([Exposure(arm(), f"silent-{i}") for i in range(8)], [value(10, "ann"), value(30, "bob")])
        metric = only(store)
        same(metric.over_transactions.summary.minimum, 10.0, "the smallest value")
        same(metric.over_users.summary, exact_summary([0.0] * 8 + [10.0, 30.0]), "the summary over users")
        same(metric.over_users.counts, ((0.0, 8), (10.0, 1), (30.0, 1)), "the counts over users")

    def test_exposed_users_alone_are_no_data(self, store: MetricStore) -> None:
        """A metric that nobody wrote is left out."""
        store.record([Exposure(arm(), "ann")], [])
        same(dict(store.report(APPLICATION, CURRENT)), {}, "the report")
        same_exposed(store, {0: 1}, CURRENT)

    def test_a_repeated_exposure_counts_once(self, store: MetricStore) -> None:
        """Users are counted, not exposures."""
        for _ in range(3):
            store.record([Exposure(arm(), "ann"), Exposure(arm(), "ann")], [])
        same_exposed(store, {0: 1}, CURRENT)

    def test_new_content_starts_with_fresh_metrics_and_old_content_keeps_its_own(self, store: MetricStore) -> None:
        """So that somebody who goes back finds what was there."""
        store.record([], [value(5)])
        store.record([Exposure(arm(signature="new"), "ann")], [value(6)])
        same(only(store, {0: "new"}).over_users.counts, ((6.0, 1),), "the counts of the new content")
        same(only(store, {0: "sig"}).over_users.counts, ((5.0, 1),), "the counts of the old content")

    def test_users_are_pooled_over_weight_epochs(self, store: MetricStore) -> None:
        """A report shows the sums over all epochs of the content."""
        for epoch in (0, 1, 0, 2):
            store.record([Exposure(arm(epoch=epoch), "ann")], [value(1), value(10, "bob")])
        same(only(store).over_users.counts, ((4.0, 1), (40.0, 1)), "the counts over users")
        same_exposed(store, {0: 2}, CURRENT)

    def test_content_that_has_not_settled_is_stored_but_never_current(self, store: MetricStore) -> None:
        """And its users keep being credited to it until they are exposed to something else."""
        store.record([], [value(5, fallback=arm(signature=""))])
        same(dict(store.report(APPLICATION, {0: ""})), {}, "the report of a version that has not settled")
        same_exposed(store, {0: 0}, {0: ""})
        store.record([], [value(6)])
        same(dict(store.report(APPLICATION, CURRENT)), {}, "the report of the content that settled later")

    def test_applications_do_not_mix(self, store: MetricStore) -> None:
        """The same user in two applications is two users."""
        store.record([], [value(1), value(2, fallback=arm(application="shop/api"))])
        same(only(store, application="shop/api").over_transactions.counts, ((2.0, 1),), "the counts of shop/api")
        same(dict(store.report("shop/none", CURRENT)), {}, "the report of an application that was never written")
        same_exposed(store, {0: 0}, CURRENT, "shop/none")

    def test_metric_names_and_versions_ascend(self, store: MetricStore) -> None:
        """In whatever order they were written and are asked for."""
        for version in (2, 0, 1):
            store.record([], [value(1, f"u{version}", arm(version), name) for name in ("zeta", "alpha", "métier")])
        report = store.report(APPLICATION, {2: "sig", 0: "sig", 1: "sig"})
        same(list(report), ["alpha", "métier", "zeta"], "the metrics of the report")
        same([metric.version for metric in report["alpha"]], [0, 1, 2], "the versions of a metric")

    def test_any_text_is_a_user_an_application_and_a_metric(self, store: MetricStore) -> None:
        """Whatever the store's own language makes of it."""
        for text in NAMES:
            where = arm(1, application=f"shop/{text}")
            store.record([Exposure(where, text)], [])
            store.record([], [value(3, text, where, name=text), value(4, text, where, name=text)])
            versions = reported(store, _TWO, f"shop/{text}", text)
            found = [(metric.version, metric.over_users.counts) for metric in versions]
            same(found, [(1, ((7.0, 1),))], f"what is reported where user, application and metric are {text!r:.40}")
