"""`diff` against a real API server: it tells what a tree would change there, and writes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.e2e.on_kubernetes import CONFIG_MAPS, HTTP_ROUTES, TEMPLATE, Shop
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
Up = Callable[..., System]
LEASES = ("coordination.k8s.io", "v1", "leases")


def routemap(*, weights: tuple[int, int] = (1, 1), template: str = TEMPLATE, candidate: str = "web-1") -> str:
    lines = [
        "apiVersion: iter8.tools/v1",
        "kind: Routemap",
        "metadata: {name: web}",
        "spec:",
        "  versions:",
        f"    - {{weight: {weights[0]}, resources: [{{gvrShort: cm, name: web-0}}]}}",
        f"    - {{weight: {weights[1]}, resources: [{{gvrShort: cm, name: {candidate}}}]}}",
        "  routingTemplates:",
        "    http:",
        "      gvrShort: httproute",
        "      template: |",
        *(f"        {line}" for line in template.splitlines()),
    ]
    return "\n".join(lines) + "\n"


class Trees:
    """Directories with one routemap each, and what `diff` says of them."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.options = (
            *("--cluster", "kubernetes", "--kubeconfig", str(plane.kubeconfig())),
            *("--scope", "namespace", "--namespace", namespace),
        )
        self._folder = folder

    def write(self, name: str, **files: str) -> Path:
        """A directory of this name that holds these files."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / f"{file}.yaml").write_text(text, encoding="utf-8")
        return folder

    def diff(self, location: Path, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "iter8_gitops", "diff", str(location), *self.options, *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def compare(self, location: Path, *more: str) -> dict[str, Any]:
        """The one routemap in JSON."""
        done = self.diff(location, *more, "-o", "json")
        assert done.returncode in (0, 1), done.stderr
        (found,) = json.loads(done.stdout)["routemaps"]
        return dict(found)


@pytest.fixture
def trees(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Trees:
    return Trees(control_plane, namespace, tmp_path / "trees")


@pytest.fixture
def shop(control_plane: ControlPlane, namespace: str) -> Shop:
    """Two versions in the cluster."""
    shop = Shop(control_plane, namespace)
    shop.deploy(0)
    shop.deploy(1)
    return shop


@pytest.fixture
def system(shop: Shop, trees: Trees, up: Up) -> System:
    """A controller that has published and routed `running`."""
    system = up(
        *(trees.write("running", web=routemap()), *trees.options),
        *("--no-configmaps", "--lease-namespace", shop.namespace),
    )
    system.await_weights(shop.application, 1, 1)
    shop.await_routed(1, 1)
    eventually(lambda: all(_finalizers(shop, index) for index in (0, 1)), "finalizers")
    return system


def _finalizers(shop: Shop, index: int) -> list[str]:
    version = shop.version(index)
    return list(version["metadata"].get("finalizers", ())) if version is not None else []


def versions_of_everything(plane: ControlPlane, namespace: str) -> dict[str, int]:
    """The resourceVersion of every object that could be touched."""
    kinds = (CONFIG_MAPS, HTTP_ROUTES, LEASES, ("", "v1", "services"))
    found = (each for kind in kinds for each in plane.list_all(*kind, namespace))
    return {each["metadata"]["uid"]: int(each["metadata"]["resourceVersion"]) for each in found}


def test_without_a_controller_everything_is_added_and_nothing_is_written(
    control_plane: ControlPlane, shop: Shop, trees: Trees
) -> None:
    before = versions_of_everything(control_plane, shop.namespace)
    done = trees.diff(trees.write("new", web=routemap()), "--server", "none")
    assert done.returncode == 1, done.stderr
    assert f"HTTPRoute {shop.namespace}/web is added" in done.stdout
    assert versions_of_everything(control_plane, shop.namespace) == before
    assert control_plane.list_all(*LEASES, shop.namespace) == []


def test_the_fields_of_a_live_route_that_would_change_are_shown_and_nothing_is_written(
    control_plane: ControlPlane, shop: Shop, trees: Trees, system: System
) -> None:
    template = TEMPLATE.replace("parentRefs: [{name: gateway}]", "parentRefs: [{name: other}]")
    new = trees.write("new", web=routemap(weights=(3, 1), template=template))
    leader = control_plane.get(*LEASES, shop.namespace, "iter8-gitops")
    assert leader is not None
    before = versions_of_everything(control_plane, shop.namespace)
    done = trees.diff(new, "--server", system.url)
    after = versions_of_everything(control_plane, shop.namespace)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"{shop.application}  changed  web.yaml",
        "  weights  1:1 -> 3:1",
        "  users    25.0% move",
        f"  route    HTTPRoute {shop.namespace}/web changes",
        "             spec.parentRefs[0].name: gateway -> other",
        "             spec.rules[0].backendRefs[0].weight: 1 -> 3",
        "",
        "1 routemap changes",
    ]
    lease = leader["metadata"]["uid"]
    assert before.pop(lease) <= after.pop(lease)  # the controller renews it
    assert after == before


def test_what_the_controller_has_done_is_no_difference(trees: Trees, system: System) -> None:
    same = trees.diff(trees.write("running"), "--server", system.url)
    assert (same.returncode, same.stdout, same.stderr) == (0, "no differences: 1 routemap stays as it is\n", "")


def test_a_field_that_is_rendered_no_more_goes_and_what_the_server_filled_in_stays(
    trees: Trees, system: System
) -> None:
    bare = trees.write("bare", web=routemap(template=TEMPLATE.replace("  parentRefs: [{name: gateway}]\n", "")))
    (route,) = trees.compare(bare, "--server", system.url)["routes"]
    assert [(field["path"], "after" in field) for field in route["fields"]] == [("spec.parentRefs", False)]


def test_edits_by_hand_count_only_in_fields_that_are_rendered(
    control_plane: ControlPlane, shop: Shop, trees: Trees, system: System
) -> None:
    assert system.stop() == 0  # else it would heal them
    running, state = trees.write("running"), str(system.log.with_suffix(""))
    control_plane.patch(*HTTP_ROUTES, shop.namespace, "web", {"spec": {"hostnames": ["by.hand"]}})
    assert trees.diff(running, "--state-dir", state).returncode == 0
    control_plane.patch(*HTTP_ROUTES, shop.namespace, "web", {"spec": {"parentRefs": [{"name": "by-hand"}]}})
    drifted = trees.compare(running, "--state-dir", state)
    assert drifted["routes"][0]["fields"] == [
        {"path": "spec.parentRefs[0].name", "before": "by-hand", "after": "gateway"}
    ]


def test_routes_are_pruned_with_their_routemap_and_left_to_the_installation_that_applied_them(
    trees: Trees, system: System
) -> None:
    pruned = trees.compare(trees.write("empty", other="a: b"), "--server", system.url)
    assert (pruned["change"], [route["change"] for route in pruned["routes"]]) == ("pruned", ["pruned"])
    other = trees.compare(trees.write("running"), "--server", system.url, "--instance", "other")
    assert [(route["change"], "'iter8-gitops'" in route["note"]) for route in other["routes"]] == [("unknown", True)]


def test_what_a_version_waits_for_is_told(control_plane: ControlPlane, shop: Shop, trees: Trees) -> None:
    brought = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-2, labels: {iter8.tools/watch: 'true'}}\n"
        "data: {value: '1'}\n"
    )
    new = trees.write("new", web=routemap(candidate="web-2"), candidate=brought)
    done = trees.diff(new, "--server", "none")
    said = f"ConfigMap {shop.namespace}/web-2 is not in the cluster yet; candidate.yaml:1 brings it"
    assert (done.returncode, said in done.stdout) == (1, True), done.stdout + done.stderr
    shop.deploy(1, watched=False)
    unlabelled = trees.diff(trees.write("old", web=routemap()), "--server", "none")
    assert f'ConfigMap {shop.namespace}/web-1 is in the cluster, but lacks the label iter8.tools/watch: "true"' in (
        unlabelled.stdout
    )
    elsewhere = routemap().replace("name: web-0}", "name: web-0, namespace: other}")
    outside = trees.diff(trees.write("outside", web=elsewhere), "--server", "none")
    assert "web.yaml:6:" in outside.stderr


def test_a_kind_that_is_not_installed_is_told(control_plane: ControlPlane, shop: Shop, trees: Trees) -> None:
    unknown = routemap().replace("gvrShort: cm, name: web-1", "apiVersion: example.com/v1, kind: Widget, name: w")
    done = trees.diff(trees.write("new", web=unknown), "--server", "none")
    assert "the cluster serves no Widget of group example.com; install its CustomResourceDefinition" in done.stdout


def test_it_takes_no_other_right_than_to_get_what_routemaps_name_and_render(
    control_plane: ControlPlane, shop: Shop, trees: Trees, system: System
) -> None:
    get = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
        {"apiGroups": [HTTP_ROUTES[0]], "resources": ["httproutes"], "verbs": ["get"]},
    ]
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "reviewer"}}
    reviewer = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "other"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reviewer"}
    control_plane.apply({**rbac, "kind": "Role", "rules": get}, shop.namespace)
    control_plane.apply({**rbac, "kind": "RoleBinding", "roleRef": role, "subjects": [reviewer]}, shop.namespace)
    kubeconfig = str(control_plane.kubeconfig("other"))
    same = trees.diff(trees.write("running"), "--server", system.url, "--kubeconfig", kubeconfig)
    assert (same.returncode, same.stderr) == (0, "")
    new = trees.compare(
        trees.write("new", web=routemap(weights=(3, 1))), "--server", system.url, "--kubeconfig", kubeconfig
    )
    assert [field["after"] for field in new["routes"][0]["fields"]] == [3]


def test_rights_that_are_missing_are_told_and_an_api_server_that_is_away_is_an_error(
    control_plane: ControlPlane, shop: Shop, trees: Trees
) -> None:
    tree = trees.write("new", web=routemap())
    nobody = trees.diff(tree, "--server", "none", "--kubeconfig", str(control_plane.kubeconfig("nobody")))
    assert f"ConfigMap {shop.namespace}/web-0 may not be read: " in nobody.stdout
    away = control_plane.kubeconfig(server="https://127.0.0.1:1")
    done = trees.diff(tree, "--server", "none", "--kubeconfig", str(away))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot reach https://127.0.0.1:1" in done.stderr
