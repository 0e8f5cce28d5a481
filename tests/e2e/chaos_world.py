"""One control plane that tests may break, and one system on it that must live through all of that."""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.crds import CustomResources
from tests.controlplane.objects import Object
from tests.controlplane.proxy import ChaosProxy
from tests.e2e.chaos_shops import ChangingShop, ModelShop
from tests.e2e.system import System

LEASE_SECONDS = 4.0
_MODELS = ("serving.kserve.io", "InferenceService")
_BYSTANDERS = tuple(("chaos.example.com", f"Bystander{number}") for number in range(30))
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
        plane.install_crd("httproutes")
        definitions = folder / "definitions"
        definitions.mkdir()
        for group, kind in (_MODELS, *_BYSTANDERS):
            manifest = yaml.safe_dump(_definition(group, kind), sort_keys=False)
            (definitions / f"{kind}.yaml").write_text(manifest, encoding="utf-8")
        self._definitions = CustomResources(definitions)
        self._definitions.install(plane.admin, *self._definitions.plurals)
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

    def delete_models(self) -> None:
        """Delete the definition of InferenceServices, with all there are; returns when it is no longer served."""
        self._definitions.delete(self.plane.admin, "inferenceservices")

    def install_models(self) -> None:
        """Define InferenceServices (again); returns when they are served."""
        self._definitions.install(self.plane.admin, "inferenceservices")

    def controller(self) -> int:
        """The process id of the system's controller."""
        return next(pid for pid, command in self.system.processes().items() if " controller " in command)

    def signal_controller(self, what: signal.Signals) -> None:
        """Send a signal to the controller. When SIGKILL ends it, its supervisor starts another one."""
        os.kill(self.controller(), what)

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


def _definition(group: str, kind: str) -> dict[str, Any]:
    """A small CustomResourceDefinition: the published ones keep an API server busy for many seconds."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1beta1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }
