"""Several replicas: all answer, one writes, and another takes over."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.e2e.on_kubernetes import LEASE_SECONDS, Shop
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
USERS = [f"user-{number}" for number in range(40)]


def holder(shop: Shop) -> str:
    lease = shop.plane.get("coordination.k8s.io", "v1", "leases", shop.namespace, "iter8-gitops")
    return str(lease["spec"].get("holderIdentity") or "") if lease else ""


def test_every_replica_answers_alike_and_a_follower_takes_over_within_the_lease(
    shop: Shop, replica: Callable[[str], System]
) -> None:
    shop.deploy(0)
    shop.deploy(1)
    shop.declare()
    leader, follower = replica("one"), replica("two")
    for system in (leader, follower):
        system.await_weights(shop.application, 1, 1)
    assert leader.versions_of(shop.application, USERS) == follower.versions_of(shop.application, USERS)
    shop.await_routed(1, 1)
    first = eventually(lambda: holder(shop), "a leader")

    leader.kill_everything()
    died_at = time.monotonic()
    shop.remove(1)
    follower.await_weights(shop.application, 1, 0)
    assert set(follower.versions_of(shop.application, USERS)) == {0}
    shop.await_routed(1, 0, seconds=20)
    # Its last renewal may have been just before; the follower tries every fifth of the lease; then it applies.
    assert time.monotonic() - died_at < LEASE_SECONDS * 1.5 + 3
    assert holder(shop) not in {"", first}
    eventually(lambda: shop.version(1) is None, "the new leader lets the version go")


def test_a_leader_that_is_stopped_hands_over_at_once(shop: Shop, replica: Callable[[str], System]) -> None:
    shop.deploy(0)
    shop.declare()
    leader, follower = replica("one"), replica("two")
    first = eventually(lambda: holder(shop), "a leader")
    assert leader.stop() == 0
    eventually(lambda: holder(shop) not in {"", first}, "another leader", seconds=LEASE_SECONDS)
    shop.deploy(1)
    follower.await_weights(shop.application, 1, 1)
    shop.await_routed(1, 1)


def test_followers_write_nothing(shop: Shop, replica: Callable[[str], System]) -> None:
    shop.deploy(0)
    shop.declare()
    replica("one")
    shop.await_routed(1, 0)
    replica("two")
    before = shop.route()
    time.sleep(3)
    assert shop.route() == before
