"""One kind: found by discovery, followed by a reflector, and found again when it comes, goes or moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iter8_gitops.cluster.kubernetes.states import KindState, NotServed, Pending, Served, kind_name
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.client import JsonObject
from iter8_gitops.kube.discovery import UNCONFIRMED, Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeForbiddenError, KubeNotFoundError
from iter8_gitops.kube.reflector import Reflector
from iter8_gitops.kube.store import Change

CHECK_SECONDS = 1.0
"""How often a kind that is not (or no longer) listed is looked at again."""
ABSENT_SECONDS = 3.0
"""How often discovery is asked for a kind that is not installed."""
REFUSED_SECONDS = 4.0
"""A refusal counts when it lasts for so long: an API server that starts refuses what it grants a moment later."""
_FORBIDDEN = 403

MakeReflector = Callable[[Endpoint, Callable[[Sequence[Change]], None], Callable[[], None]], Reflector]
"""Makes a reflector for an endpoint that calls (on_change, on_health)."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Called from any thread, never while a lock of ours is held: objects changed; the state is another; look again."""

    changed: Callable[[KindKey, Sequence[Change]], None]
    state: Callable[[KindKey], None]
    check: Callable[[KindKey], None]


class FollowedKind:
    """The objects of one kind. `check` is called from one thread; everything else from any.

    When the kind moves to another endpoint (its CustomResourceDefinition serves another version), the old cache
    answers until the new one is complete.
    """

    def __init__(
        self,
        kind: KindKey,
        discovery: Discovery,
        make: MakeReflector,
        callbacks: Callbacks,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind = kind
        self._discovery = discovery
        self._make = make
        self._callbacks = callbacks
        self._clock = clock
        self._lock = threading.Lock()
        self._serving: _Followed | None = None
        self._next: _Followed | None = None
        self._without: Pending | NotServed = Pending(f"waiting for the first list of {kind_name(kind)}")
        self._announced: KindState = self._without
        self._stopped = False

    @property
    def state(self) -> KindState:
        """How far we are."""
        serving = self._serving
        if serving is None:
            return self._without
        return serving.state(self._kind)

    @property
    def failure(self) -> KubeError | None:
        """Why a kind that was listed cannot be followed at present."""
        serving = self._serving
        return serving.reflector.failure if serving is not None and serving.reflector.synced else None

    def get(self, namespace: str, name: str) -> JsonObject | None:
        """The object as it was seen last; `namespace` does not matter when the kind has none."""
        serving = self._serving
        if serving is None:
            return None
        return serving.reflector.get(namespace if serving.endpoint.namespaced else "", name)

    def objects(self) -> list[JsonObject]:
        """All objects as they were seen last."""
        serving = self._serving
        return serving.reflector.objects() if serving is not None else []

    def check(self) -> float | None:
        """Ask discovery if need be, and begin or end to follow. Returns in how many seconds to check again.

        None: when `Callbacks.check` says so. Blocks for as long as the API server takes to answer.
        """
        if self._stopped:
            return None
        self._swap()
        newest = self._next or self._serving
        again: float | None = CHECK_SECONDS
        if newest is None or isinstance(newest.reflector.failure, KubeNotFoundError):
            again = self._look_up(newest)
        elif newest is self._serving and isinstance(newest.state(self._kind), Served):
            again = None
        self._announce()
        return again

    def stop(self) -> None:
        """End to follow; returns within about a second. Nothing is called afterwards."""
        with self._lock:
            self._stopped = True
            followed = [each for each in (self._serving, self._next) if each is not None]
        for each in followed:
            each.reflector.stop()

    def _look_up(self, newest: _Followed | None) -> float | None:
        group, kind = self._kind
        if newest is not None or isinstance(self._without, NotServed):
            self._discovery.forget(group)  # It has changed, or we wait for it to change: ask, and do not remember.
        try:
            endpoint = self._discovery.find(group, kind)
        except KubeError as error:
            if self._serving is None:
                said = f"waiting for the first list of {kind_name(self._kind)}: {error.message}"
                self._without = Pending(said, failing=error.reason != UNCONFIRMED)
            return CHECK_SECONDS
        if endpoint is None:
            of_group = f"of group {group}" if group else "in the core group"
            said = f"the cluster serves no {kind} {of_group}; install its CustomResourceDefinition"
            self._give_up(NotServed("KindNotInstalled", said))
            return ABSENT_SECONDS
        if not {"list", "watch"} <= endpoint.verbs:
            said = f"objects of kind {kind_name(self._kind)} can be made but not watched"
            self._give_up(NotServed("NotWatchable", said))
            return ABSENT_SECONDS
        if newest is None or newest.endpoint != endpoint:
            self._follow(endpoint)
        return CHECK_SECONDS

    def _give_up(self, verdict: NotServed) -> None:
        """There are no objects of this kind any more."""
        with self._lock:
            serving, following = self._serving, self._next
            self._serving = self._next = None
            self._without = verdict
        for each in (serving, following):
            if each is not None:
                each.reflector.stop()
        if serving is not None:
            self._tell([Change(gone, None) for gone in serving.reflector.objects()])

    def _follow(self, endpoint: Endpoint) -> None:
        """Begin to follow `endpoint`, in the place of what was followed before as soon as it is listed."""
        followed = _Followed(endpoint, self._make(endpoint, self._tell, self._on_health), self._clock)
        with self._lock:
            if self._stopped:
                return
            replaced, self._next = self._next, followed
            if self._serving is None or not self._serving.reflector.synced:
                replaced, self._serving, self._next = self._serving, followed, None
            followed.reflector.start()
        if replaced is not None:
            replaced.reflector.stop()

    def _swap(self) -> None:
        """Let the newer reflector answer once its first list is complete."""
        with self._lock:
            old, new = self._serving, self._next
            if old is None or new is None or not new.reflector.synced:
                return
            self._serving, self._next = new, None
        old.reflector.stop()
        before = {_place(each): each for each in old.reflector.objects()}
        after = {_place(each): each for each in new.reflector.objects()}
        self._tell([Change(before.get(place), after.get(place)) for place in before.keys() | after.keys()])

    def _tell(self, changes: Sequence[Change]) -> None:
        if changes and not self._stopped:
            self._callbacks.changed(self._kind, changes)

    def _on_health(self) -> None:
        self._announce()
        if not self._stopped:
            self._callbacks.check(self._kind)

    def _announce(self) -> None:
        with self._lock:
            state = self.state
            if self._stopped or state == self._announced:
                return
            self._announced = state
        self._callbacks.state(self._kind)


class _Followed:
    """A reflector and the endpoint that it follows."""

    def __init__(self, endpoint: Endpoint, reflector: Reflector, clock: Callable[[], float]) -> None:
        self.endpoint = endpoint
        self.reflector = reflector
        self._clock = clock
        self._refused_since: float | None = None

    def state(self, kind: KindKey) -> KindState:
        """As far as this reflector knows."""
        failure = None if self.reflector.synced else self.reflector.failure
        # 401 is no verdict on this kind: it says that our credentials have run out.
        refused = isinstance(failure, KubeForbiddenError) and failure.status == _FORBIDDEN
        if not refused:
            self._refused_since = None
        if self.reflector.synced:
            return Served(self.endpoint)
        waiting = f"waiting for the first list of {kind_name(kind)}"
        if failure is None:
            return Pending(waiting)
        if refused:
            now = self._clock()
            self._refused_since = now if self._refused_since is None else self._refused_since
            if now - self._refused_since >= REFUSED_SECONDS:
                what = f"{self.endpoint.plural}.{self.endpoint.group}" if self.endpoint.group else self.endpoint.plural
                return NotServed("Forbidden", f"the service account may not list {what}: {failure.message}")
        return Pending(f"{waiting}: {failure.message}", failing=True)


def _place(manifest: JsonObject) -> tuple[str, str]:
    metadata = manifest["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
