"""Exposures and values for tests of metric stores, and the slow truth about them, recomputed from the raw stream."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from iter8_gitops.spec.metric import AT_RANDOM, Arm, ArmStatistics, ExactSum, Exposure, MetricValue, Summary, UserSums

APPLICATION = "shop/web"


def arm(
    version: int = 0,
    signature: str = "sig",
    epoch: int = 0,
    application: str = APPLICATION,
    cohort: str = AT_RANDOM,
) -> Arm:
    """An arm of one application, one signature and one epoch, at random, unless it says otherwise."""
    return Arm(application, version, signature, epoch, cohort)


def value(
    number: float,
    user: str = "ann",
    fallback: Arm | None = None,
    name: str = "sales",
    *,
    transaction: str = "",
    products: tuple[tuple[str, str], ...] = (),
    experiment: int = 0,
) -> MetricValue:
    """A value of the metric `sales`, of one user, unless it says otherwise."""
    return MetricValue(name, number, user, fallback or arm(), transaction, products, experiment)


def exact_summary(values: Sequence[float]) -> Summary:
    """The summary of these values, computed without rounding."""
    numbers = [Fraction(number) for number in values]
    mean = sum(numbers) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers) / len(numbers)
    return Summary(len(values), float(mean), math.sqrt(variance), min(values), max(values))


@dataclass
class RawStream:
    """Keeps every exposure and every credited value, as a store must not. Contents are those of users at random."""

    last: dict[tuple[str, str], Arm] = field(default_factory=dict)
    newest: dict[tuple[str, str], int] = field(default_factory=dict)
    exposed: dict[tuple[str, int, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    exposed_in_epoch: dict[Arm, set[str]] = field(default_factory=lambda: defaultdict(set))
    newcomers: Counter[Arm] = field(default_factory=Counter)
    credited: dict[str, list[tuple[Arm, str, float]]] = field(default_factory=lambda: defaultdict(list))
    counted: set[tuple[str, str, str]] = field(default_factory=set)
    followed: dict[Arm, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))

    def record(self, exposures: Iterable[Exposure], values: Iterable[MetricValue]) -> None:
        """As `MetricStore.record`, of a store that forgets no transaction."""
        for exposure in exposures:
            self._expose(exposure)
        for one in values:
            transaction = (one.fallback.application, one.name, one.transaction)
            if one.transaction and transaction in self.counted:
                continue
            self.counted.add(transaction)
            known = self.last.get((one.fallback.application, one.user))
            if known is None:
                known = one.fallback
                self._expose(Exposure(known, one.user, one.experiment))
            self.credited[one.name].append((known, one.user, one.value))
            self.followed[known].update(one.products)

    def _expose(self, exposure: Exposure) -> None:
        given, user = exposure.arm, exposure.user
        newest = self.newest.get((given.application, user), -1)
        self.newcomers[given] += newest < exposure.experiment
        self.newest[given.application, user] = max(newest, given.epoch)
        self.last[given.application, user] = given
        if given.cohort == AT_RANDOM:
            self.exposed[given.application, given.version, given.signature].add(user)
        self.exposed_in_epoch[given].add(user)

    def transactions(self, name: str, application: str, version: int, signature: str) -> list[float]:
        """The values of a metric that are credited to one version's content."""
        content = (application, version, signature, AT_RANDOM)
        return [number for given, _, number in self.credited[name] if _content(given) == content]

    def users(self, name: str, application: str, version: int, signature: str) -> list[float]:
        """The totals of the users who were exposed to one version's content, 0 for those who wrote nothing."""
        totals: dict[str, Fraction] = dict.fromkeys(self.exposed[application, version, signature], Fraction(0))
        for given, user, number in self.credited[name]:
            if _content(given) == (application, version, signature, AT_RANDOM):
                totals[user] += Fraction(number)
        return [float(total) for total in totals.values()]

    def parts(self, name: str, given: Arm) -> dict[str, float]:
        """The totals, within one weight epoch, of the users who wrote in it."""
        totals: dict[str, Fraction] = defaultdict(Fraction)
        for credited, user, number in self.credited[name]:
            if credited == given:
                totals[user] += Fraction(number)
        return {user: float(total) for user, total in totals.items()}

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Iterable[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        """As `MetricStore.statistics`."""
        current = {
            (application, version, signature, AT_RANDOM) for version, signature in signatures.items() if signature
        }
        arms = [given for given in self.exposed_in_epoch if _content(given) in current]
        arms.sort(key=lambda given: (given.version, given.epoch))
        return tuple(self._statistics(given, list(products)) for given in arms)

    def _statistics(self, given: Arm, products: Sequence[tuple[str, str]]) -> ArmStatistics:
        parts = {name: totals for name in sorted(self.credited) if (totals := self.parts(name, given))}
        sums = {
            (one, other): exact_sum(
                Fraction(total) * Fraction(parts[other].get(user, 0.0)) for user, total in parts[one].items()
            )
            if one in parts and other in parts
            else (0.0, 0.0)
            for one, other in products
            if (one, other) in self.followed[given] or one not in parts or other not in parts
        }
        return ArmStatistics(
            given.version,
            given.epoch,
            len(self.exposed_in_epoch[given]),
            self.newcomers[given],
            {name: _user_sums(list(totals.values())) for name, totals in parts.items()},
            sums,
        )

    def report(
        self, application: str, signatures: Mapping[int, str]
    ) -> dict[str, list[tuple[int, list[float], list[float]]]]:
        """Metric -> (version, its transactions, its users), as `MetricStore.report` selects and orders them."""
        found: dict[str, list[tuple[int, list[float], list[float]]]] = {}
        for name in sorted(self.credited):
            for version, signature in sorted(signatures.items()):
                transactions = self.transactions(name, application, version, signature)
                if transactions and signature:
                    users = self.users(name, application, version, signature)
                    found.setdefault(name, []).append((version, transactions, users))
        return found


def exact_sum(terms: Iterable[Fraction]) -> ExactSum:
    """The sum of `terms` as two doubles."""
    total = sum(terms, Fraction(0))
    rounded = float(total)
    return rounded, float(total - Fraction(rounded))


def _user_sums(totals: Sequence[float]) -> UserSums:
    return UserSums(
        count=len(totals),
        positive=sum(total > 0 for total in totals),
        sum=exact_sum(map(Fraction, totals)),
        squares=exact_sum(Fraction(total) ** 2 for total in totals),
    )


def counted(values: Iterable[float]) -> tuple[tuple[float, int], ...]:
    """How often each value is there, ascending by value."""
    return tuple(sorted(Counter(values).items()))


def _content(given: Arm) -> tuple[str, int, str, str]:
    return given.application, given.version, given.signature, given.cohort
