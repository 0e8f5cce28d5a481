"""Kinds and objects that come and go on a real API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Self

import pytest

from iter8_gitops.cluster.kubernetes.states import KindState, NotServed, Pending, Served
from iter8_gitops.cluster.kubernetes.watches import KindWatches
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.store import Change
from iter8_gitops.testing.waiting import eventually
from tests.controlplane.control_plane import ControlPlane

CONFIG_MAP: KindKey = ("", "ConfigMap")
NAMESPACE: KindKey = ("", "Namespace")
HTTP_ROUTE: KindKey = ("gateway.networking.k8s.io", "HTTPRoute")
LABEL = {"iter8.tools/watch": "true"}

Watch = Callable[..., "Watched"]


class Watched:
    """Watches, with all that they told."""

    def __init__(self, client: KubeClient, namespace: str | None) -> None:
        self.changes: list[tuple[KindKey, Change]] = []
        self.told_states: list[KindState] = []
        self.watches = KindWatches(
            client,
            Discovery(client),
            namespace=namespace,
            label_selector="iter8.tools/watch=true",
            on_change=self._on_change,
            on_state=lambda kind: self.told_states.append(self.watches.state(kind)),
        )

    def want(self, *kinds: KindKey) -> None:
        self.watches.want(kinds)

    def served(self, *kinds: KindKey) -> bool:
        return all(isinstance(self.watches.state(kind), Served) for kind in kinds)

    def names(self, kind: KindKey) -> set[str]:
        return {each["metadata"]["name"] for each in self.watches.objects(kind)}

    def _on_change(self, kind: KindKey, changes: Sequence[Change]) -> None:
        self.changes.extend((kind, change) for change in changes)


@pytest.fixture
def watch() -> Iterator[Watch]:
    with ExitStack() as stack:

        def begin(plane: ControlPlane, namespace: str | None = None, user: str = "admin") -> Watched:
            client = KubeClient.connect(kubeconfig=str(plane.kubeconfig(user)))
            stack.callback(client.close)
            watched = Watched(client, namespace)
            stack.callback(watched.watches.stop)
            return watched

        yield begin


def _config_map(name: str, value: str = "1", labels: dict[str, str] | None = None) -> dict[str, Any]:
    metadata = {"name": name, "labels": LABEL if labels is None else labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}


def _http_route(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": LABEL}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": {}}


def _value(watched: Watched, namespace: str, name: str) -> str:
    manifest = watched.watches.get(CONFIG_MAP, namespace, name)
    return manifest["data"]["value"] if manifest else ""


def test_labelled_objects_are_seen_and_others_are_not(
    control_plane: ControlPlane, namespace: str, watch: Watch
) -> None:
    control_plane.apply(_config_map("one"), namespace)
    control_plane.apply(_config_map("other", labels={}), namespace)
    watched = watch(control_plane, namespace)
    assert isinstance(watched.watches.state(CONFIG_MAP), Pending)
    watched.want(CONFIG_MAP)
    eventually(lambda: watched.served(CONFIG_MAP))
    assert watched.names(CONFIG_MAP) == {"one"}
    manifest = watched.watches.get(CONFIG_MAP, namespace, "one")
    assert manifest is not None
    assert (manifest["apiVersion"], manifest["kind"]) == ("v1", "ConfigMap")
    assert "managedFields" not in manifest["metadata"]
    assert [type(state) for state in watched.told_states] == [Served]


def test_an_object_comes_and_goes_with_its_label(control_plane: ControlPlane, namespace: str, watch: Watch) -> None:
    watched = watch(control_plane, namespace)
    watched.want(CONFIG_MAP)
    control_plane.apply(_config_map("one", labels={}), namespace)
    for value, names in (("true", {"one"}), ("false", set()), ("true", {"one"}), (None, set())):
        patch = {"metadata": {"labels": {"iter8.tools/watch": value}}}
        control_plane.patch("", "v1", "configmaps", namespace, "one", patch)
        eventually(lambda names=names: watched.names(CONFIG_MAP) == names)  # type: ignore[misc]
    assert [change.after is None for _, change in watched.changes] == [False, True, False, True]


def test_fifty_objects_that_change_quickly_end_up_right(
    control_plane: ControlPlane, namespace: str, watch: Watch
) -> None:
    watched = watch(control_plane, namespace)
    watched.want(CONFIG_MAP)
    names = [f"map-{number}" for number in range(50)]
    for value in ("1", "2", "3"):
        for name in names:
            control_plane.apply(_config_map(name, value), namespace)
    control_plane.delete("", "v1", "configmaps", namespace, "map-0")
    eventually(lambda: watched.names(CONFIG_MAP) == set(names[1:]))
    eventually(lambda: all(_value(watched, namespace, name) == "3" for name in names[1:]))


def test_kinds_without_namespaces_answer_for_any(control_plane: ControlPlane, namespace: str, watch: Watch) -> None:
    patch = {"metadata": {"labels": LABEL}}
    control_plane.patch("", "v1", "namespaces", "", namespace, patch)
    watched = watch(control_plane, namespace)
    watched.want(NAMESPACE)
    eventually(lambda: watched.served(NAMESPACE))
    for asked in ("", "anywhere"):
        assert watched.watches.get(NAMESPACE, asked, namespace) is not None


def test_kinds_that_are_wanted_no_longer_are_forgotten(
    control_plane: ControlPlane, namespace: str, watch: Watch
) -> None:
    control_plane.apply(_config_map("one"), namespace)
    watched = watch(control_plane, namespace)
    watched.want(CONFIG_MAP)
    eventually(lambda: watched.names(CONFIG_MAP) == {"one"})
    watched.want(HTTP_ROUTE)
    assert watched.watches.objects(CONFIG_MAP) == []
    assert isinstance(watched.watches.state(CONFIG_MAP), Pending)
    eventually(lambda: watched.served(HTTP_ROUTE))
    told = len(watched.changes)
    control_plane.apply(_config_map("one", "2"), namespace)
    watched.want(HTTP_ROUTE, CONFIG_MAP)
    eventually(lambda: _value(watched, namespace, "one") == "2")
    assert len(watched.changes) == told + 1


def test_a_user_without_the_right_gets_a_verdict_that_names_it_and_sees_once_it_is_given(
    control_plane: ControlPlane, namespace: str, watch: Watch
) -> None:
    watched = watch(control_plane, namespace, "nobody")
    watched.want(CONFIG_MAP)
    eventually(lambda: isinstance(watched.watches.state(CONFIG_MAP), NotServed))
    state = watched.watches.state(CONFIG_MAP)
    assert isinstance(state, NotServed)
    assert state.reason == "Forbidden"
    assert state.message.startswith("the service account may not list configmaps: ")
    assert 'User "nobody" cannot list resource "configmaps"' in state.message
    assert watched.watches.failures() == {}
    rbac = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]}]
    control_plane.apply(
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "see"}, "rules": rules}, namespace
    )
    control_plane.apply(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "see"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "see"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "nobody"}],
        },
        namespace,
    )
    eventually(lambda: watched.served(CONFIG_MAP))


def test_a_kind_that_is_installed_deleted_and_installed_again_is_followed_each_time(
    fresh_control_plane: Callable[..., ControlPlane], watch: Watch
) -> None:
    plane = fresh_control_plane()
    watched = watch(plane)
    watched.want(CONFIG_MAP, HTTP_ROUTE)
    eventually(lambda: watched.served(CONFIG_MAP))
    eventually(lambda: isinstance(watched.watches.state(HTTP_ROUTE), NotServed))
    assert watched.watches.state(HTTP_ROUTE) == NotServed(
        "KindNotInstalled",
        "the cluster serves no HTTPRoute of group gateway.networking.k8s.io; install its CustomResourceDefinition",
    )
    for name in ("first", "second"):
        plane.install_crd("httproutes")
        plane.apply(_http_route(name))
        eventually(lambda name=name: watched.names(HTTP_ROUTE) == {name}, timeout=8)  # type: ignore[misc]
        plane.delete_crd("httproutes")
        eventually(lambda: isinstance(watched.watches.state(HTTP_ROUTE), NotServed), timeout=12)
        assert watched.names(HTTP_ROUTE) == set()
    gone = [change.before["metadata"]["name"] for _, change in watched.changes if change.before and not change.after]
    assert gone == ["first", "second"]
    assert watched.served(CONFIG_MAP)
    assert watched.watches.failures() == {}


def test_a_kind_that_moves_to_another_version_stays_observable(
    fresh_control_plane: Callable[..., ControlPlane], watch: Watch
) -> None:
    plane = fresh_control_plane(crds=["httproutes"])
    plane.apply(_http_route("web"))
    watched = watch(plane)
    watched.want(HTTP_ROUTE)
    eventually(lambda: watched.names(HTTP_ROUTE) == {"web"})
    with _Sampler(lambda: not watched.names(HTTP_ROUTE)) as vanished:
        _serve_only(plane, "v1beta1")
        eventually(lambda: watched.watches.objects(HTTP_ROUTE)[0]["apiVersion"].endswith("/v1beta1"), timeout=20)
    assert vanished.hits == 0
    state = watched.watches.state(HTTP_ROUTE)
    assert isinstance(state, Served)
    assert state.endpoint.version == "v1beta1"
    eventually(lambda: watched.watches.failures() == {})


def _serve_only(plane: ControlPlane, version: str) -> None:
    place = ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "", "httproutes.gateway.networking.k8s.io")
    definition = plane.get(*place)
    assert definition is not None
    versions = [{**each, "served": each["name"] == version} for each in definition["spec"]["versions"]]
    plane.patch(*place, {"spec": {"versions": versions}})


def test_a_killed_and_restarted_server_makes_no_object_vanish(
    fresh_control_plane: Callable[..., ControlPlane], watch: Watch
) -> None:
    plane = fresh_control_plane(crds=["httproutes"])
    plane.apply(_http_route("web"))
    plane.apply(_config_map("one"), "default")
    watched = watch(plane)
    watched.want(CONFIG_MAP, HTTP_ROUTE)
    eventually(lambda: watched.names(HTTP_ROUTE) == {"web"} and watched.names(CONFIG_MAP) == {"one"})
    with _Sampler(lambda: not (watched.names(HTTP_ROUTE) and watched.served(CONFIG_MAP, HTTP_ROUTE))) as vanished:
        for value in ("2", "3"):
            plane.kill_api_server()
            eventually(lambda: watched.watches.failures().keys() == {CONFIG_MAP, HTTP_ROUTE})
            plane.start_api_server()
            plane.apply(_config_map("one", value), "default")
            eventually(lambda value=value: _value(watched, "default", "one") == value, timeout=5)  # type: ignore[misc]
            eventually(lambda: watched.watches.failures() == {}, timeout=5)
    assert vanished.hits == 0
    assert not [change for _, change in watched.changes if change.after is None]


def test_stopping_is_prompt_also_when_the_server_is_frozen(
    fresh_control_plane: Callable[..., ControlPlane], watch: Watch
) -> None:
    plane = fresh_control_plane()
    watched = watch(plane)
    watched.want(CONFIG_MAP, NAMESPACE, HTTP_ROUTE)
    eventually(lambda: watched.served(CONFIG_MAP, NAMESPACE))
    plane.pause_etcd()
    try:
        watched.want(("", "Secret"), ("", "Service"), ("apps", "Deployment"))
        time.sleep(0.5)
        began = time.monotonic()
        watched.watches.stop()
        assert time.monotonic() - began < 2.5
    finally:
        plane.resume_etcd()


class _Sampler:
    """Counts how often something is true that must never be, a hundred times a second."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        self.hits = 0
        self._condition = condition
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            self.hits += self._condition()
