"""Feeds: each source runs in a thread of its own and hands what it delivers to the reconcile loop."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass

from iter8_gitops.contracts.source import Feed
from iter8_gitops.hooks.answers import describe
from iter8_gitops.spec.tree import SourceFailure, SourceFile, SourceTree

_log = logging.getLogger(__name__)
_RESTART_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a feed's source delivered."""

    feed: Feed
    content: SourceTree | SourceFailure


class FeedThread:
    """Runs one feed until `stop` is set. A source that breaks, or answers as none may, fails and is started again."""

    def __init__(self, feed: Feed, deliveries: queue.SimpleQueue[Delivery | None], stop: threading.Event) -> None:
        self._feed = feed
        self._deliveries = deliveries
        self._stop = stop
        self._name = feed.source.name
        self._thread = threading.Thread(target=self._run, name=f"feed-{self._name}", daemon=True)

    def start(self) -> None:
        """Start reading the source."""
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait until the source has let go, at most `timeout` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a defect in one source must not end the others
                _log.error("source %s broke; it is started again", self._name, exc_info=error)
                self._fail(f"broke: {describe(error)}")

    def _read(self) -> None:
        known: object = None
        tree: SourceTree | None = None
        for content in self._feed.source.deliveries(self._stop):
            flaw = "" if content is known else _flaw(content, self._name, tree)
            if flaw:
                self._fail(flaw)
                return
            known = content
            tree = content if isinstance(content, SourceTree) else tree
            self._deliveries.put(Delivery(self._feed, content))
        if not self._stop.is_set():
            self._fail("delivers no more")

    def _fail(self, said: str) -> None:
        """Tell what the plugin did that no source may do, and give it some time."""
        plugin = type(self._feed.source)
        message = f"plugin {plugin.__module__} ({plugin.__qualname__}) {said}"
        self._deliveries.put(Delivery(self._feed, SourceFailure(self._name, message)))
        self._stop.wait(_RESTART_SECONDS)


def drain(arrivals: queue.SimpleQueue[Delivery | None], timeout: float) -> list[Delivery]:
    """Everything that has arrived, after waiting at most `timeout` seconds for the first. None only wakes."""
    arrived: list[Delivery] = []
    try:
        first = arrivals.get(timeout=timeout)
        arrived += [first] if first is not None else []
        while True:
            more = arrivals.get_nowait()
            arrived += [more] if more is not None else []
    except queue.Empty:
        return arrived


def _flaw(content: object, name: str, before: SourceTree | None) -> str:
    """What is wrong with a delivery of the source `name`, which is whatever a plugin made; "" when nothing is.

    Nothing was wrong with its last tree, `before`.
    """
    if not isinstance(content, SourceTree | SourceFailure):
        return f"delivered {type(content).__name__}, not SourceTree or SourceFailure"
    if content.source != name:
        return f"delivered for the source {content.source!r}, not for {name!r}"
    if isinstance(content, SourceTree) and not _is_whole(content, before):
        return "delivered a SourceTree whose files are no tuple of SourceFile"
    return ""


def _is_whole(tree: SourceTree, before: SourceTree | None) -> bool:
    files: object = tree.changes_since(before).changed if tree.follows(before) else tree.files
    return isinstance(files, tuple) and all(isinstance(each, SourceFile) for each in files)
