"""A plugin's metric store as the rest sees it: its answers are checked, and it is named when it breaks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from iter8_gitops.contracts.metric_store import MetricStore
from iter8_gitops.errors import BrokenPluginError, Iter8Error
from iter8_gitops.hooks.answers import describe
from iter8_gitops.hooks.shapes import flaw
from iter8_gitops.spec.metric import ArmStatistics, Exposure, MetricReport, MetricValue


class CheckedMetricStore:
    """A `MetricStore` that raises `BrokenPluginError` where `plugin` (`distribution:name`) breaks the contract.

    So it does for exceptions that a store may not raise, and for answers that are none.
    """

    def __init__(self, store: MetricStore, plugin: str) -> None:
        self._store = store
        self._plugin = plugin

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        """See `MetricStore.record`."""
        with self._named("record"):
            self._store.record(exposures, values)

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        """See `MetricStore.report`."""
        with self._named("report"):
            answer = self._store.report(application, signatures)
            self._require("report", answer, MetricReport)
        return answer

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        """See `MetricStore.exposed_users`."""
        with self._named("exposed_users"):
            answer = self._store.exposed_users(application, signatures)
            self._require("exposed_users", answer, Mapping[int, int])
            for version in signatures:
                if version not in answer:
                    self._refuse("exposed_users", f"it says nothing of version {version}")
        return answer

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        """See `MetricStore.statistics`."""
        with self._named("statistics"):
            answer = self._store.statistics(application, signatures, products)
            self._require("statistics", answer, tuple[ArmStatistics, ...])
            places = [(arm.version, arm.epoch) for arm in answer]
            if places != sorted(set(places)):
                self._refuse("statistics", "its versions and epochs do not ascend")
        return tuple(answer)

    def close(self) -> None:
        """See `MetricStore.close`."""
        with self._named("close"):
            self._store.close()

    @contextmanager
    def _named(self, method: str) -> Iterator[None]:
        try:
            yield
        except Iter8Error:
            raise
        except (Exception, SystemExit) as error:
            message = f"the metric store of plugin {self._plugin} broke in {method}: {describe(error)}"
            raise BrokenPluginError(message) from error

    def _require(self, method: str, answer: object, wanted: Any) -> None:
        if found := flaw(answer, wanted):
            self._refuse(method, found)

    def _refuse(self, method: str, found: str) -> None:
        message = f"the metric store of plugin {self._plugin} answered {method} with what is no answer: {found}"
        raise BrokenPluginError(message)
