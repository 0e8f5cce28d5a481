"""Finds out where kinds are served, and is careful to say that one is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeUnreachableError
from iter8_gitops.kube.groups import group_names, read_group

UNCONFIRMED = "Unconfirmed"
"""The reason of the error while it is not certain yet that a kind is absent: ask again after `settle` seconds."""

_FRESH = 60.0
_FRESH_ABSENCE = 5.0


class Discovery:
    """What one API server serves; asks only for the groups that are needed, and remembers the answers for a minute.

    Absence is remembered for 5 s only, so that a kind that is installed later is found soon. An API server that has
    just started does not know its custom resources yet and says that they do not exist. So a kind counts as absent
    only when the server says that it is ready, and said twice, `settle` seconds apart, that there is no such kind.
    Until then a kind that was known before is still answered, and for another KubeUnreachableError (`UNCONFIRMED`)
    is raised. A known kind is also answered while the server cannot be asked.

    Thread-safe. A question about a group waits while another thread asks for the same group.
    """

    def __init__(self, client: KubeClient, *, settle: float = 2.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._settle = settle
        self._clock = clock
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        self._failures: Mapping[str, KubeError] = MappingProxyType({})

    @property
    def failures(self) -> Mapping[str, KubeError]:
        """The groups that `everything` could not ask for last time."""
        return self._failures

    def find(self, group: str, kind: str) -> Endpoint | None:
        """Return where a kind is served, in its preferred version, or None when it surely is not. Raises KubeError."""
        return self._find(group, f"the kind {kind}", lambda endpoint: endpoint.kind == kind)

    def find_plural(self, group: str, plural: str) -> Endpoint | None:
        """Like `find`, by the resource's plural, e.g. `inferenceservices`."""
        return self._find(group, f"the resource {plural}", lambda endpoint: endpoint.plural == plural)

    def everything(self) -> list[Endpoint]:
        """Return all types that can be listed and patched, asked anew. Raises KubeError when no group can be named.

        Groups that cannot be asked for, such as those of an aggregated server that is down, are in `failures`.
        """
        found: list[Endpoint] = []
        failures: dict[str, KubeError] = {}
        for group in group_names(self._client):
            try:
                found += read_group(self._client, group)
            except KubeError as error:
                failures[group] = error
        self._failures = MappingProxyType(failures)
        return [endpoint for endpoint in found if {"list", "patch"} <= endpoint.verbs]

    def forget(self, group: str) -> None:
        """Ask anew next time. What was known of the group stays known until its absence is confirmed."""
        self._group(group).expire()

    def _find(self, group: str, what: str, wanted: Callable[[Endpoint], bool]) -> Endpoint | None:
        return self._group(group).find(what, wanted)

    def _group(self, group: str) -> _Group:
        with self._lock:
            if group not in self._groups:
                self._groups[group] = _Group(self._client, group, self._settle, self._clock)
            return self._groups[group]


class _Group:
    """What is known of one API group."""

    def __init__(self, client: KubeClient, name: str, settle: float, clock: Callable[[], float]) -> None:
        self._client = client
        self._name = name
        self._settle = settle
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._served: tuple[Endpoint, ...] = ()
        self._vanished: tuple[Endpoint, ...] = ()
        self._absent_since: dict[str, float] = {}
        self._surely_absent: set[str] = set()

    def expire(self) -> None:
        """Treat what is known as old."""
        with self._lock:
            self._asked = None

    def find(self, what: str, wanted: Callable[[Endpoint], bool]) -> Endpoint | None:
        """Return the endpoint that is `wanted`, `what` in words. See Discovery for absence."""
        with self._lock:
            served, vanished = _best(self._served, wanted), _best(self._vanished, wanted)
            if self._is_fresh(served is not None, what):
                return served
            try:
                self._ask()
            except KubeError:
                self._absent_since.clear()
                self._surely_absent.clear()
                if known := served or vanished:
                    return known
                raise
            if served := _best(self._served, wanted):
                self._seen(what)
                return served
            vanished = _best(self._vanished, wanted)
            if self._is_surely_absent(what):
                self._vanished = tuple(endpoint for endpoint in self._vanished if endpoint != vanished)
                return None
            if vanished is not None:
                return vanished
        message = f"{self._client.server} does not serve {what} of the group {self._name or 'core'!r} as yet"
        raise KubeUnreachableError(message, reason=UNCONFIRMED)

    def _is_fresh(self, is_served: bool, what: str) -> bool:
        if self._asked is None:
            return False
        age = self._clock() - self._asked
        if is_served:
            return age < _FRESH
        return what in self._surely_absent and age < _FRESH_ABSENCE

    def _ask(self) -> None:
        served = read_group(self._client, self._name)
        names = {endpoint.plural for endpoint in served}
        self._vanished = tuple(each for each in (*self._served, *self._vanished) if each.plural not in names)
        self._served = served
        self._asked = self._clock()

    def _is_surely_absent(self, what: str) -> bool:
        """Note that the server says that `what` is absent, and tell whether that is confirmed now."""
        if not self._client.is_ready():
            self._seen(what)
            return False
        now = self._clock()
        if now - self._absent_since.setdefault(what, now) >= self._settle:
            self._surely_absent.add(what)
        return what in self._surely_absent

    def _seen(self, what: str) -> None:
        """Forget that the server said that `what` is absent."""
        self._absent_since.pop(what, None)
        self._surely_absent.discard(what)


def _best(endpoints: tuple[Endpoint, ...], wanted: Callable[[Endpoint], bool]) -> Endpoint | None:
    """Choose one that can be listed, should several have the same kind."""
    candidates = [endpoint for endpoint in endpoints if wanted(endpoint)]
    return next((endpoint for endpoint in candidates if "list" in endpoint.verbs), next(iter(candidates), None))
