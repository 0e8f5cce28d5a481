"""What a reflector asks the API server: a list of a selection, then a watch from there."""

from __future__ import annotations

import random
from dataclasses import dataclass

from iter8_gitops.kube.client import KubeClient, Listing
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.streams import WatchStream

_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Selection:
    """The objects of a type, of one namespace or of all, that match a label selector ("" for every object)."""

    endpoint: Endpoint
    namespace: str | None = None
    label_selector: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds.

    The server is asked to end each watch after `shortest_watch` to `longest_watch`, at random, so that watches spread
    over the servers; the client gives up one that is silent for `slack` longer. After a failure the next try comes
    within `first_delay`, and later within up to `longest_delay`. All is listed anew after `list_after` without contact.
    """

    shortest_watch: float = 240.0
    longest_watch: float = 300.0
    slack: float = 15.0
    first_delay: float = 0.2
    longest_delay: float = 2.0
    list_after: float = 300.0
    list_timeout: float = 30.0


class ListWatch:
    """The two requests for one selection; see KubeClient for their errors."""

    def __init__(self, client: KubeClient, selection: Selection, timing: Timing) -> None:
        self._client = client
        self._selection = selection
        self._timing = timing
        self.path = selection.endpoint.path(selection.namespace)

    def list(self) -> Listing:
        """Read all objects, always as new as the store has them: never an older state than was seen before."""
        return self._client.list(self.path, self._params(), timeout=self._timing.list_timeout)

    def watch(self, resource_version: str) -> WatchStream:
        """Open a watch for what happened after `resource_version`, with bookmarks."""
        lasts = _random.uniform(self._timing.shortest_watch, self._timing.longest_watch)
        params = self._params() | {
            "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, round(lasts))),
        }
        return self._client.watch(self.path, params, read_timeout=lasts + self._timing.slack)

    def _params(self) -> dict[str, str]:
        selector = self._selection.label_selector
        return {"labelSelector": selector} if selector else {}
