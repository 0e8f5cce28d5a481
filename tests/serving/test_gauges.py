"""What a scrape tells of the board and of experiments."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from iter8_gitops.core.analysis.values import Analysis, SampleRatioResult, Verdict
from iter8_gitops.errors import UnavailableError
from iter8_gitops.metrics.experiments import analyse_experiment
from iter8_gitops.serving.board_gauges import MAX_ROUTEMAPS as MOST_STEERED
from iter8_gitops.serving.board_gauges import steering_gauges
from iter8_gitops.serving.scrape import Scrape
from iter8_gitops.serving.verdict_gauges import verdict_gauges
from iter8_gitops.serving.verdicts import BUDGET, MAX_ROUTEMAPS, SECONDS, Verdicts
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import MetricDeclaration
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.spec.steering import PromotionPhase, PromotionState, RampPhase, RampState
from tests.serving.test_operations import samples

ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {name: web, namespace: shop}
spec:
  versions:
    - resources:
        - {gvrShort: deploy, name: web}
"""
RAMP = RampState(("bbbb",), 1, 25.0, RampPhase.HOLDING, "holds", 3.0, None, 0.0)
PROMOTION = PromotionState(1, "bbbb", PromotionPhase.PROPOSED, "a pull request is open")


def scraped(bench: Any, verdicts: Verdicts | None = None) -> dict[tuple[str, ...], float]:
    text, _ = Scrape(bench.telemetry, bench.experiments.board_status, None, verdicts).answer("")
    return samples(text.decode())


def test_a_ramp_and_a_promotion_say_where_they_are(bench: Any, make_state: Any, make_snapshot: Any) -> None:
    state = replace(make_state("shop/web"), ramp=RAMP, promotion=PROMOTION)
    bench.board.snapshot = make_snapshot(state, make_state("shop/other"))

    found = scraped(bench)

    assert found["iter8_ramp_step", "shop/web"] == 2
    assert found["iter8_ramp_weight", "shop/web"] == 25
    assert found["iter8_ramp_phase", "shop/web", "holding"] == 1
    assert found["iter8_ramp_phase", "shop/web", "complete"] == 0
    assert found["iter8_promotion_phase", "shop/web", "proposed"] == 1
    assert found["iter8_promotion_phase", "shop/web", "failed"] == 0
    assert ("iter8_ramp_step", "shop/other") not in found


def test_problems_are_told_of_the_routemaps_and_sources_that_have_some(bench: Any) -> None:
    found = scraped(bench)

    assert found["iter8_routemap_problems", "prod/cold"] == 1
    assert ("iter8_routemap_problems", "prod/backend") not in found
    assert found["iter8_source_problems", "git"] == 1


def test_a_source_lags_for_as_long_as_it_cannot_be_read(bench: Any) -> None:
    assert scraped(bench)["iter8_source_lag_seconds", "git"] == 0

    snapshot = bench.board.snapshot
    bench.board.snapshot = replace(snapshot, sources=(replace(snapshot.sources[0], failing_since=bench.now),))
    bench.now += 90

    found = scraped(bench)
    assert found["iter8_source_lag_seconds", "git"] == 90
    assert found["iter8_controller_age_seconds",] == 90


def test_more_routemaps_than_the_bound_are_left_out(make_state: Any, make_snapshot: Any) -> None:
    problem = (Problem("a.yaml", 1, 1, "wrong"),)
    states = [replace(make_state(f"shop/w{number}"), ramp=RAMP, problems=problem) for number in range(MOST_STEERED + 5)]

    families = {family.name: family for family in steering_gauges(make_snapshot(*states))}

    assert len(families["iter8_ramp_step"].samples) == MOST_STEERED
    assert len(families["iter8_routemap_problems"].samples) == MOST_STEERED


def test_the_verdict_and_the_numbers_of_declared_metrics_are_told(bench: Any, compared: RoutemapState) -> None:
    found = scraped(bench, Verdicts(lambda state: analyse_experiment(bench.store, state, bench.now)))

    verdicts = {key[2]: number for key, number in found.items() if key[0] == "iter8_verdict"}
    assert verdicts.pop("winner") == 1
    assert set(verdicts.values()) == {0}
    assert found["iter8_experiment_users", "prod/backend", "1"] == 3000
    assert found["iter8_sample_ratio_mismatch", "prod/backend"] == 0
    assert found["iter8_metric_mean", "prod/backend", "orders", "0"] == pytest.approx(0.1)
    assert found["iter8_metric_lift", "prod/backend", "orders", "1"] == pytest.approx(0.5)
    lower = found["iter8_metric_lift_lower", "prod/backend", "orders", "1"]
    assert 0 < lower < 0.5 < found["iter8_metric_lift_upper", "prod/backend", "orders", "1"]
    assert ("iter8_metric_lift", "prod/backend", "orders", "0") not in found
    assert not [
        key for key in found if "clicks" in key or ("shop/undeclared" in key[1:2] and key[0] == "iter8_verdict")
    ]
    assert found["iter8_verdicts_left_out",] == 0


