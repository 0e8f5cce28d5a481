"""Exposures and values for tests of metric stores, and the slow truth about them, recomputed from the raw stream."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from iter8_gitops.spec.metric import Arm, Exposure, MetricValue, Summary

APPLICATION = "shop/web"


def arm(version: int = 0, signature: str = "sig", epoch: int = 0, application: str = APPLICATION) -> Arm:
    """An arm of one application, one signature and one epoch, unless it says otherwise."""
    return Arm(application, version, signature, epoch)


def value(number: float, user: str = "ann", fallback: Arm | None = None, name: str = "sales") -> MetricValue:
    """A value of the metric `sales`, of one user, unless it says otherwise."""
    return MetricValue(name, number, user, fallback or arm())


def exact_summary(values: Sequence[float]) -> Summary:
    """The summary of these values, computed without rounding."""
    numbers = [Fraction(number) for number in values]
    mean = sum(numbers) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers) / len(numbers)
    return Summary(len(values), float(mean), math.sqrt(variance), min(values), max(values))


@dataclass
class RawStream:
    """Keeps every exposure and every credited value, as a store must not."""

    last: dict[tuple[str, str], Arm] = field(default_factory=dict)
    exposed: dict[tuple[str, int, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    exposed_in_epoch: dict[Arm, set[str]] = field(default_factory=lambda: defaultdict(set))
    credited: dict[str, list[tuple[Arm, str, float]]] = field(default_factory=lambda: defaultdict(list))

    def record(self, exposures: Iterable[Exposure], values: Iterable[MetricValue]) -> None:
        """As `MetricStore.record`."""
        for exposure in exposures:
            self._expose(exposure.arm, exposure.user)
        for one in values:
            known = self.last.get((one.fallback.application, one.user))
            if known is None:
                known = one.fallback
                self._expose(known, one.user)
            self.credited[one.name].append((known, one.user, one.value))

    def _expose(self, given: Arm, user: str) -> None:
        self.last[given.application, user] = given
        self.exposed[given.application, given.version, given.signature].add(user)
        self.exposed_in_epoch[given].add(user)

    def transactions(self, name: str, application: str, version: int, signature: str) -> list[float]:
        """The values of a metric that are credited to one version's content."""
        content = (application, version, signature)
        return [number for given, _, number in self.credited[name] if (given.application, *_content(given)) == content]

    def users(self, name: str, application: str, version: int, signature: str) -> list[float]:
        """The totals of the users who were exposed to one version's content, 0 for those who wrote nothing."""
        totals: dict[str, Fraction] = dict.fromkeys(self.exposed[application, version, signature], Fraction(0))
        for given, user, number in self.credited[name]:
            if (given.application, *_content(given)) == (application, version, signature):
                totals[user] += Fraction(number)
        return [float(total) for total in totals.values()]

    def parts(self, name: str, given: Arm) -> list[float]:
        """The totals, within one weight epoch, of the users who wrote in it."""
        totals: dict[str, Fraction] = defaultdict(Fraction)
        for credited, user, number in self.credited[name]:
            if credited == given:
                totals[user] += Fraction(number)
        return [float(total) for total in totals.values()]

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


def counted(values: Iterable[float]) -> tuple[tuple[float, int], ...]:
    """How often each value is there, ascending by value."""
    return tuple(sorted(Counter(values).items()))


def _content(given: Arm) -> tuple[int, str]:
    return given.version, given.signature
