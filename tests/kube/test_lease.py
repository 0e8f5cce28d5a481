"""Elections on a real API server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.lease import LeaseElector, steady_clock
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy
from tests.kube.electors import DURATION, NAME, RENEW_EVERY, StartReplica, eventually, start_replica

__all__ = ["start_replica"]

LEASES = ("coordination.k8s.io", "v1", "leases")


def lease_of(control_plane: ControlPlane, namespace: str) -> dict[str, object]:
    found = control_plane.get(*LEASES, namespace, NAME)
    assert found is not None
    return found


def threads_named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_one_of_two_leads_and_both_know_who(start: StartReplica, control_plane: ControlPlane, namespace: str) -> None:
    first, second = start("one"), start("two")
    eventually(lambda: first.leads or second.leads)
    time.sleep(DURATION * 1.5)
    leader, other = (first, second) if first.leads else (second, first)
    assert (leader.leads, other.leads) == (True, False)
    eventually(lambda: leader.elector.holder() == other.elector.holder() != "")
    assert [leads for leads, _ in leader.changes] == [True]
    assert other.changes == []
    spec = lease_of(control_plane, namespace)["spec"]
    assert spec["leaseTransitions"] == 0  # type: ignore[index]


def test_one_that_stops_hands_over_at_once(start: StartReplica, control_plane: ControlPlane, namespace: str) -> None:
    first = start("one", duration=15)
    eventually(lambda: first.leads)
    second = start("two", duration=15)
    eventually(lambda: second.elector.holder() == "one")
    began = time.monotonic()
    first.elector.stop()
    assert time.monotonic() - began < 2
    assert not first.leads
    assert [leads for leads, _ in first.changes] == [True, False]
    eventually(lambda: second.leads, within=2)
    assert lease_of(control_plane, namespace)["spec"]["leaseTransitions"] == 1  # type: ignore[index]


def test_stopping_is_prompt_before_starting_and_twice(start: StartReplica) -> None:
    replica = start("one")
    replica.elector.stop()
    replica.elector.stop()
    assert not replica.leads


def test_the_last_one_to_stop_leaves_a_lease_that_nobody_holds(
    start: StartReplica, control_plane: ControlPlane, namespace: str
) -> None:
    replica = start("one")
    eventually(lambda: replica.leads)
    # A note that somebody adds makes what the elector knows of the Lease old.
    control_plane.patch(*LEASES, namespace, NAME, {"metadata": {"annotations": {"note": "kept"}}})
    replica.elector.stop()
    lease = lease_of(control_plane, namespace)
    assert lease["spec"]["holderIdentity"] == ""  # type: ignore[index]
    assert lease["metadata"]["annotations"] == {"note": "kept"}  # type: ignore[index]


def test_a_hung_api_server_ends_leadership_before_anybody_else_may_lead(
    start: StartReplica, control_plane: ControlPlane, chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    proxy = chaos_proxy(control_plane)
    first = start("one", server=proxy.url)
    eventually(lambda: first.leads)
    second = start("two")
    eventually(lambda: second.elector.holder() == "one")
    proxy.freeze()
    frozen = steady_clock()
    assert eventually(lambda: not first.leads) < DURATION * 2 / 3 + 0.1
    eventually(lambda: second.leads)
    lost, gained = first.changes[1][1], second.changes[0][1]
    assert lost < gained
    assert DURATION - RENEW_EVERY - 0.5 < gained - frozen < DURATION + 2 * RENEW_EVERY + 0.5
    proxy.thaw()
    time.sleep(RENEW_EVERY * 3)
    assert (first.leads, second.leads) == (False, True)
    assert len(first.changes) == 2


def test_a_short_outage_costs_no_leadership(
    start: StartReplica, control_plane: ControlPlane, chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    proxy = chaos_proxy(control_plane)
    replica = start("one", server=proxy.url, duration=15)
    eventually(lambda: replica.leads)
    proxy.cut()
    proxy.refuse()
    time.sleep(2)
    proxy.accept()
    time.sleep(2)
    assert [leads for leads, _ in replica.changes] == [True]


def test_the_only_replica_leads_again_after_a_long_outage(
    start: StartReplica, control_plane: ControlPlane, chaos_proxy: Callable[[ControlPlane], ChaosProxy]
) -> None:
    proxy = chaos_proxy(control_plane)
    replica = start("one", server=proxy.url)
    eventually(lambda: replica.leads)
    proxy.refuse()
    proxy.cut()
    eventually(lambda: not replica.leads)
    time.sleep(DURATION)
    proxy.accept()
    assert eventually(lambda: replica.leads) < 2


def test_a_deleted_lease_comes_back_with_its_notes(
    start: StartReplica, control_plane: ControlPlane, namespace: str
) -> None:
    first = start("one")
    eventually(lambda: first.leads)
    control_plane.patch(*LEASES, namespace, NAME, {"metadata": {"annotations": {"note": "kept"}}})
    second = start("two")
    eventually(lambda: second.elector.holder() == "one")
    time.sleep(RENEW_EVERY * 2)
    assert control_plane.delete(*LEASES, namespace, NAME)
    eventually(lambda: control_plane.get(*LEASES, namespace, NAME))
    eventually(lambda: lease_of(control_plane, namespace)["spec"].get("holderIdentity"))  # type: ignore[attr-defined]
    assert lease_of(control_plane, namespace)["metadata"]["annotations"] == {"note": "kept"}  # type: ignore[index]
    assert (first.leads, second.leads) == (True, False)
    assert second.changes == []


def test_a_lease_without_a_term_is_taken_over_with_a_log_line(
    start: StartReplica, control_plane: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"holderIdentity": "somebody"},
    }
    control_plane.apply(lease)
    replica = start("one")
    assert eventually(lambda: replica.leads) < 2
    assert "names 'somebody' without saying for how long: taken over" in caplog.text


def test_the_time_that_a_holder_promised_is_waited_for_whatever_its_clock_says(
    start: StartReplica, control_plane: ControlPlane, namespace: str
) -> None:
    for renewed in ("1970-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z"):
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": NAME, "namespace": namespace},
            "spec": {"holderIdentity": "dead", "leaseDurationSeconds": 2, "renewTime": renewed},
        }
        control_plane.apply(lease)
        replica = start("one")
        assert 1.9 < eventually(lambda: replica.leads) < 4  # noqa: B023 (called before the next round)
        replica.elector.stop()


def test_without_the_right_it_says_so_once_and_leads_as_soon_as_it_has_it(
    start: StartReplica, control_plane: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "iter8_gitops.kube.lease")
    replica = start("one", user="controller")
    eventually(lambda: "may not be used" in caplog.text)
    time.sleep(6)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert 'cannot get resource "leases"' in warnings[0].getMessage()
    control_plane.kubectl("create", "role", "leases", "--verb=get,create,patch", "--resource=leases", "-n", namespace)
    control_plane.kubectl("create", "rolebinding", "leases", "--role=leases", "--user=controller", "-n", namespace)
    eventually(lambda: replica.leads)
    assert "can be used again" in caplog.text


def test_a_listener_that_fails_does_not_end_the_election(
    control_plane: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_leads: bool) -> None:
        raise RuntimeError("a defect")

    client = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig()))
    elector = LeaseElector(client, namespace, NAME, "one", duration=DURATION, on_change=fail)
    elector.start()
    try:
        eventually(elector.leads)
        time.sleep(DURATION)
        assert elector.leads()
        assert "a defect" in caplog.text
    finally:
        elector.stop()
        client.close()
    assert not threads_named(f"lease-{NAME}")


def test_a_namespace_that_is_deleted_with_the_lease_keeps_its_last_leader_until_it_is_gone(
    start: StartReplica, control_plane: ControlPlane, namespace: str
) -> None:
    metadata = {"name": "waits", "namespace": namespace, "finalizers": ["example.com/waits"]}
    control_plane.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    first = start("one")
    eventually(lambda: first.leads)
    second = start("two")
    eventually(lambda: second.elector.holder() == "one")
    control_plane.delete("", "v1", "namespaces", "", namespace)
    eventually(lambda: control_plane.get(*LEASES, namespace, NAME) is None, 30)
    time.sleep(DURATION * 1.5)
    assert (first.leads, second.leads, second.changes) == (True, False, [])
    control_plane.patch("", "v1", "configmaps", namespace, "waits", {"metadata": {"finalizers": None}})
    eventually(lambda: control_plane.get("", "v1", "namespaces", "", namespace) is None, 30)
    eventually(lambda: not first.leads)
