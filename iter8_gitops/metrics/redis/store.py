"""The metric store for many machines: one Redis or Valkey, or a cluster of them, that all of them write and read."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from iter8_gitops.metrics.redis.batches import batches_of
from iter8_gitops.metrics.redis.calls import Rules
from iter8_gitops.metrics.redis.clients import Client, Clients
from iter8_gitops.metrics.redis.failures import FAILURES, explained, is_passing
from iter8_gitops.metrics.redis.keys import Keys
from iter8_gitops.metrics.redis.options import RedisOptions
from iter8_gitops.metrics.redis.recording import Recorder
from iter8_gitops.metrics.redis.reports import read_exposed_users, read_report
from iter8_gitops.metrics.redis.statistics import read_statistics
from iter8_gitops.metrics.redis.unsure import UnsureBatches
from iter8_gitops.metrics.validation import check
from iter8_gitops.spec.metric import ArmStatistics, Exposure, MetricReport, MetricValue

_PAUSES = (0.0, 0.1, 0.4)
"""Seconds before each further try, while a server restarts or another takes over."""
_SURE_FOR = 0.8
"""The part of the time that a server remembers a batch in which the batch may be sent again."""

_T = TypeVar("_T")


class RedisMetricStore:
    """A `MetricStore` on the server or the cluster of `options`.

    Nothing is connected before the first use, and each process makes its own connections, so a store may be made
    before a fork. `rules` are those of `options` unless given; `clock` gives seconds since 1970.

    A batch is applied by one script per application, all or nothing; a batch of several applications is one
    transaction on a single server, and one step after the other in a cluster. One that failed is completed, and
    nothing of it repeated, when the same is recorded again within a minute or so.
    """

    def __init__(
        self, options: RedisOptions, rules: Rules | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        rules = rules or Rules(kept_transactions=options.kept_transactions)
        self._options = options
        self._clients = Clients(options)
        self._recorder = Recorder(options, rules, clock)
        self._unsure = UnsureBatches(_SURE_FOR * rules.remembered)

    def record(self, exposures: Sequence[Exposure], values: Sequence[MetricValue]) -> None:
        """See `MetricStore.record`."""
        check(exposures, values)
        batches = batches_of(exposures, values)
        if not batches:
            return
        identifier = self._unsure.identifier(batches)
        try:
            self._tried(lambda client: self._recorder.store(client, batches, identifier))
        except BaseException:
            self._unsure.remember(batches, identifier)
            raise

    def report(self, application: str, signatures: Mapping[int, str]) -> MetricReport:
        """See `MetricStore.report`."""
        keys = Keys(self._options.prefix, application)
        return self._tried(lambda client: read_report(client, keys, signatures))

    def exposed_users(self, application: str, signatures: Mapping[int, str]) -> Mapping[int, int]:
        """See `MetricStore.exposed_users`."""
        keys = Keys(self._options.prefix, application)
        return self._tried(lambda client: read_exposed_users(client, keys, signatures))

    def statistics(
        self, application: str, signatures: Mapping[int, str], products: Collection[tuple[str, str]] = ()
    ) -> tuple[ArmStatistics, ...]:
        """See `MetricStore.statistics`."""
        keys = Keys(self._options.prefix, application)
        return self._tried(lambda client: read_statistics(client, keys, signatures, products))

    def close(self) -> None:
        """See `MetricStore.close`."""
        self._clients.close()

    def _tried(self, work: Callable[[Client], _T]) -> _T:
        """What `work` gives; a lost connection or a change of the primary is met by another try or two."""
        began = time.monotonic()
        for pause in (*_PAUSES, None):
            try:
                return work(self._clients.client())
            except FAILURES as error:
                late = time.monotonic() - began >= self._options.timeout
                if pause is None or late or not is_passing(error, self._options):
                    raise explained(error, self._options) from error
                self._clients.renew()
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")
