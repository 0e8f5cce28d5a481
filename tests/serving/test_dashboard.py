from __future__ import annotations

import json
from typing import Any

import pytest

from iter8_gitops.spec.metric import Exposure, MetricValue
from iter8_gitops.spec.snapshot import Snapshot


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "application"),
        ("namespace=prod", "application"),
        ("namespace=&application=", "application"),
        ("application=backend", "namespace"),
        ("application=backend&namespace=", "namespace"),
        ("application=nobody&namespace=prod", "prod/nobody"),
        ("application=prod/backend&namespace=prod", "slash"),
        ("application=backend&namespace=a/b", "slash"),
        ("application=%FF&namespace=prod", "application"),
        ("application=a%0Ab&namespace=prod", "application"),
        ("application=a&application=b&namespace=prod", "application"),
    ],
)
def test_errors_are_one_line_of_plain_text(api: Any, query: str, said: str) -> None:
    answer = api.get("/abnDashboard", query)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert said in answer.text
    assert answer.text.count("\n") == 1
    assert answer.text.endswith("\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_method_is_checked_before_anything_else(api: Any, method: str) -> None:
    answer = api.call(method, "/abnDashboard")

    assert answer.status_code == 405
    assert answer.headers["allow"].startswith("GET")
    assert answer.headers["content-type"].startswith("text/plain")


def test_an_application_without_metrics_gives_an_empty_object(api: Any) -> None:
    answer = api.get("/abnDashboard", "namespace=prod&application=backend")

    assert (answer.status_code, answer.json) == (200, {})
    assert answer.headers["content-type"] == "application/json"


def test_metrics_appear_in_iter8s_shape(api: Any, bench: Any) -> None:
    arm = bench.board.snapshot.routemaps["prod/backend"].arm(0)
    values = [MetricValue("sample_metric", value, f"u{value}", arm) for value in (1.0, 2.0, 3.0)]
    bench.store.record([Exposure(arm, "silent")], values)

    tables = api.get("/abnDashboard", "namespace=prod&application=backend").json["sample_metric"]

    assert tables["SummaryOverTransactions"] == [
        {"Version": 0, "Count": 3, "Mean": 2, "StdDev": 0.816496580927726, "Min": 1, "Max": 3}
    ]
    assert tables["SummaryOverUsers"][0]["Count"] == 4
    assert len(tables["HistogramsOverTransactions"]) == 10
    assert tables["HistogramsOverTransactions"][0] == {"Version": "0", "Bucket": "1 - 1.2", "Value": 1}


def test_values_of_former_content_are_left_out(api: Any, bench: Any) -> None:
    api.post("/v1/metrics", json.dumps({"application": "shop", "user": "u", "name": "m", "value": 1}))
    assert "m" in api.get("/abnDashboard", "namespace=default&application=shop").json

    bench.board.snapshot.routemaps["default/shop-routemap"] = bench.board.snapshot.routemaps["prod/cold"]

    assert api.get("/abnDashboard", "namespace=default&application=shop").json == {}


def test_the_suffix_of_iter8_is_tried(api: Any) -> None:
    assert api.get("/abnDashboard", "namespace=default&application=shop").status_code == 200


def test_before_the_first_snapshot_it_is_503_in_plain_text(api: Any, bench: Any) -> None:
    bench.board.snapshot = Snapshot()

    answer = api.get("/abnDashboard", "namespace=prod&application=backend")

    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/plain")
