"""Tells people who look at the cluster what happened to an object: core/v1 Events, written in the background."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import KubeConflictError, KubeError, KubeNotFoundError, KubeUnreachableError
from iter8_gitops.kube.events_aggregation import Aggregator, ObjectRef, Occurrence, Posting, camel_case
from iter8_gitops.kube.marks import FIELD_MANAGER

__all__ = ["EventRecorder", "ObjectRef"]

_log = logging.getLogger(__name__)
_random = random.SystemRandom()
_TRIES = 3
_TIMEOUT = 5.0
_NO_NAMESPACE = "default"
"""Where Kubernetes expects Events about objects that are in no namespace."""


class EventRecorder:
    """Writes Events as the component `iter8-gitops`; `instance` says which replica.

    One thread writes them all. At most `capacity` wait; what comes on top is dropped and counted, for an Event is
    never worth the memory or the wait. An API server that is away is tried three times, about a second apart (`pause`).
    """

    def __init__(
        self,
        client: KubeClient,
        instance: str,
        *,
        capacity: int = 10_000,
        pause: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._instance = instance
        self._capacity = capacity
        self._pause = pause
        self._clock = clock
        self._aggregator = Aggregator()
        self._waiting: deque[tuple[Occurrence, float]] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._dropped = 0
        self._dropping: set[tuple[int, str]] = set()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    @property
    def dropped(self) -> int:
        """How many occurrences were never written, because too many waited or the API server did not take them."""
        return self._dropped

    def start(self) -> None:
        """Begin to write; what was recorded before is not lost."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Write what waits, for at most `timeout` seconds and while nothing fails; drop the rest."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        with self._changed:
            self._waiting.clear()

    def record(self, ref: ObjectRef, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell that `message` happened to `ref`. Never waits and never raises; any thread."""
        occurrence = Occurrence(ref, warning, camel_case(reason), message)
        with self._changed:
            if self._stopping.is_set():
                return
            if len(self._waiting) >= self._capacity:
                self._drop("too many of them wait to be written", reason="QueueFull")
                return
            self._waiting.append((occurrence, self._clock()))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping.is_set())
                if not self._waiting:
                    return
                occurrence, at = self._waiting.popleft()
            posting = self._aggregator.take(occurrence, at)
            if posting is not None and not self._post(posting) and self._stopping.is_set():
                return

    def _post(self, posting: Posting) -> bool:
        """Write one; False when it had to be dropped."""
        for tries_left in reversed(range(_TRIES)):
            try:
                self._write(posting)
            except KubeUnreachableError as error:
                if tries_left and not self._stopping.wait(self._pause * _random.uniform(0.5, 1.5)):
                    continue
                self._drop(str(error), error.status, error.reason)
                return False
            except KubeError as error:
                # A namespace that is going away, or no right to write Events there: trying again would not help.
                self._drop(str(error), error.status, error.reason)
                return False
            self._aggregator.written(posting)
            self._dropping.clear()
            return True
        return False

    def _write(self, posting: Posting) -> None:
        collection = f"/api/v1/namespaces/{_namespace(posting.key.ref)}/events"
        if posting.created:
            renewed = {"count": posting.count, "lastTimestamp": _stamp(posting.last), "message": posting.message}
            try:
                self._client.merge_patch(f"{collection}/{posting.name}", renewed, timeout=_TIMEOUT)
            except KubeNotFoundError:
                self._aggregator.vanished(posting)
            else:
                return
        try:
            self._client.create(collection, event_of(posting, self._instance), timeout=_TIMEOUT)
        except KubeConflictError:
            # Written by a try whose answer was lost: names are unique by the nanosecond.
            _log.debug("event %s exists already", posting.name)

    def _drop(self, why: str, status: int = 0, reason: str = "") -> None:
        """Count it, and say so once per sort of failure until Events can be written again."""
        with self._changed:
            self._dropped += 1
        if (status, reason) not in self._dropping:
            self._dropping.add((status, reason))
            _log.warning("events are dropped: %s", why)


def event_of(posting: Posting, instance: str) -> JsonObject:
    """The Event that `posting` creates."""
    key = posting.key
    involved = {
        "apiVersion": key.ref.api_version,
        "kind": key.ref.kind,
        "namespace": key.ref.namespace,
        "name": key.ref.name,
        "uid": key.ref.uid,
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": posting.name, "namespace": _namespace(key.ref)},
        "involvedObject": {name: value for name, value in involved.items() if value},
        "type": "Warning" if key.warning else "Normal",
        "reason": key.reason,
        "message": posting.message,
        "count": posting.count,
        "firstTimestamp": _stamp(posting.first),
        "lastTimestamp": _stamp(posting.last),
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": instance,
    }


def _namespace(ref: ObjectRef) -> str:
    return ref.namespace or _NO_NAMESPACE


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
