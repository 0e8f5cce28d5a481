"""How the view of the cluster is doing, and the same as a source: what is seen late is as stale as a late file."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from iter8_gitops.cluster.kubernetes.states import KindState, Pending, kind_name
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.errors import KubeError
from iter8_gitops.spec.tree import SourceFailure, SourceTree

NAME = "cluster"
_WAITING_SECONDS = 0.1
_HEALTHY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Condition:
    """`complete`: everything that is wanted has been listed. `failure` says what cannot be seen now, "" for nothing."""

    complete: bool
    failure: str = ""


def condition_of(states: Mapping[KindKey, KindState], failures: Mapping[KindKey, KubeError]) -> Condition:
    """Sum up the kinds; those that are not served have nothing to show, and so are complete."""
    pending = {kind: state for kind, state in states.items() if isinstance(state, Pending)}
    messages = {kind: failure.message for kind, failure in failures.items()}
    failed = sorted({*messages, *(kind for kind, state in pending.items() if state.failing)})
    if not failed:
        return Condition(complete=not pending)
    first = failed[0]
    more = f" and {len(failed) - 1} more {'kinds' if len(failed) > 2 else 'kind'}" if len(failed) > 1 else ""
    if first in messages:
        return Condition(not pending, f"{kind_name(first)}{more} cannot be followed: {messages[first]}")
    return Condition(not pending, f"{pending[first].message}{f' ({more.strip()})' if more else ''}")


class Watched(Protocol):
    """What a cluster says of itself."""

    @property
    def location(self) -> str:
        """Where its objects are, in words for people."""
        ...

    def condition(self) -> Condition:
        """How the view of it is doing."""
        ...


class ClusterHealth:
    """Implements `Source`: delivers no files, but whether live resources are seen as they are.

    The one tree comes for the first time when everything that is wanted has been listed.
    """

    def __init__(self, cluster: Watched) -> None:
        self._cluster = cluster
        self._tree = SourceTree(source=NAME, revision="", files=())

    @property
    def name(self) -> str:
        """See `Source.name`."""
        return NAME

    @property
    def location(self) -> str:
        """See `Source.location`."""
        return self._cluster.location

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        """See `Source.deliveries`. A first list that merely takes its time is neither good nor bad news."""
        while not stop.is_set():
            condition = self._cluster.condition()
            if condition.failure:
                yield SourceFailure(NAME, condition.failure)
            elif condition.complete:
                yield self._tree
            stop.wait(_HEALTHY_SECONDS if condition.complete or condition.failure else _WAITING_SECONDS)
