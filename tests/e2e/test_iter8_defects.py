"""Defects of Iter8's controller that ours must not have, each on a real API server."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.kube.marks import finalizer_of
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy
from tests.e2e.on_kubernetes import CONFIG_MAPS, TEMPLATE, Shop
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
USERS = [f"user-{number}" for number in range(30)]
INSTANCE = "defects"
FINALIZER = finalizer_of(INSTANCE)


class World:
    """One running system, and namespaces to try things in."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self._folder = folder
        self.proxy = ChaosProxy(int(plane.url.rpartition(":")[2]))
        self._kubeconfig = plane.kubeconfig("admin", server=self.proxy.url)
        self.system = self.start().ready()

    def start(self) -> System:
        options = ("--cluster", "kubernetes", "--kubeconfig", str(self._kubeconfig), "--drain", "2")
        return System(None, self._folder / "state", *options, "--instance", INSTANCE)

    def shop(self) -> Shop:
        name = f"defect-{secrets.token_hex(4)}"
        self.plane.create_namespace(name)
        return Shop(self.plane, name)

    def close(self) -> None:
        self.system.stop()
        self.proxy.close()


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(control_plane, tmp_path_factory.mktemp("defects"))
    yield made
    made.close()


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop()


def routemap(shop: Shop, name: str, spec: object, **labels: str) -> None:
    shop.plane.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {"iter8.tools/kind": "routemap", **labels}},
            "data": {"strSpec": spec if isinstance(spec, str) else json.dumps(spec)},
        },
        shop.namespace,
    )


def test_lookups_from_before_a_routemap_arrives_until_it_is_reconciled_never_crash(world: World, shop: Shop) -> None:
    seen: set[int] = set()
    shop.deploy(0)
    deadline = time.monotonic() + 20
    for attempt in range(10_000):
        query = {"application": shop.application, "user": f"user-{attempt}"}
        seen.add(world.system.http.get("/v1/lookup", params=query).status_code)
        if attempt == 20:
            shop.declare()
        if 200 in seen or time.monotonic() > deadline:
            break
    assert seen == {404, 200}


def test_resources_need_no_namespace_and_the_version_label_does_not_matter(world: World, shop: Shop) -> None:
    shop.deploy(0)
    spec = {"versions": [{"resources": [{"gvrShort": "cm", "name": "web-0"}]}]}
    routemap(shop, "web", spec, **{"iter8.tools/version": "v0.99"})
    state = world.system.await_weights(shop.application, 1)
    assert state["versions"][0]["resources"][0]["namespace"] == shop.namespace


def test_the_data_of_a_config_map_is_content_and_its_labels_are_not(world: World, shop: Shop) -> None:
    shop.deploy(0, "one")
    shop.declare()

    def signature() -> str:
        return str(world.system.routemap(shop.application)["versions"][0]["signature"])

    world.system.await_weights(shop.application, 1, 0)
    first = signature()
    shop.plane.patch(*CONFIG_MAPS, shop.namespace, "web-0", {"metadata": {"labels": {"team": "blue"}}})
    time.sleep(1)
    assert signature() == first
    shop.deploy(0, "two")
    eventually(lambda: signature() != first, "another signature")


def test_a_route_goes_with_its_routemap_because_the_config_map_owns_it(world: World, shop: Shop) -> None:
    shop.deploy(0)
    shop.declare()
    shop.await_routed(1, 0)
    route, owner = shop.route(), shop.plane.get(*CONFIG_MAPS, shop.namespace, "web")
    assert route is not None
    assert owner is not None
    (reference,) = route["metadata"]["ownerReferences"]
    assert (reference["kind"], reference["apiVersion"]) == ("ConfigMap", "v1")
    assert reference["uid"] == owner["metadata"]["uid"]
    shop.plane.delete(*CONFIG_MAPS, shop.namespace, "web")
    eventually(lambda: shop.route() is None, "the route is gone")


def test_a_route_whose_template_goes_is_pruned(world: World, shop: Shop) -> None:
    shop.deploy(0)
    shop.declare()
    shop.await_routed(1, 0)
    shop.declare(routingTemplates={})
    eventually(lambda: shop.route() is None, "the route is gone")


