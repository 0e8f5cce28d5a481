"""Experiments without any difference, looked at all the time: a small part of `python -m benchmarks aa`."""

from __future__ import annotations

from math import sqrt

import pytest

from benchmarks.aa_scenarios import scenario
from benchmarks.aa_simulation import NAIVE, OURS, Method, Scenario, declared, sequence, shares

RUNS = 30
SLACK = 3 * sqrt(0.05 * 0.95 / RUNS)


def seen(one: Scenario, methods: dict[str, Method]) -> dict[str, float]:
    return shares(one, methods, RUNS)


@pytest.mark.parametrize("plan", ["50/50", "90/10", "98/2", "ramp with drift", "ramp, all return"])
@pytest.mark.parametrize("metric", ["revenue", "conversions"])
def test_no_winner_is_seen_where_there_is_none(metric: str, plan: str) -> None:
    one = scenario(metric, plan)
    methods = {"decision": OURS[one.kind]["decision"], **NAIVE}
    found = seen(one, methods)
    assert found.pop("decision") <= 0.05 + SLACK
    assert all(share > 0.05 + SLACK for share in found.values()), "this check would not catch a broken method"


@pytest.mark.parametrize("plan", ["90/10", "ramp with drift"])
def test_no_winner_is_seen_in_a_ratio_where_there_is_none(plan: str) -> None:
    found = seen(scenario("ratio", plan), {"sequence": sequence, "t-test": NAIVE["t-test"]})
    assert found["sequence"] <= 0.05 + SLACK
    assert found["t-test"] > 0.05 + SLACK


@pytest.mark.parametrize(("metric", "effect"), [("revenue", 1.0), ("conversions", 0.5), ("ratio", 0.1)])
def test_a_winner_is_seen_where_there_is_one(metric: str, effect: float) -> None:
    one = scenario(metric, "50/50", effect)
    found = [declared(one, {"sequence": sequence}, seed) for seed in range(10)]
    assert sum(map(len, found)) >= 8
