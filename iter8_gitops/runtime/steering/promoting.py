"""Promotions that policies ask for, carried out one after the other in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from iter8_gitops.contracts.promoter import Promoter, PromotionOrder
from iter8_gitops.core.promotions import Outcome
from iter8_gitops.errors import Iter8Error
from iter8_gitops.hooks.answers import describe
from iter8_gitops.spec.steering import PromotionPhase

_log = logging.getLogger(__name__)


class Promoting:
    """Takes orders, each once at a time. Thread-safe."""

    def __init__(self, promoter: Promoter) -> None:
        self._promoter = promoter
        self._lock = threading.Lock()
        self._pending: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._orders: queue.SimpleQueue[PromotionOrder | None] = queue.SimpleQueue()
        self._wake: Callable[[], None] = lambda: None
        self._thread: threading.Thread | None = None

    def start(self, wake: Callable[[], None]) -> None:
        """Begin; `wake` is called, from the thread, when something has come of an order."""
        self._wake = wake
        self._thread = threading.Thread(target=self._run, name="promoting", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no further orders; one that is being carried out may end by itself."""
        self._orders.put(None)
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def order(self, order: PromotionOrder) -> None:
        """Carry out `order`, unless the application has one already, or nobody has asked what came of the last."""
        with self._lock:
            if order.application in self._pending or order.application in self._outcomes:
                return
            self._pending.add(order.application)
        self._orders.put(order)

    def news(self) -> frozenset[str]:
        """The applications of which something has come that nobody has taken yet."""
        with self._lock:
            return frozenset(self._outcomes)

    def take(self, application: str) -> Outcome | None:
        """What has come of the last order, once."""
        with self._lock:
            return self._outcomes.pop(application, None)

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            outcome = self._outcome(order)
            with self._lock:
                self._pending.discard(order.application)
                self._outcomes[order.application] = outcome
            self._wake()

    def _outcome(self, order: PromotionOrder) -> Outcome:
        _log.info("%s: promoting signature %s", order.application, order.content)
        try:
            return self._promoter.promote(order)
        except Iter8Error as error:
            return Outcome(order.content, PromotionPhase.FAILED, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a defect here must not end the thread
            _log.error("%s: the promotion broke", order.application, exc_info=error)
            return Outcome(order.content, PromotionPhase.FAILED, f"it broke: {describe(error)}")
