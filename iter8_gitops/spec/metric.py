"""Exposures, metric values, and the summaries that dashboards show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

MAX_MAGNITUDE = 1e100
"""A value farther from 0 is refused: below it, no sum of values, nor of squares of users' totals, can overflow."""


ExactSum: TypeAlias = tuple[float, float]
"""A sum as two doubles: the sum rounded to the nearest double, and what that rounding left out."""

AT_RANDOM = ""
"""The cohort of the users who are compared."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What an exposure or a value is credited to: one version's content in one weight epoch.

    `application` is `namespace/name`, `version` the index, `signature` the digest of the content
    that answered ("" while no content has settled), `epoch` a counter that moves whenever the
    assignment of users changes, so that statistics never pool over a change of weights. `cohort` is why the user got
    the version: "" at random, else `override`, `holdout` or `rule`; only users at random are compared.
    """

    application: str
    version: int
    signature: str
    epoch: int
    cohort: str = AT_RANDOM


class Exposure(NamedTuple):
    """A user was given a version. `experiment` is the epoch at which the present contents began to be compared.

    There are as many of these as of lookups, and a tuple is made in less than half the time.
    """

    arm: Arm
    user: str
    experiment: int = 0


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One finite number that a caller reports for a user.

    It is credited to the arm that the user was last exposed to in the application of `fallback`,
    or to `fallback` (the user's assignment at the time of writing) when no exposure is known; that counts as an
    exposure in `experiment`.

    A value with a `transaction` counts once, however often it is written: the transaction is the caller's own
    identifier, unique for a metric of an application. `products` are the ratios that this metric is part of, as
    (numerator, denominator).
    """

    name: str
    value: float
    user: str
    fallback: Arm
    transaction: str = ""
    products: tuple[tuple[str, str], ...] = ()
    experiment: int = 0


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


@dataclass(frozen=True, slots=True)
class UserSums:
    """The users of one version in one epoch with a value of one metric, each with the sum of their values there.

    `count` of them, `positive` of these with a sum above 0; the sum of their sums, and of the squares of these.
    Exposed users who wrote none are not in here, and count 0.
    """

    count: int
    positive: int
    sum: ExactSum
    squares: ExactSum


@dataclass(frozen=True, slots=True)
class ArmStatistics:
    """What is known of the users at random of one version's present content in one epoch.

    `users` distinct ones were exposed there; `newcomers` of them had not been exposed before in this experiment.
    `metrics` are by name, without those that nobody has a value of. `products` are by (numerator, denominator): the
    sum over users of the product of their two sums.
    """

    version: int
    epoch: int
    users: int
    newcomers: int
    metrics: Mapping[str, UserSums]
    products: Mapping[tuple[str, str], ExactSum]


@dataclass(frozen=True, slots=True)
class EpochWeights:
    """The weights that were in force from `epoch` (seconds since 1970) on, one per version."""

    epoch: int
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExperimentStatistics:
    """All that a verdict rests on. `epochs` are those of the present experiment, ascending; the last one lasts.

    An experiment begins when the contents that are compared change. `arms` are ascending by version and epoch, and
    leave out those without users; there may be some of epochs before the experiment, which the primary was in alone.
    """

    experiment: int
    epochs: tuple[EpochWeights, ...]
    arms: tuple[ArmStatistics, ...]
