"""Feeds: each source runs in a thread of its own and hands what it delivers to the reconcile loop."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass

from iter8_gitops.contracts.source import Feed
from iter8_gitops.spec.tree import SourceFailure, SourceTree

_log = logging.getLogger(__name__)
_RESTART_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a feed's source delivered."""

    feed: Feed
    content: SourceTree | SourceFailure


class FeedThread:
    """Runs one feed until `stop` is set. A source that breaks unexpectedly is a failure, and is started again."""

    def __init__(self, feed: Feed, deliveries: queue.SimpleQueue[Delivery | None], stop: threading.Event) -> None:
        self._feed = feed
        self._deliveries = deliveries
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name=f"feed-{feed.source.name}", daemon=True)

    def start(self) -> None:
        """Start reading the source."""
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait until the source has let go, at most `timeout` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for content in self._feed.source.deliveries(self._stop):
                    self._deliveries.put(Delivery(self._feed, content))
            except Exception as error:  # noqa: BLE001 (a defect in one source must not end the others)
                _log.exception("source %s broke; it is started again", self._feed.source.name)
                failure = SourceFailure(self._feed.source.name, f"internal error: {type(error).__name__}")
                self._deliveries.put(Delivery(self._feed, failure))
                self._stop.wait(_RESTART_SECONDS)
