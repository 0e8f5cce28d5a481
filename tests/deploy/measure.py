"""How much memory the containers of a pod need, for the requests and limits in deploy/.

    KUBEBUILDER_ASSETS=... ITER8_TEST_CRDS=... python -m tests.deploy.measure 100 2000

For each number of routemaps (two versions of one Deployment each, and a route that is a ConfigMap) the three processes
run on a real API server with the rights of the cluster-wide installation. Printed is the most that each ever held.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.processes import free_port
from tests.deploy.rendering import kustomize
from tests.deploy.service_account import service_account_kubeconfig

_NAMESPACE = "shop"
_LOOKUPS = 5_000
_ROUTEMAP = """\
versions:
- resources: [{{gvrShort: deploy, name: app-{number}-v0, namespace: shop}}]
- resources: [{{gvrShort: deploy, name: app-{number}-v1, namespace: shop}}]
routingTemplates:
  route:
    gvrShort: cm
    template: |
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: route-{number}
      data:
        candidate: "{{{{ index .Weights 1 }}}}"
"""


def measure(count: int) -> None:
    """Print one line per container for `count` routemaps."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "plane").mkdir()
        plane = ControlPlane(find_binaries(), folder / "plane")
        stack.callback(plane.stop)
        plane.start()
        plane.create_namespace(_NAMESPACE)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: _create(plane, *item), _objects(count)))
        config = service_account_kubeconfig(plane, "cluster", _NAMESPACE)
        ports = {"8080": str(free_port()), "50051": str(free_port())}
        begin = time.monotonic()
        processes = {container["name"]: _start(stack, container, folder, config, ports) for container in _containers()}
        server = f"http://127.0.0.1:{ports['8080']}"
        with httpx.Client(base_url=server, trust_env=False) as client:
            _wait_until_served(client, count)
            _say(f"{count} routemaps: first complete snapshot after {time.monotonic() - begin:.1f} s")
            for number in range(_LOOKUPS):
                application = f"{_NAMESPACE}/app-{number % count}"
                client.get("/v1/lookup", params={"application": application, "user": f"user-{number}"})
        for name, process in processes.items():
            _say(f"  {name:<10} {sum(map(_high_water, _tree(process.pid))):>5.0f} MiB")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _containers() -> list[dict[str, Any]]:
    (workload,) = (item for item in kustomize("cluster", namespace=_NAMESPACE) if item["kind"] == "StatefulSet")
    containers: list[dict[str, Any]] = workload["spec"]["template"]["spec"]["containers"]
    return containers


def _start(
    stack: ExitStack, container: dict[str, Any], folder: Path, config: Path, ports: dict[str, str]
) -> subprocess.Popen[bytes]:
    words = [word.replace("/var/lib/iter8-gitops", str(folder / "state")) for word in container["args"]]
    for port, ours in ports.items():
        words = [word.replace(f"port={port}", f"port={ours}") for word in words]
    log = stack.enter_context((folder / f"{container['name']}.log").open("wb"))
    process = subprocess.Popen(
        [sys.executable, "-m", "iter8_gitops", *words],
        env={**os.environ, "KUBECONFIG": str(config)},
        stdout=log,
        stderr=log,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def _objects(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    watched = {"iter8.tools/watch": "true"}
    for number in range(count):
        labels = {"iter8.tools/kind": "routemap", "iter8.tools/version": "v0.17"}
        text = _ROUTEMAP.format(number=number)
        yield "/api/v1", {"metadata": {"name": f"app-{number}", "labels": labels}, "data": {"strSpec": text}}
        for version in ("v0", "v1"):
            name = {"app": f"app-{number}-{version}"}
            pod = {"containers": [{"name": "web", "image": f"web:{version}"}]}
            template = {"metadata": {"labels": name}, "spec": pod}
            spec = {"selector": {"matchLabels": name}, "template": template}
            yield "/apis/apps/v1", {"metadata": {"name": name["app"], "labels": watched}, "spec": spec}


def _create(plane: ControlPlane, root: str, body: dict[str, Any]) -> None:
    plural = "configmaps" if root == "/api/v1" else "deployments"
    answer = plane.admin.post(f"{root}/namespaces/{_NAMESPACE}/{plural}", json=body)
    assert answer.is_success, answer.text
    if plural == "deployments":
        ready = {"type": "Available", "status": "True"}
        status: dict[str, Any] = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
        status |= {"availableReplicas": 1, "conditions": [ready]}
        plane.patch_status("apps", "v1", plural, _NAMESPACE, body["metadata"]["name"], status)


def _wait_until_served(client: httpx.Client, count: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            if len(client.get("/v1/routemaps", timeout=30).json()["routemaps"]) == count:
                return
        except (httpx.TransportError, KeyError):
            pass
        time.sleep(0.2)
    message = "not served within 300 s"
    raise TimeoutError(message)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _tree(int(child))


def _high_water(pid: int) -> float:
    """The peak of a process in MiB, counting the pages that workers share once for each of them."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    for argument in sys.argv[1:] or ["100", "2000"]:
        measure(int(argument))
