"""How many users are assigned per second, in process."""

from __future__ import annotations

from benchmarks.measurement import Measurement, median_seconds
from iter8_gitops.core.assignment import Assigner


def measure() -> list[Measurement]:
    users = [f"user-{number}" for number in range(100_000)]
    rows = []
    for weights in ((90, 10), (60, 20, 20)):
        assign = Assigner.of("modelmesh-serving/backend", "", weights).version_of
        took = median_seconds(lambda assign=assign: [assign(user) for user in users], 5)  # type: ignore[misc]
        rows.append(Measurement(f"assignments, {len(weights)} versions", f"{len(users) / took:,.0f}/s", ">= 500,000/s"))
    return rows