class Analyst:
    """Counts what it is asked, and takes as long as a test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.takes = 0.0
        self.fails: Exception | None = None

    def __call__(self, state: RoutemapState) -> Analysis:
        self.asked.append(state.application)
        self.now += self.takes
        if self.fails is not None:
            raise self.fails
        verdict = Verdict("keep_going", (), "not yet")
        return Analysis(state.experiment, 0.0, verdict, (), SampleRatioResult("ok", 0.0, (1, 2), (1.5, 1.5)), ())


def declared(make_state: Any, make_snapshot: Any, count: int, experiment: int = 1) -> Snapshot:
    states = [
        replace(make_state(f"shop/w{number:03}"), metrics=(MetricDeclaration("m"),), experiment=experiment)
        for number in range(count)
    ]
    snapshot: Snapshot = make_snapshot(*states)
    return snapshot


def test_analyses_are_computed_again_only_after_a_while_or_for_another_experiment(
    make_state: Any, make_snapshot: Any
) -> None:
    analyst = Analyst()
    verdicts = Verdicts(analyst, lambda: analyst.now)
    snapshot = declared(make_state, make_snapshot, 2)
    for analyst.now in (0.0, SECONDS - 1):
        verdicts.of(snapshot)
    assert len(analyst.asked) == 2

    analyst.now = SECONDS
    verdicts.of(snapshot)
    assert len(analyst.asked) == 4

    again = verdicts.of(declared(make_state, make_snapshot, 1, experiment=2))
    assert len(analyst.asked) == 5
    assert again.analyses["shop/w000"].experiment == 2


def test_a_scrape_waits_for_a_part_and_the_others_follow_at_the_next_ones(make_state: Any, make_snapshot: Any) -> None:
    analyst = Analyst()
    analyst.takes = BUDGET / 2
    verdicts = Verdicts(analyst, lambda: analyst.now)
    snapshot = declared(make_state, make_snapshot, 5)

    known = [verdicts.of(snapshot) for _ in range(3)]

    assert [(len(each.analyses), each.left_out) for each in known] == [(2, 3), (4, 1), (5, 0)]
    assert analyst.asked == [f"shop/w{number:03}" for number in range(5)]


def test_only_so_many_routemaps_are_analysed_and_the_others_are_counted(make_state: Any, make_snapshot: Any) -> None:
    analyst = Analyst()

    known = Verdicts(analyst, lambda: analyst.now).of(declared(make_state, make_snapshot, MAX_ROUTEMAPS + 7))

    assert (len(known.analyses), known.left_out) == (MAX_ROUTEMAPS, 7)


@pytest.mark.parametrize("failure", [UnavailableError("the disk is full"), ZeroDivisionError("a defect")])
def test_what_cannot_be_analysed_is_left_out_and_counted_and_tried_again(
    make_state: Any, make_snapshot: Any, failure: Exception
) -> None:
    analyst = Analyst()
    verdicts = Verdicts(analyst, lambda: analyst.now)
    snapshot = declared(make_state, make_snapshot, 1)
    analyst.fails = failure
    families = {family.name: family.samples for family in verdict_gauges(verdicts.of(snapshot))}
    assert families["iter8_verdict"] == []
    assert families["iter8_verdicts_left_out"][0].value == 1

    analyst.fails = None
    assert verdicts.of(snapshot).left_out == 0


@pytest.mark.slow
def test_a_serving_process_shows_what_the_controller_beside_it_counts(start: Any, tmp_path: Path) -> None:
    routemaps = tmp_path / "routemaps"
    routemaps.mkdir()
    (routemaps / "web.yaml").write_text(ROUTEMAP)
    state = StateFolder(tmp_path / "state")
    command = [sys.executable, "-m", "iter8_gitops", "controller", str(routemaps), "--state-dir", str(state.root)]
    controller = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        server = start("serve_http", state, http_port=0, workers=1)
        deadline = time.monotonic() + 60
        found: dict[tuple[str, ...], float] = {}
        # The controller counts in its own file, and the worker reads the board a moment later.
        awaited = ("iter8_reconciled_routemaps_total", "iter8_routemaps")
        while time.monotonic() < deadline and not all(found.get((name,)) for name in awaited):
            time.sleep(0.1)
            found = samples(httpx.get(f"{server.url}/metrics", timeout=30).text)
    finally:
        controller.terminate()
        controller.wait(timeout=30)
    assert found["iter8_reconcile_duration_seconds_count",] >= 1
    assert found["iter8_reconcile_duration_seconds_sum",] > 0
    assert found["iter8_routemaps",] == 1
