"""Disturbances of the cluster: no answer is ever wrong, and all is right again soon, without a restart."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import path_of
from tests.e2e.chaos_trial import RECOVERY_SECONDS, Recovery, Trial, watched
from tests.e2e.chaos_world import LEASE_SECONDS, World
from tests.e2e.on_kubernetes import CONFIG_MAPS, HTTP_ROUTES
from tests.e2e.system import System, eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]
_ROUTES = 31


@pytest.fixture(scope="module")
def lasting_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same for all tests: what one has done to the system, the next one finds."""
    plane = ControlPlane(find_binaries(), tmp_path_factory.mktemp("control-plane"))
    try:
        plane.start()
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
        finally:
            world.proxy.thaw()
        recovery.begin()
        recovery.check()


@pytest.mark.parametrize("seconds", [0, 10])
def test_connections_are_forgotten_on_the_way(world: World, seconds: int) -> None:
    """Nobody is told: neither side hears of the other, and only new connections help."""
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery(f"connections forgotten, new ones refused for {seconds} s", trial)
        world.proxy.refuse()
        world.proxy.abandon()
        time.sleep(seconds)
        trial.change()
        world.proxy.accept()
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
        recovery.await_right()
        trial.announce(1, 1)
        shop.deploy(1)
        trial.await_right()
        recovery.check()


def test_definition_is_deleted_and_made_again(world: World) -> None:
    with watched(world.model_shop(), world.system) as models, watched(world.shop(), world.system) as trial:
        recovery = Recovery("definition deleted and made again", models, trial)
        models.announce(0, 1)  # They are deleted one by one.
        models.announce(1, 0)
        world.delete_models()
        models.await_right()
        trial.change()
        trial.await_right()
        world.install_models()
        models.shop.deploy(0)
        models.announce(1, 1)
        models.shop.deploy(1)
        recovery.begin()
        recovery.check()


def test_somebody_deletes_the_lease(world: World) -> None:
    with watched(world.shop(), world.system) as trial:
        recovery = Recovery("Lease deleted", trial)
        leader = world.holder()
        trial.change()
        world.delete_lease()
        recovery.begin()
        eventually(lambda: world.holder() == leader, "the Lease is made again, by the only one who wants it")
        trial.change()
        recovery.check()


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


class Replicas:
    """31 applications with the same versions, one of them watched; the system leads, and a second one follows it."""

    def __init__(self, world: World, follower: System, trial: Trial) -> None:
        self.world = world
        self.follower = follower
        self.trial = trial
        self.leader = world.holder()

    def routed(self) -> int:
        """How many routes show the newest weights."""
        return self.trial.shop.all_routed().count(list(self.trial.weights))

    def await_all_routed(self) -> None:
        """Wait until all do."""
        eventually(lambda: self.routed() == _ROUTES, "all routes", 90)

    def interrupt_leader(self, how: signal.Signals) -> None:
        """Change all weights, and send a signal to the leader while it applies the routes."""
        self.trial.change()
        eventually(lambda: self.routed() >= 3, "some routes")
        self.world.signal_controller(how)
        assert self.routed() < _ROUTES, "the leader was too quick"


@pytest.fixture
def replicas(lasting_world: World) -> Iterator[Replicas]:
    shop = lasting_world.shop()
    shop.declare_more(_ROUTES - 1)
    eventually(lambda: shop.all_routed() == [[1, 1]] * _ROUTES, "all routes")
    follower = lasting_world.replica(shop.namespace)
    try:
        follower.await_weights(shop.application, 1, 1)
        with watched(shop, lasting_world.system, follower) as trial:
            yield Replicas(lasting_world, follower, trial)
    finally:
        follower.stop()


def test_leader_hangs_while_it_applies_routes_and_goes_on_when_another_leads(replicas: Replicas) -> None:
    world, trial = replicas.world, replicas.trial
    controller = world.controller()
    replicas.interrupt_leader(signal.SIGSTOP)
    try:
        eventually(lambda: world.holder() not in {"", replicas.leader}, "another leader")
        replicas.await_all_routed()
        trial.change()
        replicas.await_all_routed()
    finally:
        world.signal_controller(signal.SIGCONT)
    trial.await_right()
    time.sleep(2)
    assert replicas.routed() == _ROUTES, "who does not lead any more writes nothing"
    assert world.controller() == controller


def test_leader_is_killed_while_it_applies_routes(replicas: Replicas) -> None:
    world, trial = replicas.world, replicas.trial
    allowed = LEASE_SECONDS + RECOVERY_SECONDS
    recovery = Recovery("leader killed while it applies 31 routes", trial, allowed=allowed)
    replicas.await_all_routed()
    replicas.interrupt_leader(signal.SIGKILL)
    recovery.begin()
    replicas.await_all_routed()
    recovery.check()
    assert world.holder() not in {"", replicas.leader}
