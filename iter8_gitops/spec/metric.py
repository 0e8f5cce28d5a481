"""Exposures, metric values, and the summaries that dashboards show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

MAX_MAGNITUDE = 1e100
"""A value farther from 0 is refused: below it, no sum of values, nor of squares of users' totals, can overflow."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What an exposure or a value is credited to: one version's content in one weight epoch.

    `application` is `namespace/name`, `version` the index, `signature` the digest of the content
    that answered ("" while no content has settled), `epoch` a counter that moves whenever the
    assignment of users changes, so that statistics never pool over a change of weights.
    """

    application: str
    version: int
    signature: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """A user was given a version."""

    arm: Arm
    user: str


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One finite number that a caller reports for a user.

    It is credited to the arm that the user was last exposed to in the application of `fallback`,
    or to `fallback` (the user's assignment at the time of writing) when no exposure is known.
    """

    name: str
    value: float
    user: str
    fallback: Arm


@dataclass(frozen=True, slots=True)
class Summary:
    """Count, mean, population standard deviation, smallest and largest of a set of values."""

    count: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """A summary with its counts per distinct (or, for many values, 1%-wide) value, ascending by value."""

    summary: Summary
    counts: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class VersionMetric:
    """One metric of one version's content, over transactions and over users, all weight epochs together.

    Over users, each exposed user counts once with the sum of their values, 0 when they wrote none.
    """

    version: int
    over_transactions: Distribution
    over_users: Distribution


MetricReport: TypeAlias = Mapping[str, tuple[VersionMetric, ...]]
"""Metric name (ascending) -> its versions (ascending); versions without data are left out."""
