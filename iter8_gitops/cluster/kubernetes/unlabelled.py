"""Tells objects that are not there from objects that are there without the watch label.

Watches see labelled objects only, so each missing one is asked for by itself: at once, and then in turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from iter8_gitops.cluster.labels import label_complaint
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeNotFoundError
from iter8_gitops.spec.resource import WATCH_LABEL, Absent, Resource, ResourceId

LOOK_SECONDS = 0.2
"""Between two looks."""
AGAIN_SECONDS = 60.0
"""Between two looks at the same object, as long as there are not too many."""
_MOST = 10_000
_PATIENCE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Unlabelled:
    """Looks for missing objects in a thread of its own, five a second. Thread-safe.

    `on_news` is told whose verdict is another one now. An object that nobody names any more, as `is_named` says, is
    forgotten when its turn comes.
    """

    def __init__(
        self,
        client: KubeClient,
        on_news: Callable[[ResourceId], None],
        is_named: Callable[[ResourceId], bool],
        *,
        look_seconds: float = LOOK_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self._client = client
        self._on_news = on_news
        self._is_named = is_named
        self._look_seconds = look_seconds
        self._again_seconds = again_seconds
        self._changed = threading.Condition()
        self._queue: OrderedDict[ResourceId, tuple[float, Endpoint]] = OrderedDict()
        self._verdicts: dict[ResourceId, Absent] = {}
        self._seen: set[ResourceId] = set()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="unlabelled-objects", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that is under way is not waited for longer than a second."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def explain(self, missing: ResourceId, endpoint: Endpoint) -> Absent:
        """Why `missing` is not among the watched objects, as far as known; the rest is found out in the background."""
        with self._changed:
            if missing in self._queue:
                self._queue[missing] = (self._queue[missing][0], endpoint)
            elif len(self._queue) < _MOST:
                self._queue[missing] = (time.monotonic(), endpoint)
                self._queue.move_to_end(missing, last=False)
                self._changed.notify()
            return self._verdicts.get(missing) or Absent("NotFound", f"{missing} is not in the cluster")

    def forget(self, present: ResourceId) -> None:
        """`present` is among the watched objects."""
        if present in self._queue:
            with self._changed:
                self._drop(present)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and self._pause() > 0:
                    self._changed.wait(self._pause() if self._queue else None)
                if self._stopped:
                    return
                missing, (_, endpoint) = next(iter(self._queue.items()))
            self._look(missing, endpoint)
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, self._look_seconds)

    def _look(self, missing: ResourceId, endpoint: Endpoint) -> None:
        try:
            manifest = self._client.get(endpoint.path(missing.namespace, missing.name), timeout=_PATIENCE_SECONDS)
        except KubeNotFoundError:
            verdict = None
        except KubeError as error:
            _log.debug("%s could not be looked for: %s", missing, error)
            verdict = self._verdicts.get(missing)
        else:
            verdict = _verdict(Resource(missing, manifest))
        self._note(missing, endpoint, verdict)

    def _note(self, missing: ResourceId, endpoint: Endpoint, verdict: Absent | None) -> None:
        with self._changed:
            if missing not in self._queue:
                return  # It has come meanwhile.
            before = self._verdicts.pop(missing, None)
            if missing in self._seen and not self._is_named(missing):
                self._drop(missing)
                return
            if verdict is not None:
                self._verdicts[missing] = verdict
            self._seen.add(missing)
            self._queue[missing] = (time.monotonic() + self._again_seconds, endpoint)
            self._queue.move_to_end(missing)
        if verdict != before:
            self._on_news(missing)

    def _drop(self, gone: ResourceId) -> None:
        self._queue.pop(gone, None)
        self._verdicts.pop(gone, None)
        self._seen.discard(gone)

    def _pause(self) -> float:
        """Seconds until the next look is due; the queue is ordered by that, but for those that are due already."""
        return next(iter(self._queue.values()))[0] - time.monotonic() if self._queue else 1.0


def _verdict(found: Resource) -> Absent | None:
    if found.labels.get(WATCH_LABEL) == "true":
        return None  # The watch will show it in a moment.
    return Absent("NotWatched", f"{found.id} is in the cluster, but {label_complaint(found)}")
