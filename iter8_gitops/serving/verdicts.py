"""Analyses for Prometheus and for lists: of few routemaps, seldom, and for no longer than their reader can wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from iter8_gitops.core.analysis.values import Analysis
from iter8_gitops.errors import Iter8Error
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot

_log = logging.getLogger(__name__)
MAX_ROUTEMAPS = 100
"""The most routemaps that are analysed: the first with declared metrics, ascending by application."""

SECONDS = 30.0
"""An analysis is computed again after so long, or when the experiment is another one."""

BUDGET = 2.0
"""The most seconds that are begun to be spent at once; the rest is done when it is asked for again."""

Analyse: TypeAlias = Callable[[RoutemapState], Analysis]
"""May read a disk, and raise `Iter8Error`."""


@dataclass(frozen=True, slots=True)
class Known:
    """The analyses by application. `left_out` counts routemaps with declared metrics that have none here."""

    analyses: Mapping[str, Analysis]
    left_out: int


class Verdicts:
    """Keeps the analyses of the experiments on a board. Thread-safe; never to be called on an event loop."""

    def __init__(
        self,
        analyse: Analyse,
        clock: Callable[[], float] = monotonic,
        *,
        seconds: float = SECONDS,
        budget: float = BUDGET,
    ) -> None:
        self._analyse = analyse
        self._clock = clock
        self._seconds = seconds
        self._budget = budget
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, Analysis]] = {}

    def of(self, snapshot: Snapshot) -> Known:
        """What is known now. Only one thread computes; those that come meanwhile get what was known before."""
        declared = [state for _, state in sorted(snapshot.routemaps.items()) if state.metrics]
        wanted = {state.application: state for state in declared[:MAX_ROUTEMAPS]}
        if self._lock.acquire(blocking=not self._found):
            try:
                self._renew(wanted)
            finally:
                self._lock.release()
        found = dict(self._found)
        analyses = {name: found[name][1] for name, state in wanted.items() if _is_of(found.get(name), state)}
        return Known(analyses, len(declared) - len(analyses))

    def _renew(self, wanted: Mapping[str, RoutemapState]) -> None:
        began = self._clock()
        found = {name: self._found[name] for name, state in wanted.items() if _is_of(self._found.get(name), state)}
        due = [name for name in wanted if name not in found or began - found[name][0] >= self._seconds]
        for name in sorted(due, key=lambda name: found[name][0] if name in found else -1.0):
            if self._clock() - began >= self._budget:
                break
            found.pop(name, None)
            try:
                found[name] = (self._clock(), self._analyse(wanted[name]))
            except Iter8Error as error:
                _log.warning("%s: no verdict for now: %s", name, error)
            except Exception as error:  # noqa: BLE001 - a defect here must not cost all other metrics
                _log.error("%s: no verdict for now", name, exc_info=error)
        self._found = found


def _is_of(found: tuple[float, Analysis] | None, state: RoutemapState) -> bool:
    return found is not None and found[1].experiment == state.experiment
