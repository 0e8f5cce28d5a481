"""The source of ConfigMaps, on a real API server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.reflector import Timing
from iter8_gitops.sources.configmaps import ConfigMapSource
from iter8_gitops.spec.files import decode_file
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy
from tests.sources.following import Following, contents
from tests.spec.builders import KINDS, said

pytestmark = pytest.mark.slow

Connect = Callable[[Path], KubeClient]
Follow = Callable[[Source], Following]

SPEC = "versions:\n- resources:\n  - {gvrShort: deploy, name: shop}\n"


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients that are closed after the sources that use them."""
    with ExitStack() as stack:

        def make(kubeconfig: Path) -> KubeClient:
            client = KubeClient.connect(kubeconfig=str(kubeconfig))
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(control_plane: ControlPlane, connect: Connect) -> KubeClient:
    return connect(control_plane.kubeconfig())


def manifest(name: str, spec: str = SPEC, *, kind: str = "routemap", immutable: bool = False) -> str:
    text = "".join(f"    {line}\n" for line in spec.splitlines())
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  labels: {{iter8.tools/kind: {kind}}}\n"
        f"immutable: {str(immutable).lower()}\ndata:\n  strSpec: |\n{text}"
    )


def paths(tree: SourceTree) -> list[str]:
    return [file.path for file in tree.files]


def test_configmaps_are_followed_from_creation_to_deletion(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    source = follow(ConfigMapSource(client, namespace))
    empty = source.tree()
    assert (empty.source, empty.files) == ("configmaps", ())

    control_plane.apply(manifest("shop"), namespace)
    created = source.tree_after(empty)
    assert paths(created) == [f"configmap/{namespace}/shop"]
    (decoded,) = decode_file(created.files[0], KINDS).routemaps
    stored = control_plane.get("", "v1", "configmaps", namespace, "shop")
    assert stored is not None
    assert (decoded.routemap.application, decoded.routemap.uid) == (f"{namespace}/shop", stored["metadata"]["uid"])
    assert created.revision == stored["metadata"]["resourceVersion"]

    control_plane.apply(manifest("shop", SPEC.replace("shop", "web")), namespace)
    updated = source.tree_after(created)
    assert "name: web" in contents(updated)[f"configmap/{namespace}/shop"]
    assert updated.files[0].digest != created.files[0].digest

    control_plane.delete("", "v1", "configmaps", namespace, "shop")
    assert source.tree_that(lambda tree: not tree.files)


def test_the_identical_tree_is_delivered_while_nothing_changes(
    client: KubeClient, namespace: str, follow: Follow
) -> None:
    source = follow(ConfigMapSource(client, namespace, look=0.3))

    first = source.tree()

    assert source.next() is first
    assert source.next() is first


def test_problems_are_at_the_places_that_kubectl_shows(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    broken = SPEC.replace("gvrShort: deploy", "gvrShort: depoly")
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest("shop", broken))
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest("misnamed", kind="rootmap"))
    printed = control_plane.kubectl("get", "configmap", "shop", "misnamed", "-n", namespace, "-o", "yaml")
    assert "last-applied-configuration" in printed

    tree = follow(ConfigMapSource(client, namespace)).tree()

    found = {file.path.rpartition("/")[2]: said(decode_file(file, KINDS).problems) for file in tree.files}
    shown = {
        name: control_plane.kubectl("get", "configmap", name, "-n", namespace, "-o", "yaml").splitlines()
        for name in ("shop", "misnamed")
    }
    (spec_at, label_at) = (
        1 + next(index for index, line in enumerate(shown["shop"]) if "depoly" in line),
        1 + next(index for index, line in enumerate(shown["misnamed"]) if "iter8.tools/kind: rootmap" in line),
    )
    column = 1 + shown["shop"][spec_at - 1].index("depoly")
    assert found["shop"] == [
        f"{spec_at}:{column}: strSpec.versions[0].resources[0].gvrShort is no known kind: `depoly`"
    ]
    assert found["misnamed"] == [
        f'{label_at}:23: metadata.labels["iter8.tools/kind"] is `rootmap`, which is not supported'
    ]


def test_the_text_is_line_by_line_what_kubectl_prints(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    annotations = {
        "long": "word " * 40,
        "quoted": 'it\'s: a "test" # no',
        "json": '{"a": [1, 2, 3], "b": "' + "x y " * 40 + '"}',
        "lines": "x " * 50 + "y\n" + "y " * 60 + "y\n",
        "indented": "  a\nb",
        "unicode": "é😀" * 30 + " x y z" * 20,
        **{f"word-{index}": word for index, word in enumerate(["12", "yes", "1e3", "", "0x1F", "~", "a: b", "- a"])},
    }
    data = {
        "strSpec": SPEC,
        "bare": "a\nb",
        "kept": "a\n\n\n",
        "one": "versions: [{a: b}]",
        "blank": "\n\na\n",
        "on": "y",
    }
    labels = {"iter8.tools/kind": "routemap", "a": "true"}
    stored = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "odd", "annotations": annotations, "labels": labels, "finalizers": ["a.b/c"]},
        "data": data,
        "binaryData": {"z": "eA=="},
        "immutable": True,
    }
    control_plane.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(stored))
    (file,) = follow(ConfigMapSource(client, namespace)).tree().files
    printed = control_plane.kubectl("get", "configmap", "odd", "-n", namespace, "-o", "yaml")
    control_plane.patch("", "v1", "configmaps", namespace, "odd", {"metadata": {"finalizers": None}})

    ours = file.content.decode().replace("creationTimestamp: '", 'creationTimestamp: "').replace("Z'", 'Z"')
    assert ours.splitlines() == printed.splitlines()


