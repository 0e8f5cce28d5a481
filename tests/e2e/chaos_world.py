"""One control plane that tests may break, and one system on it that must live through all of that."""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import Object
from tests.controlplane.proxy import ChaosProxy
from tests.e2e.chaos_shops import ChangingShop, ModelShop
from tests.e2e.system import System

LEASE_SECONDS = 4.0
_BYSTANDERS = 40
"""Further definitions: an API server that starts takes a while to serve them all."""
_DEPLOY = Path(__file__).parents[2] / "deploy" / "kustomize"
_USER = "controller"
_BINDING = ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "", "iter8-gitops")
_LEASE = ("coordination.k8s.io", "v1", "leases", "default", "iter8-gitops")

_Shop = TypeVar("_Shop", bound=ChangingShop)


class World:
    """The system connects through `proxy`, as a user with exactly the rights of an installation for a whole cluster."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self.proxy = ChaosProxy(plane.port)
        self._folder = folder
        self.grant()
        for number in range(_BYSTANDERS):
            plane.apply(_definition(number))
        self.system = self.replica("one", server=self.proxy.url)

    def replica(self, name: str, server: str | None = None) -> System:
        """Start a system; `server` is the address of a proxy."""
        kubeconfig = self.plane.kubeconfig(_USER, server=server)
        options = ("--cluster", "kubernetes", "--kubeconfig", str(kubeconfig), "--drain", "1")
        system = System(None, self._folder / name, *options, "--lease-seconds", str(LEASE_SECONDS))
        try:
            return system.ready()
        except BaseException:
            system.stop()
            raise

    def close(self) -> None:
        """Stop the system and the proxy."""
        self.system.stop()
        self.proxy.close()

    def shop(self) -> ChangingShop:
        """A new application `web` in a namespace of its own, both versions there, its route applied."""
        return self._opened(ChangingShop(self.plane, self._namespace()))

    def model_shop(self) -> ModelShop:
        """The same with models as versions."""
        return self._opened(ModelShop(self.plane, self._namespace()))

    def holder(self) -> str:
        """Who holds the Lease; "" for nobody."""
        lease = self.lease()
        return str(lease["spec"].get("holderIdentity") or "") if lease else ""

    def lease(self) -> Object | None:
        """The Lease, if there is one."""
        return self.plane.get(*_LEASE)

    def delete_lease(self) -> None:
        """Delete the Lease, whoever holds it."""
        self.plane.delete(*_LEASE)

    def grant(self) -> None:
        """Give the system's user the rights of an installation for a whole cluster."""
        files = (_DEPLOY / "cluster" / "clusterrole.yaml", _DEPLOY / "base" / "lease-role.yaml")
        documents = [each for file in files for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
        rules = [rule for each in documents if each["kind"] in ("ClusterRole", "Role") for rule in each["rules"]]
        group = "rbac.authorization.k8s.io"
        metadata = {"name": _BINDING[-1]}
        role = {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
        binding = {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": _BINDING[-1]},
            "subjects": [{"apiGroup": group, "kind": "User", "name": _USER}],
        }
        for each in (role, binding):
            self.plane.apply(each)

    def revoke(self) -> None:
        """Take the rights away."""
        self.plane.delete(*_BINDING)

    def controller(self, system: System | None = None) -> int:
        """The process id of a system's controller, by default of the system that lives through everything."""
        running = (system or self.system).processes()
        return next(pid for pid, command in running.items() if " controller " in command)

    def kill_controller(self, system: System) -> None:
        """End a controller with SIGKILL; its supervisor starts another one."""
        os.kill(self.controller(system), signal.SIGKILL)

    def _namespace(self) -> str:
        name = f"chaos-{secrets.token_hex(4)}"
        self.plane.create_namespace(name)
        return name

    def _opened(self, shop: _Shop) -> _Shop:
        shop.deploy(0)
        shop.deploy(1)
        shop.declare()
        self.system.await_weights(shop.application, 1, 1)
        shop.await_routed(1, 1)
        return shop


def _definition(number: int) -> dict[str, Any]:
    """A small CustomResourceDefinition."""
    group, plural, kind = "chaos.example.com", f"bystanders{number}", f"Bystander{number}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
