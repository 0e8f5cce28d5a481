"""What every metric store does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from iter8_gitops.spec.metric import ArmStatistics, Exposure, MetricReport, MetricValue

KEPT_TRANSACTIONS = 7 * 24 * 3600.0
"""Seconds for which a store remembers a transaction at least, unless it is told otherwise."""


@runtime_checkable
class MetricStore(Protocol):
    """Keeps exposures and metric values, and answers from aggregates that cost the same however many there are.

    Every method may be called from any thread, blocks, and raises `UnavailableError` when the store cannot
    be used now (disk full, locked too long, damaged, closed).
    """

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        """Store all of it, or, when this raises, none of it.

        The exposures come first, in their order, then the values. A value is credited to the arm that its
        user was last exposed to in the application; when there is none, `fallback` is recorded as an
        exposure and credited. On return everything survives the death of the process and of the machine.

        A value whose `transaction` is not empty counts once per application, metric and transaction, however often
        and by whomever it is written, also within one call: the first one counts. A repeated one is taken without an
        error and changes nothing; its fallback is no exposure either. A transaction is remembered for
        `KEPT_TRANSACTIONS` at least, unless the store was told otherwise, then forgotten, little by little.

        An exposure counts a newcomer in its arm when its user was never exposed in the application before at an epoch
        as late as its `experiment`, in whatever cohort: so once per user and experiment.

        From the first value on that is credited to a content and an epoch and lists a pair among its `products`, the
        sum over users of the product of their two sums there is kept, with all values that were there before, and
        follows every value of either metric, whether that lists the pair or not.

        Raises `InvalidArgumentError` when an exposure or a value cannot be stored at all; it names the
        first, e.g. `values[3].value`.
        """
        ...

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        """The metrics of an application, for the version indexes and current signatures in `signatures`.

        All weight epochs together, and users at random alone (cohort ""), here and in `exposed_users`. Versions and
        metrics without values are left out, and so is a version whose signature is "": nothing has settled there
        that a value could speak of.
        """
        ...

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        """How many distinct users at random were exposed to each version's current content, 0 for none."""
        ...

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        """What verdicts rest on: the users at random of each version's current content, epoch by epoch.

        Ascending by (version, epoch), without versions whose signature is "" and epochs without users. Of each of
        the `products` asked for, an epoch has the sum; 0 when nobody has a value of one of its metrics there. It is
        left out where both have values, but none of these listed the pair. The cost depends on how many
        epochs and metrics there are, not on how many users and values.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; every later call raises `UnavailableError`."""
        ...


@dataclass(frozen=True, slots=True)
class MetricStoreRequest:
    """Which store a person asked for: `url` as given, such as `sqlite:` or `scheme://host`.

    `embedded` is the file of the state folder that an embedded store may use.
    """

    url: str
    embedded: Path