def test_an_invalid_update_is_a_problem_with_its_place_and_changes_nothing(world: World, shop: Shop) -> None:
    shop.deploy(0)
    shop.deploy(1)
    shop.declare()
    world.system.await_weights(shop.application, 1, 1)
    routemap(shop, "web", "versions:\n- resources:\n  - gvrShort: cm\n    name: web-0\n  wieght: 5\n")

    def problem() -> dict[str, Any]:
        return next(iter(world.system.routemap(shop.application).get("problems", [])), {})

    told = eventually(problem, "a problem")
    assert (told["file"], told["line"]) == (f"configmap/{shop.namespace}/web", 8), "line 8 of what kubectl prints"
    assert "did you mean `weight`?" in told["hint"] + told["message"]
    assert world.system.await_weights(shop.application, 1, 1)["versions"][1]["name"] == "v1"
    shop.declare()
    eventually(lambda: not problem(), "the problem is solved")


def test_one_template_that_cannot_be_rendered_does_not_stop_the_others(world: World, shop: Shop) -> None:
    shop.deploy(0)
    broken = {"gvrShort": "svc", "template": "{{ .Nonsense"}
    good = {"gvrShort": "httproute", "template": TEMPLATE}
    shop.declare(routingTemplates={"broken": broken, "http": good})
    shop.await_routed(1, 0)
    problems = eventually(lambda: world.system.routemap(shop.application).get("problems"), "a problem")
    assert ["routing template 'broken'" in each["message"] for each in problems] == [True]


def test_every_routemap_that_names_a_resource_is_reconciled(world: World, shop: Shop) -> None:
    shop.deploy(0)
    spec = {"versions": [{"resources": [{"gvrShort": "cm", "name": f"web-{index}"}]} for index in (0, 1)]}
    for name in ("one", "two", "three"):
        routemap(shop, name, spec)
    applications = [f"{shop.namespace}/{name}" for name in ("one", "two", "three")]
    for application in applications:
        world.system.await_weights(application, 1, 0)
    shop.deploy(1)
    for application in applications:
        world.system.await_weights(application, 1, 1)


def test_only_named_resources_get_a_finalizer_and_lose_it_again(world: World, shop: Shop) -> None:
    def finalizers(index: int) -> list[str]:
        seen = shop.version(index)
        return list(seen["metadata"].get("finalizers", [])) if seen else []

    for index in (0, 1, 7):
        shop.deploy(index)
    shop.declare()
    for index in (0, 1):
        eventually(lambda index=index: finalizers(index) == [FINALIZER], "a finalizer")  # type: ignore[misc]
    assert finalizers(7) == [], "it is labelled, but no routemap names it"
    shop.plane.delete(*CONFIG_MAPS, shop.namespace, "web")
    for index in (0, 1):
        eventually(lambda index=index: finalizers(index) == [], "no finalizer")  # type: ignore[misc]


def test_a_deleted_version_stays_until_traffic_has_left_it(world: World, shop: Shop) -> None:
    shop.deploy(0)
    shop.deploy(1)
    shop.declare()
    shop.await_routed(1, 1)
    eventually(lambda: FINALIZER in (shop.version(1) or {})["metadata"].get("finalizers", []), "a finalizer")
    shop.remove(1)
    shop.await_routed(1, 0)
    applied_at = time.monotonic()
    assert shop.version(1) is not None
    eventually(lambda: set(world.system.versions_of(shop.application, USERS)) == {0}, "only the primary is answered")
    eventually(lambda: shop.version(1) is None, "the version is gone")
    assert time.monotonic() - applied_at > 1.5, "the drain time is 2 s, and the route may be seen a little late"


def test_lookups_do_not_wait_for_an_api_server_that_hangs(world: World, shop: Shop) -> None:
    shop.deploy(0)
    shop.deploy(1)
    shop.declare()
    world.system.await_weights(shop.application, 1, 1)
    world.proxy.freeze()
    try:
        time.sleep(1)
        started = time.monotonic()
        assert set(world.system.versions_of(shop.application, USERS)) == {0, 1}
        assert time.monotonic() - started < 3
    finally:
        world.proxy.thaw()


def test_a_restart_sends_nobody_to_the_primary_for_want_of_a_synced_cache(world: World, shop: Shop) -> None:
    shop.deploy(0)
    shop.deploy(1)
    shop.declare()
    before = world.system.await_weights(shop.application, 1, 1)
    versions = world.system.versions_of(shop.application, USERS)
    world.system.stop()
    world.proxy.refuse()
    world.system = world.start()
    eventually(lambda: world.system.http.get("/healthz").status_code == 200, "an answer")
    assert world.system.versions_of(shop.application, USERS) == versions, "from the last good state"
    assert shop.routed() == [1, 1]
    world.proxy.accept()
    world.system.ready()
    assert world.system.versions_of(shop.application, USERS) == versions
    after = world.system.await_weights(shop.application, 1, 1)
    assert [v["signature"] for v in after["versions"]] == [v["signature"] for v in before["versions"]]
