"""How often a difference is seen where there is none, while somebody looks after every 100 users."""

from __future__ import annotations

from benchmarks.aa_scenarios import KINDS, PLANS, scenario
from benchmarks.aa_simulation import NAIVE, OURS, shares
from benchmarks.measurement import Measurement

RUNS = 500


def measure() -> list[Measurement]:
    rows = []
    for metric in KINDS:
        for plan in PLANS:
            one = scenario(metric, plan)
            for method, share in shares(one, {**OURS, **NAIVE}, RUNS).items():
                bar = "" if method in NAIVE else "<= 5%"
                rows.append(Measurement(f"false winners: {one.name}, {method}", f"{share:.1%}", bar))
    return rows
