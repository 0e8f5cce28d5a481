from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from iter8_gitops.spec.snapshot import Snapshot


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health_is_ok_whatever_the_board_says(api: Any, bench: Any) -> None:
    bench.board.snapshot = Snapshot()

    assert api.get("/healthz").json == {"status": "ok"}


def test_it_waits_until_something_was_published(api: Any, bench: Any) -> None:
    published, bench.board.snapshot = bench.board.snapshot, Snapshot()
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "waiting")
    assert "published" in answer.json["staleReason"]

    bench.board.snapshot = published
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["stale"]) == (200, "ready", False)


def test_a_stale_board_is_ready_and_says_why(api: Any, bench: Any) -> None:
    bench.now += 3600

    answer = api.get("/readyz")

    assert (answer.status_code, answer.json["stale"]) == (200, True)
    assert "controller" in answer.json["staleReason"]


def test_a_scrape_shows_counters_and_the_board(api: Any, bench: Any) -> None:
    version = api.get("/v1/lookup", "application=prod/backend&user=u").json["versionNumber"]
    api.get("/v1/lookup", "application=nobody&user=u")
    api.get("/nowhere")
    snapshot = bench.board.snapshot
    failing = replace(snapshot.sources[0], failing_since=bench.now)
    bench.board.snapshot = replace(snapshot, sources=(failing,))

    found = samples(api.get("/metrics").text)

    assert found["iter8_lookups_total", "prod/backend", str(version)] == 1
    assert found["iter8_request_errors_total", "404", "/v1/lookup", "http"] == 1
    assert found["iter8_request_errors_total", "404", "unknown", "http"] == 1
    assert found["iter8_request_duration_seconds_count", "/v1/lookup", "http"] == 2
    assert found["iter8_routemaps",] == 3
    assert found["iter8_problems",] == 1
    assert found["iter8_stale",] == 1
    assert found["iter8_board_sequence",] == 7
    assert found["iter8_version_weight", "prod/backend", "0"] == 90
    assert found["iter8_version_available", "prod/cold", "1"] == 0
    assert found["iter8_source_failing", "git"] == 1
    assert found["iter8_source_read_timestamp_seconds", "git"] == bench.now


def test_unknown_applications_make_no_new_time_series(api: Any) -> None:
    for number in range(20):
        api.get("/v1/lookup", f"application=x{number}&user=u")
        api.get(f"/x{number}")

    text = api.get("/metrics").text
    assert "x1" not in text


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text; version=junk",
        "text/plain; version=junk",
        "text/plain; version=1.0.0; escaping=junk",
        "text/plain;version=;escaping=,,,",
        ";;;,,,",
    ],
)
def test_any_accept_header_gets_a_scrape(api: Any, accept: str) -> None:
    answer = api._client.simulate_get("/metrics", headers={"Accept": accept})

    assert answer.status_code == 200
    assert "iter8_routemaps" in answer.text


@pytest.mark.parametrize(
    "path", ["/v1", "/applications", "/v1/lookup/", "/v2/lookup", "/v1/%FF", "/%00", "/v1/lookup%3Fa"]
)
def test_unknown_routes_are_404_in_json(api: Any, path: str) -> None:
    answer = api.get(path)

    assert answer.status_code == 404
    assert set(answer.json) == {"title", "description", "field"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/lookup"), ("GET", "/v1/metrics"), ("DELETE", "/v1/routemaps"), ("PUT", "/healthz")],
)
def test_wrong_methods_are_405_in_json_and_say_which_are_right(api: Any, method: str, path: str) -> None:
    answer = api.call(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert method in answer.json["description"]


def test_a_defect_is_500_without_a_traceback_and_is_logged(
    api: Any, bench: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the secret inside")

    monkeypatch.setattr(bench.experiments, "lookup", broken)
    with caplog.at_level(logging.ERROR):
        answer = api.get("/v1/lookup", "application=prod/backend&user=u")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "the secret inside" in caplog.text
