"""What an applier does while the API server is away, and how soon all is right when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.testing.waiting import eventually
from tests.cluster.kubernetes.applying import FINALIZER, MakeRig, config_map, data_of, deployment, route
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.proxy import ChaosProxy

APP = "shop/web"
MakeProxy = Callable[[ControlPlane], ChaosProxy]


def test_all_is_applied_within_seconds_when_the_server_is_back(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig, chaos_proxy: MakeProxy
) -> None:
    proxy = chaos_proxy(control_plane)
    rig = make_rig(server=proxy.url)
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    rig.settle()
    proxy.refuse()
    proxy.cut()
    rig.want(APP, route(namespace, "r", {"a": "2"}))
    for index in range(20):
        rig.want(f"shop/more-{index}", route(namespace, f"r{index}"))
    time.sleep(4)
    assert rig.problems(APP) == ""
    assert data_of(control_plane, namespace, "r") == {"a": "1"}
    proxy.accept()
    eventually(lambda: data_of(control_plane, namespace, "r") == {"a": "2"}, 5)
    eventually(lambda: config_map(control_plane, namespace, "r19"), 5)


def test_drift_in_a_break_of_the_watch_is_healed(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig, chaos_proxy: MakeProxy
) -> None:
    proxy = chaos_proxy(control_plane)
    rig = make_rig(server=proxy.url)
    rig.want(APP, route(namespace, "gone"), route(namespace, "edited", {"a": "1"}, template="second"))
    rig.settle()
    proxy.refuse()
    proxy.cut()
    control_plane.delete("", "v1", "configmaps", namespace, "gone")
    control_plane.patch("", "v1", "configmaps", namespace, "edited", {"data": {"a": "2"}})
    proxy.accept()
    eventually(lambda: config_map(control_plane, namespace, "gone"), 10)
    eventually(lambda: data_of(control_plane, namespace, "edited") == {"a": "1"}, 10)


def test_a_drain_ends_after_an_outage(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig, chaos_proxy: MakeProxy
) -> None:
    proxy = chaos_proxy(control_plane)
    rig = make_rig(server=proxy.url)
    named = ResourceId("apps", "Deployment", namespace, "web")

    def live() -> dict[str, object] | None:
        found = control_plane.get("apps", "v1", "deployments", namespace, "web")
        return None if found is None else found["metadata"]

    control_plane.apply(deployment(namespace, "web"))
    rig.want(APP, route(namespace, "r", {"a": "1"}), named=[named])
    eventually(lambda: FINALIZER in str(live()))
    control_plane.delete("apps", "v1", "deployments", namespace, "web")
    proxy.refuse()
    proxy.cut()
    rig.want(APP, route(namespace, "r", {"a": "0"}), named=[named])
    rig.applier.release(APP, [named])
    time.sleep(2)
    assert live() is not None
    proxy.accept()
    eventually(lambda: live() is None, 10)
    assert data_of(control_plane, namespace, "r") == {"a": "0"}


def test_a_frozen_network_keeps_nobody_from_stopping(
    control_plane: ControlPlane, namespace: str, make_rig: MakeRig, chaos_proxy: MakeProxy
) -> None:
    proxy = chaos_proxy(control_plane)
    rig = make_rig(server=proxy.url)
    rig.want(APP, route(namespace, "r"))
    rig.settle()
    proxy.freeze()
    rig.want(APP, route(namespace, "r", {"a": "1"}))
    time.sleep(0.5)
    began = time.monotonic()
    rig.applier.stop()
    assert time.monotonic() - began < 4
    proxy.thaw()
