"""A real API server: what a full start costs, and how soon a changed resource changes lookups, few routemaps and many.

Needs what the tests with a control plane need (CONTRIBUTING.md says what); without it nothing is measured.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.measurement import Measurement
from benchmarks.seen import users_of_primary
from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.e2e.system import System, eventually

FEW, MANY = 100, 2_000
CHANGES = 40
_WEIGHT = "iter8.tools/weight"


def measure() -> list[Measurement]:
    try:
        binaries = find_binaries()
    except (pytest.skip.Exception, pytest.fail.Exception):
        return [Measurement("a real API server: set KUBEBUILDER_ASSETS, see CONTRIBUTING.md", "not measured")]
    rows: list[Measurement] = []
    with tempfile.TemporaryDirectory() as folder:
        plane = ControlPlane(binaries, Path(folder))
        try:
            plane.start()
            for count in (FEW, MANY):
                rows += _rows(plane, Path(folder), count)
        finally:
            plane.stop()
    return rows


def _rows(plane: ControlPlane, folder: Path, count: int) -> list[Measurement]:
    namespace = f"bench-{count}"
    _fill(plane, namespace, count)
    kubeconfig = plane.kubeconfig("admin", namespace=namespace)
    began = time.perf_counter()
    options = ("--cluster", "kubernetes", "--kubeconfig", str(kubeconfig), "--scope", "namespace")
    system = System(None, folder / f"state-{count}", *options)
    try:
        eventually(lambda: _published(system) == count, f"{count} routemaps; see {system.log}", 300)
        first = time.perf_counter() - began
        _await_finalizers(plane, namespace, count)
        seen = sorted(_change(plane, system, namespace, number) for number in range(CHANGES))
        memory = _peak_mib(_controller_of(system))
    finally:
        system.stop()
    what = f"API server, {count:,} routemaps, {2 * count:,} resources"
    return [
        Measurement(f"{what}: start to full snapshot", f"{first:.1f} s", "< 30 s"),
        Measurement(f"{what}: peak memory of the controller", f"{memory:,.0f} MiB", "< 600 MiB"),
        Measurement("  a changed resource seen by lookups, median", f"{statistics.median(seen) * 1000:.0f} ms"),
        Measurement(
            f"{what}: changed resource seen by lookups, p95", f"{seen[int(len(seen) * 0.95)] * 1000:.0f} ms", "< 1 s"
        ),
    ]


def _fill(plane: ControlPlane, namespace: str, count: int) -> None:
    """Routemaps `app-N` with the versions `app-N-0` and `app-N-1`, all of them ConfigMaps."""
    plane.create_namespace(namespace)
    path = f"/api/v1/namespaces/{namespace}/configmaps"

    def create(number: int) -> None:
        name = f"app-{number}"
        versions = [{"resources": [{"gvrShort": "cm", "name": f"{name}-{index}"}]} for index in (0, 1)]
        objects = [
            _config_map(name, {"iter8.tools/kind": "routemap"}, {"strSpec": json.dumps({"versions": versions})}),
            *(_config_map(f"{name}-{index}", {"iter8.tools/watch": "true"}, {"value": "1"}) for index in (0, 1)),
        ]
        for each in objects:
            plane.admin.post(path, json=each).raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(count)))


def _config_map(name: str, labels: dict[str, str], data: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": data}


def _await_finalizers(plane: ControlPlane, namespace: str, count: int) -> None:
    """Wait until everything that is written after a first start has been written; it is not what is measured."""

    def done() -> bool:
        objects = plane.list_all("", "v1", "configmaps", namespace)
        return sum("finalizers" in each["metadata"] for each in objects) == 2 * count

    eventually(done, "a finalizer on every resource", 600)


def _published(system: System) -> int:
    answer = system.http.get("/v1/routemaps")
    ready = system.http.get("/readyz").status_code == httpx.codes.OK
    return len(answer.json()["routemaps"]) if ready and answer.status_code == httpx.codes.OK else 0


def _change(plane: ControlPlane, system: System, namespace: str, number: int) -> float:
    """Seconds from a write that takes all weight from the primary until a lookup says so."""
    name = f"app-{number}"
    users = users_of_primary(system, f"{namespace}/{name}")
    plane.patch("", "v1", "configmaps", namespace, f"{name}-0", {"metadata": {"annotations": {_WEIGHT: "0"}}})
    began = time.perf_counter()
    while set(system.versions_of(f"{namespace}/{name}", users)) != {1}:
        assert time.perf_counter() - began < 60, "the change is not seen"
    return time.perf_counter() - began


def _controller_of(system: System) -> int:
    return next(pid for pid, command in system.processes().items() if " controller " in command)


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
