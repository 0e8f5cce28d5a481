"""`GET /v1/routemaps/{namespace}/{name}/analysis`, from stored values to a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iter8_gitops.errors import UnavailableError
from iter8_gitops.spec.metric import EpochWeights, Exposure
from iter8_gitops.spec.routemap import MetricDeclaration
from iter8_gitops.testing.streams import value

START = 1_000_000
URL = "/v1/routemaps/prod/backend/analysis"


@pytest.fixture
def compared(bench: Any, make_state: Any, make_snapshot: Any) -> Any:
    """prod/backend, half and half, with a declared conversion and a declared mean."""
    state = replace(
        make_state("prod/backend", (50, 50)),
        epoch=START,
        experiment=START,
        epochs=(EpochWeights(START, (50, 50)),),
        metrics=(MetricDeclaration("orders", type="conversion"), MetricDeclaration("revenue")),
    )
    bench.board.snapshot = make_snapshot(state)
    bench.now = START + 2 * 86_400.0
    return state


def come(bench: Any, state: Any, version: int, users: int, orders: int) -> None:
    """So many users get a version; so many of them order, for 10 each."""
    arm = state.arm(version)
    names = [f"{version}-{number}" for number in range(users)]
    bench.store.record([Exposure(arm, name, START) for name in names], [])
    bought = [value(1.0, name, arm, "orders") for name in names[:orders]]
    bench.store.record([], [*bought, *(value(10.0, name, arm, "revenue") for name in names[:orders])])


def test_a_verdict_comes_with_its_reason_and_the_numbers_of_every_metric_and_version(
    bench: Any, compared: Any, api: Any
) -> None:
    come(bench, compared, 0, 3000, 300)
    come(bench, compared, 1, 3000, 450)
    answer = api.get(URL).json
    assert answer["verdict"]["name"] == "winner"
    assert answer["verdict"]["versions"] == [1]
    assert (answer["application"], answer["elapsedSeconds"]) == ("prod/backend", 2 * 86_400.0)
    orders, revenue = answer["metrics"]
    primary, candidate = orders["versions"]
    assert (primary["users"], primary["mean"], primary["comparison"]) == (3000, 0.1, None)
    assert candidate["mean"] == 0.15
    assert candidate["comparison"]["lift"] == pytest.approx(0.5)
    assert candidate["comparison"]["liftInterval"]["lower"] > 0
    assert revenue["versions"][1]["perUser"] | {"p99": 10.0} == {
        "count": 3000,
        "mean": 1.5,
        "minimum": 0.0,
        "maximum": 10.0,
        "p50": 0.0,
        "p90": 10.0,
        "p95": 10.0,
        "p99": 10.0,
    }
    assert revenue["versions"][1]["perTransaction"]["count"] == 450


def test_without_users_it_says_so_and_claims_nothing(bench: Any, compared: Any, api: Any) -> None:
    answer = api.get(URL).json
    assert answer["verdict"]["name"] == "not_enough_data"
    assert all(version["comparison"] is None for metric in answer["metrics"] for version in metric["versions"])


def test_users_that_are_lost_before_they_count_are_found(bench: Any, compared: Any, api: Any) -> None:
    come(bench, compared, 0, 3000, 300)
    come(bench, compared, 1, 2000, 400)
    assert api.get(URL).json["verdict"]["name"] == "invalid"


def test_metrics_that_nobody_declared_are_described(bench: Any, compared: Any, api: Any) -> None:
    arm = compared.arm(0)
    bench.store.record([Exposure(arm, "ann", START)], [value(2.0, "ann", arm, "latency")])
    metric = next(each for each in api.get(URL).json["metrics"] if each["name"] == "latency")
    assert (metric["role"], metric["versions"][0]["mean"]) == ("described", 2.0)


def test_an_unknown_application_and_a_store_that_is_away_are_told(bench: Any, compared: Any, api: Any) -> None:
    assert api.get("/v1/routemaps/prod/nobody/analysis").status_code == 404
    bench.store.close()
    assert api.get(URL).status_code == 503
    with pytest.raises(UnavailableError):
        bench.experiments.analysis("prod", "backend")
