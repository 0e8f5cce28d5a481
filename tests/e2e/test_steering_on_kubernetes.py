"""Ramps on a real API server: one replica decides, all follow, and the next leader goes on where the last one was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.on_kubernetes import CONFIG_MAPS, Shop
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow


def record(shop: Shop) -> dict[str, Any]:
    """What the leader wrote down; empty while there is nothing."""
    found = shop.plane.get(*CONFIG_MAPS, shop.namespace, "web.iter8-record")
    return dict(json.loads(found["data"]["record.json"])["ramp"] or {}) if found else {}


def test_a_ramp_rises_on_every_replica_outlives_its_leader_and_leaves_nothing_behind(
    shop: Shop, replica: Callable[[str], System]
) -> None:
    shop.deploy(0)
    shop.deploy(1, "2")
    shop.declare(ramp=[{"weight": 5}, {"weight": 50}, {"weight": 100}])
    leader, follower = replica("one"), replica("two")
    for system in (leader, follower):
        system.await_weights(shop.application, 95, 5)
    shop.declare(ramp=[{"weight": 5, "hold": "1s"}, {"weight": 50}, {"weight": 100}])
    for system in (leader, follower):
        system.await_weights(shop.application, 50, 50)
    shop.await_routed(50, 50)
    assert (record(shop)["step"], record(shop)["phase"]) == (1, "waiting")

    leader.kill_everything()
    fresh = replica("three")  # with an empty state folder
    fresh.await_weights(shop.application, 50, 50)
    shop.declare(ramp=[{"weight": 5, "hold": "1s"}, {"weight": 50, "hold": "1s"}, {"weight": 100}])
    for system in (follower, fresh):
        system.await_weights(shop.application, 0, 100)
    eventually(lambda: record(shop).get("phase") == "complete", "the record of the last step")

    shop.declare()
    follower.await_weights(shop.application, 1, 1)
    eventually(lambda: not record(shop), "the record goes with the ramp")
