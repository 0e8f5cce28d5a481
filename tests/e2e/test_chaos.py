"""Disturbances of the cluster: no answer is ever wrong, and all is right again soon, without a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import path_of
from tests.e2e.chaos_trial import Recovery, watched
from tests.e2e.chaos_world import LEASE_SECONDS, World
from tests.e2e.on_kubernetes import CONFIG_MAPS, HTTP_ROUTES
from tests.e2e.system import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]


@pytest.fixture(scope="module")
def lasting_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same for all tests: what one has done to the system, the next one finds."""
    plane = ControlPlane(find_binaries(), tmp_path_factory.mktemp("control-plane"))
    try:
        plane.start()
        for crd in ("httproutes", "inferenceservices"):
            plane.install_crd(crd)
        world = World(plane, tmp_path_factory.mktemp("systems"))
        yield world
        world.close()
    finally:
        plane.stop()


@pytest.fixture
def world(lasting_world: World) -> Iterator[World]:
    """The world, in which the controller is never started again."""
    before = lasting_world.controller()
    yield lasting_world
    assert lasting_world.controller() == before, "the controller ended, and its supervisor started another one"


def test_api_server_is_killed_and_comes_back(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("API server killed for 8 s", trial)
        world.plane.kill_api_server()
        time.sleep(8)
        assert trial.stale, "answers say that they may be out of date"
        world.plane.start_api_server()
        recovery.begin()
        trial.change()
        recovery.check()


def test_api_server_that_starts_does_not_know_its_custom_resources_yet(world: World) -> None:
    with watched(world.shop(), world.system) as trial, watched(world.model_shop(), world.system) as models:
        recovery = Recovery("API server restarted, many definitions", models, trial)
        world.plane.kill_api_server()
        world.plane.start_api_server()
        recovery.begin()
        for each in (models, trial):
            each.change()
        recovery.check()


def test_etcd_stands_still(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("etcd paused for 20 s", trial)
        world.plane.pause_etcd()
        try:
            time.sleep(20)
        finally:
            world.plane.resume_etcd()
        eventually(lambda: world.plane.admin.get("/readyz").is_success, "the API server is ready")
        recovery.begin()
        trial.change()
        recovery.check()


def test_connections_are_cut_again_and_again_while_weights_change(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("connections cut every 0.5 s", trial)
        for cut in range(20):
            world.proxy.cut()
            if cut % 3 == 0:
                trial.change()
            time.sleep(0.5)
        recovery.begin()
        recovery.check()


def test_connections_fall_silent(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("network silent for 25 s", trial)
        world.proxy.freeze()
        try:
            time.sleep(1)
            trial.change()
            time.sleep(24)
            assert trial.stale, "answers say that they may be out of date"
            world.proxy.cut()
        finally:
            world.proxy.thaw()
        recovery.begin()
        recovery.check()


def test_history_is_gone_after_a_long_break(world: World) -> None:
    shop = world.shop()
    with watched(shop, world.system) as trial:
        recovery = Recovery("history compacted in a break", trial)
        path = path_of(*CONFIG_MAPS, shop.namespace)
        before = world.plane.admin.get(path).json()["metadata"]["resourceVersion"]
        world.proxy.refuse()
        world.proxy.cut()
        trial.announce(1, 0)
        shop.tear_out(1)
        world.plane.delete(*HTTP_ROUTES, shop.namespace, "web")
        for number in range(300):
            shop.weigh(0, 1 + number % 2)
        shop.weigh(0, 1)
        world.plane.compact()
        world.plane.kill_api_server()  # It remembers events by itself.
        world.plane.start_api_server()
        watch = {"watch": "1", "resourceVersion": before, "timeoutSeconds": "5"}
        assert '"code":410' in world.plane.admin.get(path, params=watch).text
        world.proxy.accept()
        recovery.begin()
        trial.await_right()
        trial.announce(1, 1)
        shop.deploy(1)
        recovery.check()


def test_leader_is_killed_while_it_applies_routes(lasting_world: World) -> None:
    world, shop = lasting_world, lasting_world.shop()
    shop.declare_more(30)
    eventually(lambda: shop.all_routed() == [[1, 1]] * 31, "all routes")
    leader = world.holder()
    follower = world.replica("two")
    try:
        follower.await_weights(shop.application, 1, 1)
        with watched(shop, world.system, follower) as trial:
            recovery = Recovery("leader killed while it applies 31 routes", trial, allowed=LEASE_SECONDS + 5)
            eventually(lambda: shop.all_routed() == [list(trial.weights)] * 31, "all routes")
            trial.change()
            wanted = list(trial.weights)
            eventually(lambda: shop.all_routed().count(wanted) >= 3, "some routes")
            world.kill_controller(world.system)
            recovery.begin()
            assert shop.all_routed().count(wanted) < 31, "the leader was killed too late"
            eventually(lambda: shop.all_routed() == [wanted] * 31, "all routes")
            recovery.check()
            assert world.holder() not in {"", leader}
    finally:
        follower.stop()


def test_definition_is_deleted_and_made_again(world: World) -> None:
    with watched(world.model_shop(), world.system) as models, watched(world.shop(), world.system) as trial:
        recovery = Recovery("definition deleted and made again", models, trial)
        models.announce(0, 0)
        world.plane.delete_crd("inferenceservices")
        for watcher in models.watchers:
            watcher.await_settled()
        trial.change()
        trial.await_right()
        world.plane.install_crd("inferenceservices")
        models.announce(1, 0)
        models.shop.deploy(0)
        models.announce(1, 1)
        models.shop.deploy(1)
        recovery.begin()
        recovery.check()


def test_somebody_deletes_the_lease(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("Lease deleted", trial)
        trial.change()
        world.delete_lease()
        recovery.begin()
        recovery.check()
        assert world.holder()


def test_rights_are_taken_away_and_given_back(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("rights taken away and given back", trial)
        world.revoke()
        world.proxy.cut()  # A watch that was granted goes on.
        trial.change()
        trial.await_stale()
        time.sleep(LEASE_SECONDS)
        said = str(world.system.http.get("/v1/routemaps").json())
        assert "forbidden" in said.lower()
        world.grant()
        recovery.begin()
        recovery.check()
