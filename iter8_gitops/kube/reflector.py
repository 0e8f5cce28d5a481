"""Keeps the objects of one type in a cache: one list, then a watch, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from iter8_gitops.kube.backoff import Backoff
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import (
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeNotFoundError,
    KubeUnreachableError,
)
from iter8_gitops.kube.health import Health
from iter8_gitops.kube.listwatch import ListWatch, Selection, Timing
from iter8_gitops.kube.store import Change, Store, without_managed_fields
from iter8_gitops.kube.streams import WatchEvent, WatchStream

__all__ = ["Change", "Reflector", "Selection", "Timing", "without_managed_fields"]

_log = logging.getLogger(__name__)
_STOP_WAIT = 1.0
_PROVEN = 1.0
"""A watch that has lasted so many seconds works, even if there was nothing to say."""
_UNRELATED = frozenset({0, 429, 503})
"""HTTP statuses of failed watches (0: no answer) that say nothing about the resourceVersion."""


class Reflector:
    """Follows a selection.

    `on_change` and `on_health` are called from its thread, one at a time. `on_change` gets what changed, in order:
    all changes of a list at once, and only objects that differ from the cache. `on_health` is called when `synced`
    or `failure` changed. What they raise is logged. `transform` makes of an object what is kept; it must leave name,
    namespace, uid and resourceVersion. Objects are never changed afterwards. The other members are for any thread.
    """

    def __init__(
        self,
        client: KubeClient,
        selection: Selection,
        on_change: Callable[[Sequence[Change]], None],
        on_health: Callable[[], None],
        *,
        transform: Callable[[JsonObject], JsonObject] = without_managed_fields,
        timing: Timing = Timing(),  # noqa: B008 (frozen)
    ) -> None:
        self._requests = ListWatch(client, selection, timing)
        self._on_change = on_change
        self._timing = timing
        self._store = Store(transform)
        self._health = Health(lambda: self._call(on_health))
        self._backoff = Backoff(timing.first_delay, timing.longest_delay)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._stream: WatchStream | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {self._requests.path}", daemon=True)
        self._resource_version = ""  # To watch from; "" to list first.
        self._contact = 0.0
        self._proven = False
        self._resumed = False

    @property
    def synced(self) -> bool:
        """True once a first list was complete and `on_change` was told; stays True."""
        return self._health.synced

    @property
    def failure(self) -> KubeError | None:
        """Why the selection cannot be followed at present; None while it can. A watch that only ends is no failure."""
        return self._health.failure

    @property
    def failing_since(self) -> float | None:
        """When the present failure began (Unix seconds)."""
        return self._health.failing_since

    def get(self, namespace: str, name: str) -> JsonObject | None:
        """Return an object of the cache (namespace "" for types without), or None."""
        return self._store.get(namespace, name)

    def objects(self) -> list[JsonObject]:
        """Return all objects of the cache."""
        return self._store.objects()

    def start(self) -> None:
        """Begin. May be called once."""
        self._thread.start()

    def stop(self) -> None:
        """End for good, within about a second; no callback begins afterwards.

        A request that is not answered at that moment ends in the background, with its timeout.
        """
        self._stopping.set()
        with self._lock:
            if self._stream is not None:
                self._stream.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_STOP_WAIT)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._follow())

    def _follow(self) -> float:
        """List if need be, and watch until the watch ends; return how many seconds to wait."""
        self._proven = False
        self._resumed = bool(self._resource_version) and time.monotonic() - self._contact <= self._timing.list_after
        error: KubeError | None = None
        try:
            if not self._resumed:
                self._list()
            self._watch()
        except KubeError as caught:
            error = caught
        except Exception as defect:  # noqa: BLE001 - a defect must not leave a cache behind that nobody renews
            _log.exception("%s: unexpected failure", self._requests.path)
            error = KubeError(f"{type(defect).__name__}: {defect}", status=-1, reason="InternalError")
        if self._proven:
            self._backoff.reset()
        return self._backoff.next_delay() if error is None else self._after(error)

    def _after(self, error: KubeError) -> float:
        """Draw the conclusions from an error; return how many seconds to wait."""
        if error.status not in _UNRELATED:
            self._resource_version = ""
        # When a watch that worked is cut, or its resourceVersion is too old, the next try tells whether that matters.
        if not self._proven and not isinstance(error, KubeGoneError) and not self._stopping.is_set():
            self._health.failed(error)
        if isinstance(error, KubeGoneError) and self._resumed:
            return 0.0  # The server is well, and has forgotten what we know: list at once.
        if isinstance(error, KubeForbiddenError | KubeNotFoundError):
            return self._backoff.long_delay()
        asked = error.retry_after if isinstance(error, KubeUnreachableError) else 0.0
        return max(self._backoff.next_delay(), min(asked, self._timing.longest_delay))

    def _list(self) -> None:
        listing = self._requests.list()
        self._contact = time.monotonic()
        if not self._stopping.is_set():
            self._tell(self._store.replace_all(listing.objects))
            self._resource_version = listing.resource_version
            self._health.works()

    def _watch(self) -> None:
        if self._stopping.is_set():
            return
        stream = self._requests.watch(self._resource_version)
        opened = self._contact = time.monotonic()
        with self._lock:
            self._stream = stream
            if self._stopping.is_set():
                stream.close()
        try:
            with stream:
                self._health.works()
                for event in stream:
                    self._take(event)
            self._contact = time.monotonic()
        finally:
            self._proven = self._proven or time.monotonic() - opened > _PROVEN

    def _take(self, event: WatchEvent) -> None:
        change: Change | None = None
        if event.type in ("ADDED", "MODIFIED"):
            change = self._store.put(event.object)
        elif event.type == "DELETED":
            change = self._store.remove(event.object)
        if change is not None:
            self._tell((change,))
        self._resource_version = event.object["metadata"].get("resourceVersion") or self._resource_version
        self._contact = time.monotonic()
        self._proven = True

    def _tell(self, changes: Sequence[Change]) -> None:
        if changes:
            self._call(lambda: self._on_change(changes))

    def _call(self, callback: Callable[[], None]) -> None:
        if self._stopping.is_set():
            return
        try:
            callback()
        except Exception:  # noqa: BLE001 - the cache is right all the same, and must stay so
            _log.exception("%s: a callback failed", self._requests.path)