@pytest.mark.parametrize("section", ["binaryData: {strSpec: eA==}", "data: {other: x}", ""])
def test_a_configmap_without_the_spec_as_text_is_a_problem(
    section: str, control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, labels: {iter8.tools/kind: routemap}}\n"
    control_plane.apply(head + section, namespace)

    tree = follow(ConfigMapSource(client, namespace)).tree()

    problems = decode_file(tree.files[0], KINDS).problems
    assert problems
    assert {problem.application for problem in problems} == {f"{namespace}/shop"}


def test_an_immutable_configmap_that_is_replaced_by_force_is_one_change(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    control_plane.apply(manifest("shop", immutable=True), namespace)
    source = follow(ConfigMapSource(client, namespace, grace=5.0, look=0.2))  # on a busy machine
    first = source.tree_that(lambda tree: bool(tree.files))
    changed = manifest("shop", SPEC.replace("shop", "web"), immutable=True)

    control_plane.kubectl("replace", "--force", "-n", namespace, "-f", "-", stdin=changed)

    deadline = time.monotonic() + 3
    seen = []
    while time.monotonic() < deadline:
        seen.append(source.tree())
    assert all(paths(tree) == [f"configmap/{namespace}/shop"] for tree in seen)
    assert len({id(tree) for tree in seen} - {id(first)}) == 1
    assert "name: web" in contents(seen[-1])[f"configmap/{namespace}/shop"]


def test_a_deleted_configmap_is_gone_after_the_grace(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    control_plane.apply(manifest("shop"), namespace)
    source = follow(ConfigMapSource(client, namespace))
    source.tree_that(lambda tree: bool(tree.files))

    control_plane.delete("", "v1", "configmaps", namespace, "shop")
    deleted = time.monotonic()
    source.tree_that(lambda tree: not tree.files)

    assert 1.5 < time.monotonic() - deleted < 7


def test_a_configmap_that_loses_its_label_is_gone(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    control_plane.apply(manifest("shop"), namespace)
    source = follow(ConfigMapSource(client, namespace))
    source.tree_that(lambda tree: bool(tree.files))

    control_plane.patch("", "v1", "configmaps", namespace, "shop", {"metadata": {"labels": {"iter8.tools/kind": None}}})

    source.tree_that(lambda tree: not tree.files)


def test_only_labelled_configmaps_of_the_namespace_are_delivered(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    control_plane.create_namespace(f"{namespace}-b")
    control_plane.apply(manifest("shop"), namespace)
    control_plane.apply(manifest("shop"), f"{namespace}-b")
    control_plane.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}", namespace)

    narrow = ConfigMapSource(client, namespace)
    wide = ConfigMapSource(client, None)
    ours = [f"configmap/{namespace}-b/shop", f"configmap/{namespace}/shop"]

    assert paths(follow(narrow).tree()) == [f"configmap/{namespace}/shop"]
    assert [path for path in paths(follow(wide).tree()) if namespace in path] == ours
    assert narrow.location == f"ConfigMaps of {control_plane.url}, namespace {namespace}"
    assert wide.location == f"ConfigMaps of {control_plane.url}, all namespaces"


def test_three_hundred_configmaps_are_delivered_at_once(
    control_plane: ControlPlane, client: KubeClient, namespace: str, follow: Follow
) -> None:
    names = [f"shop-{number:03}" for number in range(300)]
    control_plane.kubectl("create", "-n", namespace, "-f", "-", stdin="---\n".join(map(manifest, names)))

    tree = follow(ConfigMapSource(client, namespace)).tree()

    assert paths(tree) == [f"configmap/{namespace}/{name}" for name in names]
    assert all(len(decode_file(file, KINDS).routemaps) == 1 for file in tree.files)


@contextmanager
def granted(control_plane: ControlPlane, namespace: str, verbs: str) -> Iterator[None]:
    role = {"name": "reader", "namespace": namespace}
    api = "rbac.authorization.k8s.io/v1"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": verbs.split()}
    control_plane.apply({"apiVersion": api, "kind": "Role", "metadata": role, "rules": [rule]})
    control_plane.apply(
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": role,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}],
        }
    )
    yield
    control_plane.delete("rbac.authorization.k8s.io", "v1", "rolebindings", namespace, "reader")


@pytest.mark.parametrize("verbs", ["", "list"])
def test_a_missing_permission_is_a_failure_that_names_it_until_it_is_granted(
    verbs: str, control_plane: ControlPlane, connect: Connect, namespace: str, follow: Follow
) -> None:
    control_plane.apply(manifest("shop"), namespace)
    nobody = connect(control_plane.kubeconfig("nobody"))
    with granted(control_plane, namespace, verbs or "get"):
        source = follow(ConfigMapSource(nobody, namespace, look=0.3, timing=Timing(longest_delay=0.2)))

        failure = source.failure()

        missing = "watch" if verbs else "list"
        assert failure.message.startswith(f"cannot follow the ConfigMaps of {control_plane.url}, namespace {namespace}")
        assert f'User "nobody" cannot {missing} resource "configmaps"' in failure.message
        assert failure.message.endswith(f"; grant the verbs list and watch on configmaps in namespace {namespace}")
        with granted(control_plane, namespace, "list watch"):
            assert paths(source.tree()) == [f"configmap/{namespace}/shop"]


def test_an_api_server_that_was_away_is_a_failure_and_the_tree_stays(
    fresh_control_plane: Callable[..., ControlPlane], connect: Connect, follow: Follow
) -> None:
    plane = fresh_control_plane()
    plane.apply(manifest("shop"), "default")
    plane.apply(manifest("web"), "default")
    source = follow(ConfigMapSource(connect(plane.kubeconfig()), "default"))
    first = source.tree_that(lambda tree: len(tree.files) == 2)

    plane.kill_api_server()
    assert source.failure().message.startswith(f"cannot follow the ConfigMaps of {plane.url}, namespace default: ")
    late = follow(ConfigMapSource(connect(plane.kubeconfig()), "default"))
    assert isinstance(late.next(), SourceFailure)

    plane.start_api_server()
    assert source.tree() is first
    assert paths(late.tree()) == paths(first)

    plane.delete("", "v1", "configmaps", "default", "web")
    assert paths(source.tree_after(first)) == ["configmap/default/shop"]


def test_a_history_that_was_forgotten_costs_no_change(
    fresh_control_plane: Callable[..., ControlPlane],
    chaos_proxy: Callable[[ControlPlane], ChaosProxy],
    connect: Connect,
    follow: Follow,
) -> None:
    plane = fresh_control_plane(flags=["--watch-cache=false"])
    plane.apply(manifest("shop"), "default")
    plane.apply(manifest("web"), "default")
    proxy = chaos_proxy(plane)
    source = follow(ConfigMapSource(connect(plane.kubeconfig(server=proxy.url)), "default"))
    first = source.tree_that(lambda tree: len(tree.files) == 2)

    proxy.refuse()
    proxy.cut()
    plane.delete("", "v1", "configmaps", "default", "web")
    plane.apply(manifest("shop", SPEC.replace("shop", "new")), "default")
    plane.compact()
    source.failure()
    proxy.accept()

    last = source.tree_that(lambda tree: len(tree.files) == 1)
    assert "name: new" in contents(last)["configmap/default/shop"]
    assert last.revision != first.revision


def test_a_replacement_while_nothing_can_be_seen_is_one_change(
    control_plane: ControlPlane,
    chaos_proxy: Callable[[ControlPlane], ChaosProxy],
    connect: Connect,
    namespace: str,
    follow: Follow,
) -> None:
    control_plane.apply(manifest("shop"), namespace)
    proxy = chaos_proxy(control_plane)
    connected = connect(control_plane.kubeconfig(server=proxy.url))
    source = follow(ConfigMapSource(connected, namespace, grace=3.0, look=0.5))
    source.tree_that(lambda tree: bool(tree.files))

    control_plane.delete("", "v1", "configmaps", namespace, "shop")
    time.sleep(0.5)  # so that the deletion is seen
    proxy.refuse()
    proxy.cut()
    time.sleep(3.5)  # longer than the grace
    control_plane.apply(manifest("shop", SPEC.replace("shop", "web")), namespace)
    proxy.accept()

    while "name: web" not in contents(tree := source.tree()).get(f"configmap/{namespace}/shop", ""):
        assert tree.files, "the routemap was gone for a moment"


@pytest.mark.parametrize("hindrance", ["refuse", "freeze"])
def test_it_ends_at_once_whatever_the_network_does(
    hindrance: str,
    control_plane: ControlPlane,
    chaos_proxy: Callable[[ControlPlane], ChaosProxy],
    connect: Connect,
    namespace: str,
) -> None:
    proxy = chaos_proxy(control_plane)
    getattr(proxy, hindrance)()
    source = ConfigMapSource(connect(control_plane.kubeconfig(server=proxy.url)), namespace)
    stop = threading.Event()
    thread = threading.Thread(target=lambda: list(source.deliveries(stop)))
    thread.start()
    time.sleep(0.3)

    stop.set()
    thread.join(timeout=2)

    assert not thread.is_alive()
    proxy.thaw()
