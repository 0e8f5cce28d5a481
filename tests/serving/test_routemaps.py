from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.hooks.stores import CheckedMetricStore
from iter8_gitops.spec.metric import Exposure
from iter8_gitops.spec.snapshot import Snapshot


def test_all_routemaps_are_listed_in_order_with_their_reasons(api: Any) -> None:
    answer = api.get("/v1/routemaps").json

    assert [routemap["application"] for routemap in answer["routemaps"]] == [
        "default/shop-routemap",
        "prod/backend",
        "prod/cold",
    ]
    backend = answer["routemaps"][1]
    assert (backend["source"], backend["path"], backend["revision"]) == ("git", "backend.yaml", "0123abc")
    assert backend["weights"] == [90, 10]
    assert backend["versions"][1]["signature"] == "bbbb"
    assert answer["routemaps"][2]["versions"][0]["reason"] == "NotFound"


def test_a_problem_is_shown_once_with_its_place_and_hint(api: Any) -> None:
    assert api.get("/v1/routemaps").json["problems"] == [
        {
            "file": "broken.yaml",
            "line": 3,
            "column": 5,
            "message": "unknown key 'wieght'",
            "hint": "did you mean 'weight'?",
            "application": "prod/broken",
        }
    ]


def test_a_failing_source_makes_its_routemaps_stale_and_says_since_when(api: Any, bench: Any) -> None:
    snapshot = bench.board.snapshot
    failing = replace(snapshot.sources[0], failing_since=bench.now, message="connection refused")
    bench.board.snapshot = replace(snapshot, sources=(failing,))

    answer = api.get("/v1/routemaps").json

    assert answer["stale"]
    assert answer["sources"][0]["failingSince"] == "2023-11-14T22:13:20.000+00:00"
    assert all(routemap["stale"] for routemap in answer["routemaps"])
    assert "connection refused" in answer["routemaps"][0]["staleReason"]


def test_one_routemap_is_shown_in_full(api: Any, bench: Any) -> None:
    arm = bench.board.snapshot.routemaps["prod/backend"].arm(1)
    bench.store.record([Exposure(arm, "a"), Exposure(arm, "b")], [])

    answer = api.get("/v1/routemaps/prod/backend").json

    assert [version["exposedUsers"] for version in answer["versions"]] == [0, 2]
    (resource,) = answer["versions"][1]["resources"]
    assert (resource["kind"], resource["name"], resource["state"]) == ("Deployment", "backend-1", "ready")
    assert answer["routes"][0]["kind"] == "VirtualService"
    assert answer["conditions"][0] == {
        "type": "Ready",
        "status": True,
        "reason": "Settled",
        "message": "all versions are ready",
        "since": 0,
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/routemaps/prod/nobody", 404),
        ("/v1/routemaps/nowhere/backend", 404),
        ("/v1/routemaps/prod/%00", 400),
        ("/v1/routemaps/prod/%FF", 404),
        ("/v1/routemaps/prod/a%2Fb", 404),
        ("/v1/routemaps/prod", 404),
        ("/v1/routemaps/prod/backend/more", 404),
        (f"/v1/routemaps/prod/{'x' * 600}", 400),
    ],
)
def test_a_routemap_that_is_not_there_is_refused_in_json(api: Any, path: str, status: int) -> None:
    answer = api.get(path)

    assert answer.status_code == status
    assert set(answer.json) == {"title", "description", "field"}


@pytest.mark.parametrize("path", ["/v1/routemaps", "/v1/routemaps/prod/backend"])
def test_before_the_first_snapshot_nobody_knows_what_there_is(api: Any, bench: Any, path: str) -> None:
    bench.board.snapshot = Snapshot()

    assert api.get(path).status_code == 503


@pytest.mark.parametrize(
    ("path", "query"), [("/v1/routemaps/prod/backend", ""), ("/abnDashboard", "namespace=prod&application=backend")]
)
def test_a_metric_store_that_answers_nonsense_is_named(
    api: Any, bench: Any, monkeypatch: pytest.MonkeyPatch, path: str, query: str
) -> None:
    monkeypatch.setattr(bench.store, "exposed_users", lambda *_: {0: "many"})
    monkeypatch.setattr(bench.store, "report", lambda *_: ["sales"])
    monkeypatch.setattr(bench.experiments, "_store", CheckedMetricStore(bench.store, "odd-store:odd"))

    answer = api.get(path, query)

    assert answer.status_code == 500
    assert "the metric store of plugin odd-store:odd answered" in answer.text
