"""The watches of a cluster: one per kind that is wanted, for one label selector."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from iter8_gitops.cluster.kubernetes.following import Callbacks, FollowedKind
from iter8_gitops.cluster.kubernetes.states import KindState, NotServed, Pending, Served, kind_name
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError
from iter8_gitops.kube.reflector import Reflector, Selection, Timing
from iter8_gitops.kube.store import Change, without_managed_fields

__all__ = ["Change", "KindState", "KindWatches", "NotServed", "Pending", "Served"]

_log = logging.getLogger(__name__)
_DEFECT_SECONDS = 5.0

Transform = Callable[[JsonObject], JsonObject]


class KindWatches:
    """Follows the objects of some kinds that carry a label, in one namespace or (None) in all.

    Thread-safe. `on_change` and `on_state` are called from threads of the watches: objects changed; the state of a
    kind is another one. Nothing runs until kinds are wanted.
    """

    def __init__(
        self,
        client: KubeClient,
        discovery: Discovery,
        *,
        namespace: str | None,
        label_selector: str,
        on_change: Callable[[KindKey, Sequence[Change]], None],
        on_state: Callable[[KindKey], None],
        transform: Transform = without_managed_fields,
        timing: Timing | None = None,
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._namespace = namespace
        self._label_selector = label_selector
        self._callbacks = Callbacks(on_change, on_state, self._poke)
        self._transform = transform
        self._timing = timing or Timing()
        self._changed = threading.Condition()
        self._followed: dict[KindKey, FollowedKind] = {}
        self._due: dict[KindKey, float] = {}
        self._leaving: list[FollowedKind] = []
        self._thread: threading.Thread | None = None
        self._stopped = False

    def want(self, kinds: Collection[KindKey]) -> None:
        """Follow exactly these kinds from now on. Returns at once."""
        with self._changed:
            if self._stopped or self._followed.keys() == set(kinds):
                return
            for kind in self._followed.keys() - set(kinds):
                self._leaving.append(self._followed.pop(kind))
                self._due.pop(kind, None)
            for kind in set(kinds) - self._followed.keys():
                self._followed[kind] = FollowedKind(kind, self._discovery, self._make, self._callbacks)
                self._due[kind] = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"kinds-{self._label_selector}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        """Follow nothing any more; returns within about a second."""
        with self._changed:
            self._stopped = True
            leaving = [*self._followed.values(), *self._leaving]
            self._leaving = []
            self._changed.notify()
        if leaving:
            with ThreadPoolExecutor(len(leaving)) as pool:
                list(pool.map(FollowedKind.stop, leaving))
        if self._thread is not None:
            # It may hang in a question to the API server; as a daemon it keeps nobody from ending.
            self._thread.join(timeout=1.0)

    def state(self, kind: KindKey) -> KindState:
        """How far we are with `kind`."""
        followed = self._followed.get(kind)
        return Pending(f"{kind_name(kind)} is not watched yet") if followed is None else followed.state

    def get(self, kind: KindKey, namespace: str, name: str) -> JsonObject | None:
        """An object as it was seen last. `namespace` does not matter for kinds without namespaces."""
        followed = self._followed.get(kind)
        return None if followed is None else followed.get(namespace, name)

    def objects(self, kind: KindKey) -> list[JsonObject]:
        """All objects of a kind as they were seen last."""
        followed = self._followed.get(kind)
        return [] if followed is None else followed.objects()

    def states(self) -> Mapping[KindKey, KindState]:
        """How far we are with everything that is wanted."""
        with self._changed:
            followed = dict(self._followed)
        return {kind: each.state for kind, each in followed.items()}

    def failures(self) -> Mapping[KindKey, KubeError]:
        """The kinds that were listed and cannot be followed at present, each with the reason; caches stay."""
        with self._changed:
            followed = dict(self._followed)
        failures = {kind: each.failure for kind, each in followed.items()}
        return {kind: failure for kind, failure in failures.items() if failure is not None}

    def _make(
        self, endpoint: Endpoint, on_change: Callable[[Sequence[Change]], None], on_health: Callable[[], None]
    ) -> Reflector:
        namespace = self._namespace if endpoint.namespaced else None
        selection = Selection(endpoint, namespace, self._label_selector)
        return Reflector(self._client, selection, on_change, on_health, transform=self._transform, timing=self._timing)

    def _poke(self, kind: KindKey) -> None:
        """Check `kind` now."""
        with self._changed:
            if kind in self._followed:
                self._due[kind] = time.monotonic()
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._stopped or self._leaving or self._next_due() <= time.monotonic()):
                    pause = self._next_due() - time.monotonic()
                    self._changed.wait(pause if self._due else None)
                if self._stopped:
                    return
                leaving, self._leaving = self._leaving, []
                now = time.monotonic()
                due = {kind: self._followed[kind] for kind, at in self._due.items() if at <= now}
                for kind in due:
                    del self._due[kind]
            for each in leaving:
                each.stop()
            for kind, followed in due.items():
                self._check(kind, followed)

    def _check(self, kind: KindKey, followed: FollowedKind) -> None:
        try:
            again = followed.check()
        except Exception:  # noqa: BLE001 (a defect in one kind must not end the others)
            _log.exception("%s could not be checked", kind_name(kind))
            again = _DEFECT_SECONDS
        if again is None:
            return
        at = time.monotonic() + again * random.uniform(0.8, 1.0)  # noqa: S311 (spreads load, keeps no secret)
        with self._changed:
            if self._followed.get(kind) is followed:
                self._due[kind] = min(at, self._due.get(kind, at))

    def _next_due(self) -> float:
        return min(self._due.values(), default=float("inf"))
