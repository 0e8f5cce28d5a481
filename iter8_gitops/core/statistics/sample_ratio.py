"""Whether users came to the versions as the weights say, checked at every look.

When they did not, something loses users on the way (a version that crashes before it counts, say), and no comparison
can be trusted. The test is that of `multinomial`, on users when they are first seen, with the prior a = 1000 w.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, log
from typing import Literal, TypeAlias

from iter8_gitops.core.statistics.multinomial import Counts, log_evidence

PRIOR_STRENGTH = 1000.0
WARN_AT = 100.0
BLOCK_AT = 1000.0

SampleRatioState: TypeAlias = Literal["ok", "warning", "blocked"]


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """`warning` when E >= 100, `blocked` when E >= 1000. `log_evidence` is ln E; None when it is infinite."""

    state: SampleRatioState
    log_evidence: float | None


def sample_ratio(newcomers: Iterable[Counts]) -> SampleRatio:
    """Judge how many users were first seen in each version, per weight epoch in the order of time."""
    evidence = log_evidence(newcomers, PRIOR_STRENGTH)
    if evidence >= log(BLOCK_AT):
        return SampleRatio("blocked", evidence if evidence < inf else None)
    return SampleRatio("warning" if evidence >= log(WARN_AT) else "ok", evidence)
