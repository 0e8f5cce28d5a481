"""How an experiment went over time, as callers are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.core.trends import point_of
from iter8_gitops.errors import NotFoundError, UnavailableError
from iter8_gitops.serving.dossiers import Dossiers
from iter8_gitops.serving.results import Trend
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.trend import TrendPoint
from tests.serving.conftest import START

URL = "/v1/routemaps/prod/backend/trend"


def past(at: float) -> TrendPoint:
    return TrendPoint(at, (1, 1), "not_enough_data", ())


def test_the_present_comes_after_what_was_recorded(bench: Any, compared: RoutemapState) -> None:
    bench.trends.record("prod/backend", START, [past(START + 10.0), past(START + 20.0)])

    trend = bench.experiments.trend("prod", "backend")

    assert (trend.application, trend.experiment) == ("prod/backend", START)
    assert trend.points[:2] == (past(START + 10.0), past(START + 20.0))
    (now,) = trend.points[2:]
    assert (now.at, now.users, now.verdict) == (START + 3600.0, (3000, 3000), "winner")
    (lift,) = now.lifts
    assert (lift.metric, lift.version, lift.lift) == ("orders", 1, pytest.approx(0.5))
    assert lift.lower is not None
    assert lift.upper is not None
    assert 0 < lift.lower < 0.5 < lift.upper


def test_a_trend_needs_no_second_analysis(bench: Any, compared: RoutemapState) -> None:
    bench.trends.record("prod/backend", START, [past(START + 10.0)])
    report = bench.experiments.analysis("prod", "backend")

    trend = Trend.of(report.state, report.analysis, bench.experiments.recorded(report.state))

    assert trend == bench.experiments.trend("prod", "backend")
    assert trend.points == (past(START + 10.0), point_of(report.analysis, START + 3600.0))


def test_other_experiments_of_the_application_are_not_shown(bench: Any, compared: RoutemapState) -> None:
    bench.trends.record("prod/backend", START - 500, [past(START - 400.0)])
    assert [point.at for point in bench.experiments.trend("prod", "backend").points] == [START + 3600.0]


def test_what_a_clock_that_was_set_back_wrote_is_left_out(bench: Any, compared: RoutemapState) -> None:
    bench.trends.record("prod/backend", START, [past(START + 10.0), past(START + 3600.0), past(START + 9000.0)])
    assert [point.at for point in bench.experiments.trend("prod", "backend").points] == [START + 10.0, START + 3600.0]


def test_errors_are_those_of_an_analysis(bench: Any, compared: RoutemapState) -> None:
    with pytest.raises(NotFoundError):
        bench.experiments.trend("prod", "nobody")
    bench.board.snapshot = Snapshot()
    with pytest.raises(UnavailableError):
        bench.experiments.trend("prod", "backend")


def test_callers_get_the_points_with_their_times_and_the_lifts_as_shares(
    bench: Any, compared: RoutemapState, api: Any
) -> None:
    bench.trends.record("prod/backend", START, [past(START + 10.25)])

    answer = api.get(URL).json

    assert (answer["application"], answer["experiment"]) == ("prod/backend", START)
    before, now = answer["points"]
    assert before == {
        "at": "1970-01-12T13:46:50.250+00:00",
        "users": [1, 1],
        "verdict": "not_enough_data",
        "lifts": [],
    }
    assert (now["at"], now["users"], now["verdict"]) == ("1970-01-12T14:46:40.000+00:00", [3000, 3000], "winner")
    assert [(lift["metric"], lift["version"]) for lift in now["lifts"]] == [("orders", 1)]


def test_an_unknown_application_is_404_and_before_the_first_publication_everything_is_503(
    bench: Any, compared: RoutemapState, api: Any
) -> None:
    assert api.get("/v1/routemaps/prod/nobody/trend").status_code == 404
    bench.board.snapshot = Snapshot()
    answer = api.get(URL)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_damaged_file_costs_the_trend_and_no_other_answer(
    bench: Any, compared: RoutemapState, api: Any, tmp_path: Path
) -> None:
    (tmp_path / "trends.db").write_bytes(b"no database" * 100)

    answer = api.get(URL)

    assert answer.status_code == 503
    assert "trends.db" in answer.json["description"]
    assert api.get("/v1/routemaps/prod/backend/analysis").status_code == 200
    assert api.get("/v1/routemaps/prod/backend").status_code == 200
    assert Dossiers(bench.experiments).application("prod", "backend").points == (
        point_of(bench.experiments.analysis("prod", "backend").analysis, bench.now),
    )


def test_a_metric_store_that_is_away_is_503(bench: Any, compared: RoutemapState, api: Any) -> None:
    bench.store.close()
    assert api.get(URL).status_code == 503
