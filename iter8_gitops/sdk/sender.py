"""Telling the server what a client did: in batches, in order, again and again until it is told."""

from __future__ import annotations

import logging
import re
import threading
import time

from iter8_gitops.sdk.backoff import Backoff
from iter8_gitops.sdk.errors import TransportError
from iter8_gitops.sdk.outbox import MOST_ITEMS, Item, Outbox
from iter8_gitops.sdk.transport import Answer, Transport

_PLACE = re.compile(r"(?:exposures|values)\[(\d+)\]\.?(\w*)")
_log = logging.getLogger("iter8_gitops.sdk")


class Sender:
    """Sends what is in `outbox` every `interval` seconds, or sooner when there is much.

    What the server refuses for good (it names the item) is dropped and counted in `refused`, `refusal` is the last
    reason; everything else is tried again with backoff. A batch that was sent but not answered is sent again as it was:
    exposures are the same when they come twice, and values carry a transaction. A fork leaves the thread behind.
    """

    def __init__(self, transport: Transport, outbox: Outbox, interval: float) -> None:
        self.refused = 0
        self.refusal = ""
        self.trouble = ""
        self._transport = transport
        self._outbox = outbox
        self._interval = interval
        self._backoff = Backoff()
        self._due = threading.Event()
        self._closing = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._deadline = float("inf")
        self._in_hand = 0
        self._busy = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many exposures and values have not been acknowledged yet."""
        return len(self._outbox) + self._in_hand

    def notice(self) -> None:
        """Something was put into the outbox."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="iter8-sender", daemon=True)
                    thread.start()
                    self._thread = thread
        if len(self._outbox) >= MOST_ITEMS and not self._due.is_set():
            self._due.set()

    def flush(self, timeout: float) -> bool:
        """Send all that waits now. False when some of it could not be sent within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.waiting or self._busy:
            self.notice()
            self._idle.clear()
            self._due.set()
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._idle.wait(min(left, 0.05))
        return True

    def close(self, timeout: float) -> bool:
        """Send what waits, for `timeout` seconds at most, and stop. False when something could not be sent."""
        self._deadline = time.monotonic() + timeout
        self._closing.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout)
        if self.waiting:
            _log.warning("%d exposures and values could not be sent: %s", self.waiting, self.trouble or "no time")
        return not self.waiting

    def _run(self) -> None:
        while True:
            self._due.wait(self._interval)
            self._due.clear()
            # Busy before anything leaves the outbox, so that `flush` never sees neither.
            self._busy = True
            while len(self._outbox) and time.monotonic() < self._deadline:
                self._send_batch()
            self._busy = False
            self._idle.set()
            if self._closing.is_set():
                return

    def _send_batch(self) -> None:
        batch = self._outbox.take()
        self._in_hand = len(batch)
        for path, items in (("/v1/exposures", batch.exposures), ("/v1/metrics", batch.values)):
            while items:
                try:
                    items = self._send(path, items)
                except TransportError as error:
                    if not self._may_try_again(error):
                        return
                except Exception as error:  # noqa: BLE001 (a sender that died would lose all that follows)
                    _log.error("sending failed in a way that it should not", exc_info=error)
                    if not self._may_try_again(TransportError(f"{type(error).__name__}: {error}")):
                        return
        self._in_hand = 0

    def _may_try_again(self, error: TransportError) -> bool:
        """Wait before the next try; False when there is no time for one."""
        if not self.trouble:
            _log.warning("exposures and values wait: %s", error)
        self.trouble = str(error)
        wait = self._backoff.next(error.retry_after)
        if self._closing.is_set():
            wait = min(wait, 0.25)
            time.sleep(max(0.0, min(wait, self._deadline - time.monotonic())))
        else:
            self._closing.wait(wait)
        return time.monotonic() < self._deadline

    def _send(self, path: str, items: list[Item]) -> list[Item]:
        """Send `items`. Returns what is left to be sent: nothing, or what was not refused. Raises `TransportError`."""
        key = b"exposures" if path.endswith("exposures") else b"values"
        documents = b",".join(item.document for item in items)
        answer = self._transport.post(path, b'{"%b":[%b]}' % (key, documents))
        if answer.status == 200:
            self._backoff.reset()
            self.trouble = ""
            self._in_hand -= len(items)
            return []
        return self._without_refused(answer, items, f"{self._transport.base}{path}")

    def _without_refused(self, answer: Answer, items: list[Item], url: str) -> list[Item]:
        problem = answer.problem()
        place = _PLACE.match(str(problem.get("field"))) if answer.status in {400, 404} else None
        if place is None or int(place[1]) >= len(items):
            # Whoever says that may be a proxy, or a server that is being replaced: nothing is lost for it.
            raise answer.trouble(url)
        refused = items[int(place[1])]
        left = [item for at, item in enumerate(items) if at != int(place[1])]
        if answer.status == 404:
            # The others of an application that is gone would be refused one by one.
            left = [item for item in left if item.application != refused.application]
        self._in_hand -= len(items) - len(left)
        self.refused += len(items) - len(left)
        self.refusal = str(problem.get("description"))
        _log.warning("%d of %d are refused: %s", len(items) - len(left), len(items), self.refusal)
        return left
