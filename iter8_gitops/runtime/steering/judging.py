"""What measurements say of routemaps that depend on it, looked at again and again in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeAlias

from iter8_gitops.core.evidence import Evidence
from iter8_gitops.errors import Iter8Error
from iter8_gitops.hooks.answers import describe
from iter8_gitops.spec.snapshot import RoutemapState

_log = logging.getLogger(__name__)
JUDGE_SECONDS = 10.0
"""Between two looks at the measurements of the same routemap."""

Assess: TypeAlias = Callable[[RoutemapState], Evidence]
"""What is known of the experiment of a routemap. May block for as long as a metric store takes."""

NOT_LOOKED_YET = Evidence("its measurements have not been looked at yet", None, "its measurements are being looked at")


class Judging:
    """Keeps the evidence of every routemap that is followed. Thread-safe."""

    def __init__(self, assess: Assess, interval: float = JUDGE_SECONDS) -> None:
        self._assess = assess
        self._interval = interval
        self._lock = threading.Lock()
        self._followed: dict[str, RoutemapState] = {}
        self._found: dict[str, Evidence] = {}
        self._news: set[str] = set()
        self._look = threading.Event()
        self._stop = threading.Event()
        self._wake: Callable[[], None] = lambda: None
        self._thread: threading.Thread | None = None

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to look; `wake` is called, from the thread, when there is news."""
        self._wake = wake
        self._thread = threading.Thread(target=self._run, name="judging", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._look.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def follow(self, state: RoutemapState) -> None:
        """Keep looking at this routemap, as it is now; soon, when its contents are others than before."""
        with self._lock:
            before = self._followed.get(state.application)
            self._followed[state.application] = state
            if before is None or before.experiment != state.experiment:
                self._found.pop(state.application, None)
                self._look.set()

    def forget(self, application: str) -> None:
        """Look at it no more."""
        with self._lock:
            self._followed.pop(application, None)
            self._found.pop(application, None)

    def evidence(self, application: str) -> Evidence:
        """What was found last."""
        with self._lock:
            return self._found.get(application, NOT_LOOKED_YET)

    def news(self) -> frozenset[str]:
        """The applications of which something else was found since the last call."""
        with self._lock:
            news, self._news = frozenset(self._news), set()
            return news

    def look(self) -> None:
        """Look at every routemap that is followed, once."""
        with self._lock:
            followed = dict(self._followed)
        for application, state in followed.items():
            if self._stop.is_set():
                return
            self._note(state, self._assessed(application, state))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._look.clear()
            self.look()
            self._look.wait(self._interval)

    def _assessed(self, application: str, state: RoutemapState) -> Evidence:
        try:
            return self._assess(state)
        except Iter8Error as error:
            return _unknown(str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a defect here must not end the thread
            _log.error("%s: its measurements cannot be judged", application, exc_info=error)
            return _unknown(describe(error))

    def _note(self, state: RoutemapState, found: Evidence) -> None:
        with self._lock:
            now = self._followed.get(state.application)
            if now is None or now.experiment != state.experiment:
                return
            if self._found.get(state.application) == found:
                return
            self._found[state.application] = found
            self._news.add(state.application)
        self._wake()


def _unknown(reason: str) -> Evidence:
    said = f"its measurements cannot be read: {reason}"
    return Evidence(said, None, said)
