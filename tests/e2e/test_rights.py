"""The whole job with exactly the rights that `deploy/` gives, on an API server that checks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.deploy.rendering import Variant
from tests.deploy.service_account import service_account_kubeconfig
from tests.e2e.on_kubernetes import CONFIG_MAPS, Shop
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
Up = Callable[..., System]


@pytest.mark.parametrize("scope", ["cluster", "namespace"])
def test_the_controller_does_its_whole_job_with_the_rights_it_is_given(
    control_plane: ControlPlane, namespace: str, up: Up, scope: Variant
) -> None:
    shop = Shop(control_plane, namespace)
    kubeconfig = service_account_kubeconfig(control_plane, scope, namespace)
    system = up(
        *(None, "--cluster", "kubernetes", "--kubeconfig", str(kubeconfig)),
        *("--scope", scope, "--namespace", namespace, "--drain", "1"),
    )
    shop.deploy(0)
    shop.deploy(1)
    shop.declare()
    system.await_weights(shop.application, 1, 1)
    shop.await_routed(1, 1)

    # Drift is healed.
    control_plane.delete("gateway.networking.k8s.io", "v1", "httproutes", namespace, "web")
    shop.await_routed(1, 1)

    # A version is drained, and let go.
    eventually(lambda: "finalizers" in (shop.version(1) or {"metadata": {}})["metadata"], "a finalizer")
    shop.remove(1)
    system.await_weights(shop.application, 1, 0)
    shop.await_routed(1, 0)
    eventually(lambda: shop.version(1) is None, "the version is gone")

    # People are told, and the Lease is held.
    events = eventually(lambda: control_plane.list_all("", "v1", "events", namespace), "events")
    assert {"VersionAvailable", "WeightsChanged"} & {event["reason"] for event in events}
    lease = control_plane.get("coordination.k8s.io", "v1", "leases", namespace, "iter8-gitops")
    assert lease is not None
    assert lease["spec"]["holderIdentity"]

    # The route goes with its routemap, also one that no ConfigMap owns any more.
    control_plane.delete(*CONFIG_MAPS, namespace, "web")
    eventually(lambda: shop.route() is None, "the route is gone")
    eventually(lambda: not (shop.version(0) or {"metadata": {}})["metadata"].get("finalizers"), "no finalizer")
    assert system.stop() == 0
    log = system.log.read_text(encoding="utf-8")
    # RBAC refuses a user; a namespace of another test that is being deleted refuses everybody.
    assert "is forbidden: User" not in log
    assert "may not" not in log
