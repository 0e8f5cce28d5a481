"""A reflector and discovery before a real API server, while the network, the server and its store fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeError, KubeNotFoundError, KubeUnreachableError
from iter8_gitops.kube.reflector import Change, Reflector, Selection, Timing
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy

pytestmark = [
    pytest.mark.slow,
    # Python 3.11 leaves a socket to the garbage collector when the other side resets it before TLS begins.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]

_GROUP = "serving.kserve.io"
_CONFIG_MAPS = Endpoint("", "v1", "ConfigMap", "configmaps", True)
_SERVICES = Endpoint(_GROUP, "v1beta1", "InferenceService", "inferenceservices", True)


class _Cache:
    """A reflector of all labelled objects of a type, with the changes that it told."""

    def __init__(self, client: KubeClient, endpoint: Endpoint, timing: Timing) -> None:
        self.changes: list[tuple[str, str]] = []
        selection = Selection(endpoint, "default", "test=yes")
        self.reflector = Reflector(client, selection, self._on_change, lambda: None, timing=timing)

    @property
    def names(self) -> list[str]:
        return sorted(each["metadata"]["name"] for each in self.reflector.objects())

    def _on_change(self, changes: Sequence[Change]) -> None:
        for change in changes:
            each = change.after or change.before or {}
            self.changes.append(("-" if change.after is None else "+", each["metadata"]["name"]))


@contextmanager
def _following(
    server: ControlPlane, endpoint: Endpoint, *, proxy: ChaosProxy | None = None, timing: Timing | None = None
) -> Iterator[_Cache]:
    client = KubeClient.connect(kubeconfig=str(server.kubeconfig(server=proxy.url if proxy else None)))
    cache = _Cache(client, endpoint, timing or Timing())
    cache.reflector.start()
    try:
        _wait(lambda: cache.reflector.synced)
        yield cache
    finally:
        cache.reflector.stop()
        client.close()


def _apply(server: ControlPlane, endpoint: Endpoint, name: str, namespace: str = "default") -> None:
    metadata = {"name": name, "namespace": namespace, "labels": {"test": "yes"}}
    content: dict[str, Any] = {} if endpoint.group == "" else {"spec": {"predictor": {}}}
    server.apply({"apiVersion": endpoint.api_version, "kind": endpoint.kind, "metadata": metadata, **content})


def _delete(server: ControlPlane, endpoint: Endpoint, name: str) -> None:
    server.delete(endpoint.group, endpoint.version, endpoint.plural, "default", name)


def _wait(reached: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def test_a_cut_and_a_frozen_network_lose_nothing(
    control_plane: ControlPlane, chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    proxy = chaos_proxy(control_plane)
    timing = Timing(shortest_watch=2, longest_watch=2, slack=1)
    with _following(control_plane, _CONFIG_MAPS, proxy=proxy, timing=timing) as cache:
        _apply(control_plane, _CONFIG_MAPS, "first")
        _wait(lambda: cache.names == ["first"])

        proxy.refuse()
        proxy.cut()
        _delete(control_plane, _CONFIG_MAPS, "first")
        _apply(control_plane, _CONFIG_MAPS, "second")
        _wait(lambda: isinstance(cache.reflector.failure, KubeUnreachableError))
        proxy.accept()
        _wait(lambda: cache.names == ["second"])
        assert cache.reflector.failure is None

        proxy.freeze()
        _apply(control_plane, _CONFIG_MAPS, "third")
        _wait(lambda: isinstance(cache.reflector.failure, KubeUnreachableError))
        began = time.monotonic()
        cache.reflector.stop()
        assert time.monotonic() - began < 3
        proxy.thaw()
    for name in ("second", "third"):
        _delete(control_plane, _CONFIG_MAPS, name)

    assert cache.changes == [("+", "first"), ("-", "first"), ("+", "second")]


def test_history_that_was_compacted_away_is_listed_anew(
    fresh_control_plane: Callable[..., ControlPlane], chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    server = fresh_control_plane(flags=["--watch-cache=false"])
    proxy = chaos_proxy(server)
    with _following(server, _CONFIG_MAPS, proxy=proxy) as cache:
        _apply(server, _CONFIG_MAPS, "stays")
        _apply(server, _CONFIG_MAPS, "goes")
        _wait(lambda: cache.names == ["goes", "stays"])
        proxy.refuse()
        proxy.cut()
        _delete(server, _CONFIG_MAPS, "goes")
        _apply(server, _CONFIG_MAPS, "comes")
        server.compact()
        proxy.accept()

        _wait(lambda: cache.names == ["comes", "stays"])

        assert cache.changes == [("+", "stays"), ("+", "goes"), ("-", "goes"), ("+", "comes")]

        # The store pauses: nothing is lost, and all is told when it goes on.
        server.pause_etcd()
        time.sleep(3)
        server.resume_etcd()
        _apply(server, _CONFIG_MAPS, "later")
        _wait(lambda: "later" in cache.names)
        assert len(cache.changes) == 5


def test_a_server_that_was_killed_never_makes_its_objects_vanish(
    fresh_control_plane: Callable[..., ControlPlane],
) -> None:
    server = fresh_control_plane(crds=["inferenceservices"])
    _apply(server, _SERVICES, "stays")
    _apply(server, _SERVICES, "goes")
    client = KubeClient.connect(kubeconfig=str(server.kubeconfig()))
    discovery = Discovery(client)
    known = discovery.find(_GROUP, "InferenceService")
    assert known is not None
    with _following(server, known) as cache:
        _wait(lambda: cache.names == ["goes", "stays"])

        server.kill_api_server()
        _wait(lambda: cache.reflector.failure)
        discovery.forget(_GROUP)
        assert discovery.find(_GROUP, "InferenceService") == known
        server.start_api_server()
        recovered = time.monotonic()
        _delete(server, _SERVICES, "goes")
        while cache.reflector.failure is not None or cache.names != ["stays"]:
            discovery.forget(_GROUP)
            assert discovery.find(_GROUP, "InferenceService") == known
            assert time.monotonic() - recovered < 20
            time.sleep(0.05)

        assert cache.changes[2:] == [("-", "goes")]
    client.close()


def test_a_kind_may_come_go_and_come_back(fresh_control_plane: Callable[..., ControlPlane]) -> None:
    server = fresh_control_plane()
    client = KubeClient.connect(kubeconfig=str(server.kubeconfig()))
    discovery = Discovery(client, settle=0.2)

    def find() -> Endpoint | None:
        discovery.forget(_GROUP)
        try:
            return discovery.find(_GROUP, "InferenceService")
        except KubeError:
            return _SERVICES

    _wait(lambda: find() is None)
    server.install_crd("inferenceservices")
    _wait(lambda: discovery.find(_GROUP, "InferenceService"), 10)
    with _following(server, _SERVICES) as cache:
        _apply(server, _SERVICES, "first")
        _wait(lambda: cache.names == ["first"])
        server.delete_crd("inferenceservices")
        _wait(lambda: isinstance(cache.reflector.failure, KubeNotFoundError))
        _wait(lambda: find() is None)
        server.install_crd("inferenceservices")
        _apply(server, _SERVICES, "second")
        _wait(lambda: cache.names == ["second"])

        assert cache.reflector.failure is None
        assert cache.changes == [("+", "first"), ("-", "first"), ("+", "second")]
    client.close()
