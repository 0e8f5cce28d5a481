"""A source that follows the ConfigMaps of a cluster that hold routemaps."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeForbiddenError
from iter8_gitops.kube.marks import KIND_LABEL
from iter8_gitops.kube.reflector import Reflector, Selection, Timing
from iter8_gitops.kube.store import Change
from iter8_gitops.sources.configmap_files import ConfigMapFiles
from iter8_gitops.spec.tree import SourceFailure, SourceTree

NAME = "configmaps"
GRACE_SECONDS = 5.0
"""How long a ConfigMap must be gone before its routemap is: `kubectl replace --force` looks only once a second
whether the old one is gone before it creates the new one."""

LOOK_SECONDS = 2.0
"""How often a source that works says so, and how long a watch may fail before that is a failure."""

_CONFIG_MAPS = Endpoint("", "v1", "ConfigMap", "configmaps", namespaced=True)
_FORBIDDEN = 403
_TICK_SECONDS = 0.25
"""How often a look is worth while without news: `stop` may be set, or a grace may be over."""

_STEADY_SECONDS = 0.3
"""How long it must work again before that counts: where only the watch is refused, each list looks like success."""


class ConfigMapSource:
    """Delivers the ConfigMaps labelled `iter8.tools/kind` of one namespace, or of all (None).

    Each is a file `configmap/NAMESPACE/NAME`, with the text that `kubectl get configmap NAME -o yaml` prints, so that
    the line and column of a problem are those of that text (see `config_map_text`). Whatever value the label has: a
    wrong one is told as a problem. The revision of the tree is the newest resourceVersion that was seen.

    A ConfigMap that was deleted counts as gone after `grace` seconds in which the API server answered: `kubectl replace
    --force`, the only way to change an immutable one, deletes and creates, and is one change. While it works, the tree
    comes at once after a change and every `look` seconds without; a watch may fail that long before it is a failure.
    `client` is not closed.
    """

    def __init__(
        self,
        client: KubeClient,
        namespace: str | None,
        *,
        name: str = NAME,
        grace: float = GRACE_SECONDS,
        look: float = LOOK_SECONDS,
        timing: Timing | None = None,
    ) -> None:
        self._client = client
        self._selection = Selection(_CONFIG_MAPS, namespace, KIND_LABEL)
        self._where = f"namespace {namespace}" if namespace else "all namespaces"
        self._location = f"ConfigMaps of {client.server}, {self._where}"
        self._name = name
        self._grace = grace
        self._look = look
        self._timing = timing or Timing()

    @property
    def name(self) -> str:
        """The identifier of this source."""
        return self._name

    @property
    def location(self) -> str:
        """The API server and the namespaces, for people."""
        return self._location

    def deliveries(self, stop: threading.Event) -> Iterator[SourceTree | SourceFailure]:
        """Yield a tree or a failure after each look, as `Source.deliveries` says."""
        files = ConfigMapFiles(self._name, self._grace)
        woken = threading.Event()

        def take(changes: Sequence[Change]) -> None:
            files.take(changes)
            woken.set()

        reflector = Reflector(self._client, self._selection, take, woken.set, timing=self._timing)
        reflector.start()
        try:
            yield from self._looks(reflector, files, woken, stop)
        finally:
            reflector.stop()

    def _looks(
        self, reflector: Reflector, files: ConfigMapFiles, woken: threading.Event, stop: threading.Event
    ) -> Iterator[SourceTree | SourceFailure]:
        last: SourceTree | SourceFailure | None = None
        due_at = 0.0
        worked_at, failed_at = time.monotonic(), -math.inf
        while not stop.is_set():
            woken.clear()
            now = time.monotonic()
            delivery: SourceTree | SourceFailure | None = None
            failure = reflector.failure
            if failure is not None:
                failed_at = now
                if now - worked_at >= self._look:
                    delivery = SourceFailure(self._name, self._explain(failure))
            elif now - failed_at >= _STEADY_SECONDS:
                worked_at = now
                if reflector.synced:
                    delivery = files.tree(answered_since=failed_at)
            if delivery is not None and (not _same(delivery, last) or now >= due_at):
                last, due_at = delivery, now + self._look
                yield delivery
            woken.wait(_TICK_SECONDS)

    def _explain(self, failure: KubeError) -> str:
        said = f"cannot follow the {self._location}"
        if isinstance(failure, KubeForbiddenError) and failure.status == _FORBIDDEN:
            return f"{said}: {failure.message}; grant the verbs list and watch on configmaps in {self._where}"
        return f"{said}: {failure.message}"


def _same(one: SourceTree | SourceFailure, other: SourceTree | SourceFailure | None) -> bool:
    return one is other or (isinstance(one, SourceFailure) and one == other)
