"""What an analysis says, as plain values that encode to JSON without NaN and infinity.

A number that cannot be told is None. Versions are indices, 0 is the primary, and every comparison is with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from iter8_gitops.core.statistics.intervals import Interval
from iter8_gitops.core.statistics.sample_ratio import SampleRatioState

Role: TypeAlias = Literal["success", "guardrail", "described"]
"""Of a metric: it may win, it must not get worse by too much, or it is not declared and judges nothing."""

Finding: TypeAlias = Literal["better", "worse", "same", "held", "breached", "open"]
"""Of a comparison. A success metric is `better`, `worse`, or the `same` (by less than its minimum effect); a guardrail
is `held` or `breached`; all are `open` until shown."""

Method: TypeAlias = Literal["confidence sequence", "exact multinomial test"]

VerdictName: TypeAlias = Literal[
    "invalid",
    "guardrail_breached",
    "guardrail_pending",
    "winner",
    "leaders",
    "loser",
    "no_difference",
    "keep_going",
    "not_enough_data",
]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version against the primary, in one metric. It holds at every look, except `chance_to_beat`.

    Differences are in the units of the metric, averaged over weight epochs; with several epochs they are not the
    differences of the overall means. Lifts are differences as a share of the size of the primary's mean (0.02 is 2%
    more). For the exact test, the interval of the difference is that of the lift times the primary's mean.
    `log_evidence` is ln e against no difference; `p_value`, min(1, 1/e), is to be held against `alpha`.
    `detectable_lift` is the effect that would be found by now in 4 of 5 experiments. `users_left` (of all versions) and
    `seconds_left` are until the effect that matters is found as often; 0 when that many came already.
    """

    method: Method
    alpha: float
    difference: float | None
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval
    log_evidence: float | None
    p_value: float | None
    finding: Finding
    detectable_lift: float | None
    users_left: int | None
    seconds_left: float | None
    chance_to_beat: float | None


@dataclass(frozen=True, slots=True)
class VersionResult:
    """One version in one metric. `mean` is that of all its users in the experiment, whatever the epoch.

    `comparison` is None for the primary, and with too few users. `chance_to_be_best` and `expected_loss` (in the units
    of the metric) are not valid under peeking.
    """

    version: int
    users: int
    mean: float | None
    comparison: Comparison | None
    chance_to_be_best: float | None
    expected_loss: float | None


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric, with its versions ascending. `margin` is the relative change that matters; None when not declared."""

    name: str
    role: Role
    goal: str
    type: str
    denominator: str
    margin: float | None
    versions: tuple[VersionResult, ...]


@dataclass(frozen=True, slots=True)
class SampleRatioResult:
    """Whether users came as the weights say: users when first seen, and how many were expected, per version.

    `log_evidence` is ln E against that; None when it is infinite, because users came to a version without weight.
    """

    state: SampleRatioState
    log_evidence: float | None
    newcomers: tuple[int, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known, about which versions, why in a sentence, and about how long the rest takes."""

    name: VerdictName
    versions: tuple[int, ...]
    reason: str
    users_left: int | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """An experiment: `verdict` over all versions, `candidates` with a verdict for each. `elapsed` is in seconds."""

    experiment: int
    elapsed: float
    verdict: Verdict
    candidates: tuple[Verdict, ...]
    sample_ratio: SampleRatioResult
    metrics: tuple[MetricResult, ...]
