"""Experiments without any difference, looked at all the time: a small part of `python -m benchmarks aa`."""

from __future__ import annotations

from math import sqrt

import pytest

from benchmarks.aa_scenarios import scenario
from benchmarks.aa_simulation import NAIVE, decision, declared, sequence, shares

RUNS = 20
SLACK = 3 * sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.parametrize("plan", ["50/50", "90/10", "98/2", "ramp with drift", "ramp, all return"])
@pytest.mark.parametrize("metric", ["revenue", "conversions"])
def test_no_winner_is_seen_where_there_is_none(metric: str, plan: str) -> None:
    found = shares(scenario(metric, plan), {"ours": decision, **NAIVE}, RUNS)
    assert found.pop("ours") <= 0.05 + SLACK
    assert all(share > 0.05 + SLACK for share in found.values()), "this check would not catch a broken method"


@pytest.mark.parametrize("plan", ["90/10", "ramp with drift"])
def test_no_winner_is_seen_in_a_ratio_where_there_is_none(plan: str) -> None:
    found = shares(scenario("ratio", plan), {"ours": decision, "t-test": NAIVE["t-test"]}, RUNS)
    assert found["ours"] <= 0.05 + SLACK
    assert found["t-test"] > 0.05 + SLACK


@pytest.mark.parametrize(("metric", "effect"), [("revenue", 1.0), ("conversions", 0.5), ("ratio", 0.2)])
def test_a_winner_is_seen_where_there_is_one(metric: str, effect: float) -> None:
    one = scenario(metric, "50/50", effect)
    found = [declared(one, {"ours": decision, "sequence": sequence}, seed) for seed in range(8)]
    assert sum(map(len, found)) >= 2 * 7
