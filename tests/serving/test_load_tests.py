"""`PUT /testResult`, `GET /httpDashboard` and `GET /grpcDashboard`, with results of fortio and ghz."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.load_tests import KEPT, LoadTestStore
from iter8_gitops.serving.load_tests import MAX_STORED_BYTES

RESULT = json.loads(Path(__file__).with_name("testdata").joinpath("load-test.json").read_text())
OF_TEST = "namespace=shop&test=lookup"
GOOD, BAD = (f"http://checkout.shop:8080/v1/lookup?application=shop/checkout{rest}" for rest in ("&user=ann", ""))


def put(api: Any, result: Any, query: str = OF_TEST) -> Any:
    body = result if isinstance(result, str | bytes) else json.dumps(result)
    return api.call("PUT", "/testResult", query_string=query, body=body)


def with_task(task: str, endpoint: Any) -> dict[str, Any]:
    return {"insights": {"taskData": {task: {"e": endpoint}}}}


def test_a_result_is_taken_without_a_word_and_shown_as_iter8_shows_it(api: Any) -> None:
    answer = put(api, RESULT)
    assert (answer.status_code, answer.content) == (200, b"")

    shown = api.get("/httpDashboard", OF_TEST).json

    assert list(shown) == ["Endpoints", "ExperimentResult"]
    assert shown["ExperimentResult"] == {
        "Name": "lookup-test",
        "Namespace": "shop",
        "Revision": 3,
        "Start time": "25 Nov 25 20:23 UTC",
        "Completed tasks": 2,
        "Failure": False,
        "Insights": None,
        "Iter8 version": "v0.18",
    }
    assert list(shown["Endpoints"]) == [BAD, GOOD]
    row = shown["Endpoints"][GOOD]
    fortio = RESULT["insights"]["taskData"]["http"][GOOD]["DurationHistogram"]
    assert list(row) == ["Durations", "Statistics", "Error durations", "Error statistics", "Return codes"]
    assert row["Statistics"]["Count"] == 60
    assert row["Statistics"]["Mean"] == pytest.approx(fortio["Avg"] * 1000)
    assert row["Statistics"]["Max"] == pytest.approx(fortio["Max"] * 1000)
    assert [bar["Value"] for bar in row["Durations"]] == [bucket["Count"] for bucket in fortio["Data"]]
    assert {bar["Version"] for bar in row["Durations"]} == {"0"}
    assert row["Return codes"] == {"200": 60}
    assert (row["Error durations"], row["Error statistics"]["Count"]) == ([], 0)


def test_errors_have_a_histogram_and_a_summary_of_their_own(api: Any) -> None:
    put(api, RESULT)

    row = api.get("/httpDashboard", OF_TEST).json["Endpoints"][BAD]

    assert sum(bar["Value"] for bar in row["Error durations"]) == row["Error statistics"]["Count"] == 40
    assert row["Return codes"] == {"400": 40}


def test_calls_of_grpc_are_shown_by_method(api: Any) -> None:
    put(api, RESULT)

    shown = api.get("/grpcDashboard", OF_TEST).json["Endpoints"]

    row = shown["main.ABN.Lookup"]
    assert list(row) == ["Durations", "Statistics", "Status codes"]
    assert sum(bar["Value"] for bar in row["Durations"]) == 60
    assert (row["Statistics"], row["Status codes"]) == ({"Count": 60, "ErrorCount": 0}, {"OK": 60})


def test_calls_that_all_failed_are_counted_although_ghz_gives_them_no_histogram(api: Any) -> None:
    put(api, RESULT)

    row = api.get("/grpcDashboard", OF_TEST).json["Endpoints"]["main.ABN.Refused"]

    assert row == {
        "Durations": None,
        "Statistics": {"Count": 40, "ErrorCount": 40},
        "Status codes": {"InvalidArgument": 40},
    }


def test_bounds_are_labelled_in_milliseconds_cut_to_one_decimal_for_http_and_three_for_grpc(api: Any) -> None:
    buckets = [(0.004223875, 0.009), (0.009, 0.009000000000000001), (0.0011, 1.5), (0, 0.000049)]
    data = [{"Start": start, "End": end, "Percent": 1, "Count": 1} for start, end in buckets]
    marks = [{"mark": mark, "count": 1, "frequency": 0.1} for mark in (0.000032375, 0.0196032292, 0.17617, 1, 0)]
    result = with_task("http", {"DurationHistogram": {"Count": 4, "Data": data}})
    result["insights"]["taskData"]["grpc"] = {"e": {"count": 5, "histogram": marks}}
    put(api, result)

    http = api.get("/httpDashboard", OF_TEST).json["Endpoints"]["e"]["Durations"]
    grpc = api.get("/grpcDashboard", OF_TEST).json["Endpoints"]["e"]["Durations"]

    assert [bar["Bucket"] for bar in http] == ["4.2 - 9", "9 - 9", "1.1 - 1500", "0 - 0"]
    assert [bar["Bucket"] for bar in grpc] == ["0.032", "19.603", "176.17", "1000", "0"]


@pytest.mark.parametrize("task", ["http", "grpc"])
@pytest.mark.parametrize("body", ["{}", '{"insights": null}', '{"insights": {"taskData": {"ready": {}}}}'])
def test_a_result_without_that_task_has_no_endpoints(api: Any, body: str, task: str) -> None:
    assert put(api, body).status_code == 200

    shown = api.get(f"/{task}Dashboard", OF_TEST).json

    assert shown["Endpoints"] == {}
    assert (shown["ExperimentResult"]["Namespace"], shown["ExperimentResult"]["Name"]) == ("shop", "lookup")


def test_an_endpoint_whose_test_was_broken_off_has_an_empty_row(api: Any) -> None:
    put(api, with_task("http", None))

    row = api.get("/httpDashboard", OF_TEST).json["Endpoints"]["e"]

    assert (row["Durations"], row["Return codes"], row["Statistics"]["Count"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (None, ""),
        ("", ""),
        ("2025-01-02T03:04:05+02:00", "02 Jan 25 03:04 +0200"),
        ("0001-01-01T00:00:00Z", "01 Jan 01 00:00 UTC"),
    ],
)
def test_the_start_is_shown_as_go_formats_it(api: Any, sent: str | None, shown: str) -> None:
    put(api, {"startTime": sent})

    assert api.get("/httpDashboard", OF_TEST).json["ExperimentResult"]["Start time"] == shown


@pytest.mark.parametrize("path", ["/httpDashboard", "/grpcDashboard"])
def test_an_unknown_test_is_400_in_plain_text(api: Any, path: str) -> None:
    put(api, RESULT)
    for query in ("namespace=shop&test=other", "namespace=prod&test=lookup"):
        answer = api.get(path, query)
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/plain")
        assert "is known" in answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "namespace"),
        ("test=lookup", "namespace"),
        ("namespace=shop", "test"),
        ("namespace=shop&test=", "test"),
        ("namespace=shop&test=a%0Ab", "test"),
        ("namespace=shop&test=a&test=b", "test"),
        ("namespace=%FF&test=a", "namespace"),
        ("namespace=shop&test=" + "x" * 513, "test"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PUT", "/testResult"), ("GET", "/httpDashboard")])
def test_arguments_that_cannot_be_used_are_named(api: Any, method: str, path: str, query: str, field: str) -> None:
    answer = api.call(method, path, query_string=query, body="{}" if method == "PUT" else None)

    assert answer.status_code == 400
    assert answer.text.startswith(f"{field}: ")
    assert answer.text.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "body: is not JSON"),
        ("[]", "body: must be an object, not an array"),
        ('{"failure": "yes"}', "failure: must be a boolean, not a string"),
        ('{"startTime": "yesterday"}', "startTime: 'yesterday' is not a time"),
        ('{"name": "\\ud800"}', "body: is not JSON"),
        ('{"x": ' + "[" * 100_000, "body: is nested too deeply"),
        (json.dumps(with_task("http", 3)), 'insights.taskData.http["e"]: must be an object'),
        (
            json.dumps(with_task("http", {"DurationHistogram": {"Count": -1}})),
            'insights.taskData.http["e"].DurationHistogram.Count: must be a number, at least 0',
        ),
        (
            json.dumps(with_task("http", {"DurationHistogram": {"Data": [{"Start": 0, "End": 1}]}})),
            'insights.taskData.http["e"].DurationHistogram.Data[0].Count: is missing',
        ),
        ('{"insights": {"taskData": {"http": {"e": {"DurationHistogram": {"Avg": NaN}}}}}}', "body: is not JSON"),
        (
            '{"insights": {"taskData": {"grpc": {"e": {"histogram": [{"mark": 1e999, "count": 1}]}}}}}',
            'insights.taskData.grpc["e"].histogram[0].mark: ',
        ),
        (
            json.dumps(with_task("grpc", {"statusCodeDistribution": {"OK": "many"}})),
            'insights.taskData.grpc["e"].statusCodeDistribution[...]: must be a number, not a string',
        ),
    ],
)
def test_a_result_that_cannot_be_used_is_refused_with_its_field_and_the_former_stays(
    api: Any, body: str, said: str
) -> None:
    put(api, RESULT)

    answer = put(api, body)

    assert answer.status_code == 400
    assert answer.text.startswith(said)
    assert list(api.get("/httpDashboard", OF_TEST).json["Endpoints"]) == [BAD, GOOD]


def test_a_result_that_is_too_large_is_refused_and_the_calls_that_ghz_lists_do_not_count(api: Any) -> None:
    calls = [{"timestamp": "2025-11-25T20:23:27.1Z", "latency": 1, "error": "", "status": "OK"}] * 60_000
    assert put(api, with_task("grpc", {"count": len(calls), "details": calls})).status_code == 200

    many = {f"e{number}": {"RetCodes": {"200": 1}} for number in range(MAX_STORED_BYTES // 50)}
    answer = put(api, {"insights": {"taskData": {"http": many}}})
    assert (answer.status_code, answer.text.partition(":")[0]) == (400, "insights.taskData")

    assert put(api, b" " * (16 * 1024 * 1024 + 1)).status_code == 413
    assert api.get("/grpcDashboard", OF_TEST).json["Endpoints"]["e"]["Statistics"]["Count"] == 60_000


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/testResult", "PUT"),
        ("GET", "/testResult", "PUT"),
        ("OPTIONS", "/testResult", "PUT"),
        ("PUT", "/httpDashboard", "GET"),
        ("OPTIONS", "/grpcDashboard", "GET"),
    ],
)
def test_other_methods_are_405_in_plain_text(api: Any, method: str, path: str, allowed: str) -> None:
    answer = api.call(method, path)

    assert answer.status_code == 405
    assert allowed in answer.headers["allow"].split(", ")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_later_result_takes_the_place_of_the_former(api: Any) -> None:
    put(api, RESULT)
    put(api, {"revision": 4})

    shown = api.get("/httpDashboard", OF_TEST).json

    assert (shown["ExperimentResult"]["Revision"], shown["Endpoints"]) == (4, {})


def test_the_results_that_were_stored_longest_ago_are_forgotten(tmp_path: Path) -> None:
    store = LoadTestStore(tmp_path / "load-tests.db")
    for number in range(3):
        store.put("shop", f"early-{number}", b"{}")
    store.put("shop", "early-0", b"{}")  # again, so that it is a new one
    for number in range(KEPT - 1):
        store.put("shop", f"t{number}", b"{}")

    assert [store.get("shop", f"early-{number}") for number in range(3)] == [b"{}", None, None]


def test_many_may_store_at_once_and_each_result_is_there(tmp_path: Path) -> None:
    def store(number: int) -> None:
        LoadTestStore(tmp_path / "new" / "load-tests.db").put("shop", f"t{number}", str(number).encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store, range(40)))

    reader = LoadTestStore(tmp_path / "new" / "load-tests.db")
    assert [reader.get("shop", f"t{number}") for number in range(40)] == [str(number).encode() for number in range(40)]


def test_a_file_that_is_no_database_is_said_to_be_unusable_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "load-tests.db"
    path.write_bytes(b"no database" * 100)
    store = LoadTestStore(path)
    with pytest.raises(UnavailableError, match=r"load-tests\.db"):
        store.get("shop", "t")
    with pytest.raises(UnavailableError, match=r"load-tests\.db"):
        store.put("shop", "t", b"{}")
    assert path.read_bytes() == b"no database" * 100


def test_a_locked_file_is_503_and_nothing_is_lost(api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, RESULT)
    monkeypatch.setattr("iter8_gitops.metrics.own_files.PATIENCE", 0.01)
    holder = sqlite3.connect(tmp_path / "load-tests.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    answer = put(api, {})
    holder.close()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert list(api.get("/httpDashboard", OF_TEST).json["Endpoints"]) == [BAD, GOOD]


@pytest.mark.slow
def test_a_result_is_seen_by_every_worker_and_survives_the_server(
    start: Any, state: Any, wait_until_ready: Any
) -> None:
    server = start("serve_http", state, http_port=0, workers=2)
    wait_until_ready(server)
    with httpx.Client(base_url=server.url) as client:
        answer = client.put(f"/testResult?{OF_TEST}", content=json.dumps(RESULT))
        assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    for _ in range(8):
        assert httpx.get(f"{server.url}/grpcDashboard?{OF_TEST}").json()["Endpoints"]["main.ABN.Lookup"]
    server.stop(9)

    again = start("serve_http", state, http_port=0, workers=1)
    wait_until_ready(again)
    assert httpx.get(f"{again.url}/httpDashboard?{OF_TEST}").json()["ExperimentResult"]["Revision"] == 3
