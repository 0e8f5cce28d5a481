from __future__ import annotations

import json
import math
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.dashboard import abn_dashboard
from iter8_gitops.core.moments import Change, Moments, summary
from iter8_gitops.spec.metric import Distribution, VersionMetric


def distribution(*values: float) -> Distribution:
    moments = Moments().changed(Change.of(values))
    return Distribution(summary(moments, min(values), max(values)), tuple(sorted(Counter(values).items())))


def metric(version: int, *values: float) -> VersionMetric:
    """A metric to which every user wrote once."""
    return VersionMetric(version, distribution(*values), distribution(*values))


def test_no_metrics_are_an_empty_object() -> None:
    assert abn_dashboard({}) == {}


def test_the_sample_of_the_compatibility_page() -> None:
    report = {
        "sample_metric": (
            VersionMetric(0, distribution(1.0, 2.0, 3.0), distribution(6.0)),
            VersionMetric(1, distribution(30.0), distribution(0.0, 30.0)),
        )
    }
    dashboard = abn_dashboard(report)["sample_metric"]
    labels = ["1 - 3.9", "3.9 - 6.8", "6.8 - 9.7", "9.7 - 12.6", "12.6 - 15.5"]
    labels += ["15.5 - 18.4", "18.4 - 21.3", "21.3 - 24.2", "24.2 - 27.1", "27.1 - 30"]
    assert dashboard["HistogramsOverTransactions"] == [
        *({"Version": "0", "Bucket": label, "Value": 3 if label == "1 - 3.9" else 0} for label in labels),
        *({"Version": "1", "Bucket": label, "Value": 1 if label == "27.1 - 30" else 0} for label in labels),
    ]
    assert [(row["Version"], row["Value"]) for row in dashboard["HistogramsOverUsers"]] == [
        *(("0", 1 if index == 2 else 0) for index in range(10)),
        *(("1", 1 if index in (0, 9) else 0) for index in range(10)),
    ]
    first, second = dashboard["SummaryOverTransactions"]
    assert json.dumps(first) == (
        '{"Version": 0, "Count": 3, "Mean": 2, "StdDev": 0.816496580927726, "Min": 1, "Max": 3}'
    )
    assert second == {"Version": 1, "Count": 1, "Mean": 30, "StdDev": 0, "Min": 30, "Max": 30}
    assert dashboard["SummaryOverUsers"] == [
        {"Version": 0, "Count": 1, "Mean": 6, "StdDev": 0, "Min": 6, "Max": 6},
        {"Version": 1, "Count": 2, "Mean": 15, "StdDev": 15, "Min": 0, "Max": 30},
    ]


def test_equal_values_of_all_versions_share_one_bin() -> None:
    dashboard = abn_dashboard({"m": (metric(0, 2.0, 2.0), metric(2, 2.0))})["m"]
    assert dashboard["HistogramsOverUsers"] == [
        {"Version": "0", "Bucket": "2 - 2", "Value": 2},
        {"Version": "2", "Bucket": "2 - 2", "Value": 1},
    ]


def test_names_and_versions_ascend_whatever_their_order() -> None:
    dashboard = abn_dashboard({"zeta": (metric(0, 1.0),), "alpha": (metric(2, 1.0), metric(1, 1.0))})
    assert list(dashboard) == ["alpha", "zeta"]
    assert [row["Version"] for row in dashboard["alpha"]["SummaryOverUsers"]] == [1, 2]


def test_a_metric_without_versions_has_empty_tables() -> None:
    assert abn_dashboard({"m": ()})["m"] == {
        "HistogramsOverTransactions": [],
        "HistogramsOverUsers": [],
        "SummaryOverTransactions": [],
        "SummaryOverUsers": [],
    }


def test_a_mean_with_a_fraction_keeps_it() -> None:
    (row,) = abn_dashboard({"m": (metric(0, 1.0, 2.0),)})["m"]["SummaryOverUsers"]
    assert (row["Mean"], row["StdDev"], row["Max"]) == (1.5, 0.5, 2)
    assert isinstance(row["Max"], int)


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=8))
def test_any_values_give_valid_json_without_nan_or_infinity(values: list[float]) -> None:
    dashboard = abn_dashboard({"m": (metric(0, *values), metric(1, values[0]))})
    text = json.dumps(dashboard, allow_nan=False)
    assert msgspec.json.decode(msgspec.json.encode(dashboard)) == json.loads(text)
    for table in ("HistogramsOverTransactions", "HistogramsOverUsers"):
        assert sum(row["Value"] for row in dashboard["m"][table]) == len(values) + 1
    for row in dashboard["m"]["SummaryOverUsers"]:
        assert all(math.isfinite(row[column]) for column in ("Mean", "StdDev", "Min", "Max"))
