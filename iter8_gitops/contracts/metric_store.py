"""What every metric store does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from iter8_gitops.spec.metric import Exposure, MetricReport, MetricValue


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

        Raises `InvalidArgumentError` when an exposure or a value cannot be stored at all; it names the
        first, e.g. `values[3].value`.
        """
        ...

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        """The metrics of an application, for the version indexes and current signatures in `signatures`.

        All weight epochs together. Versions and metrics without values are left out, and so is a version
        whose signature is "": nothing has settled there that a value could speak of.
        """
        ...

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        """How many distinct users were exposed to each version's current content, 0 for none."""
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
