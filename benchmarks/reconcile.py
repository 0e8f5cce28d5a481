"""From a delivered tree to what readers of the board see, with few and with many routemaps."""

from __future__ import annotations

import contextlib
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measurement import Measurement, seconds
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.runtime.controller import Controller
from iter8_gitops.runtime.feeds import Delivery
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.wiring import controller_parts
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.spec.tree import SourceFile, SourceTree

FEW, MANY = 100, 10_000
CHANGES = 100
ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {{name: app-{n}, namespace: shop}}
spec:
  versions:
    - resources: [{{gvrShort: cm, name: app-{n}-0}}]
    - resources: [{{gvrShort: cm, name: app-{n}-1}}]
"""
OBJECT = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: app-{n}-{index}, namespace: shop, labels: {{iter8.tools/watch: "true"}}}}
data: {{value: "{value}"}}
"""


def _file(path: str, text: str) -> SourceFile:
    return SourceFile(path, str(hash(text)), text.encode())


class Bench:
    """A controller on `count` routemaps with two resources each, one file per routemap."""

    def __init__(self, count: int, folder: Path) -> None:
        settings = ControllerSettings(str(folder), StateFolder(folder / "state"))
        self._stack = contextlib.ExitStack()
        self.parts = controller_parts(settings, self._stack)
        self.controller = Controller(self.parts)
        self.reader = BoardReader(settings.state.board)
        self.files = [self._app(n, 0) for n in range(count)]
        self.edits = 0

    def _app(self, n: int, value: int) -> SourceFile:
        objects = [OBJECT.format(n=n, index=index, value=value) for index in (0, 1)]
        return _file(f"app-{n:05d}.yaml", "---\n".join([ROUTEMAP.format(n=n), *objects]))

    def deliver(self) -> None:
        tree = SourceTree(self.parts.feeds[0].source.name, f"rev{self.edits}", tuple(self.files))
        self.controller.step([Delivery(self.parts.feeds[0], tree)])
        self.reader.refresh()

    def edit_one(self) -> None:
        self.edits += 1
        self.files[self.edits] = self._app(self.edits, self.edits)
        self.deliver()

    def close(self) -> None:
        self.reader.close()
        self._stack.close()


def _run(count: int) -> None:
    """In a process of its own, so that memory is its own too: prints seconds, seconds (median, p99), MiB."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Bench(count, Path(folder))) as bench:
        first = seconds(bench.deliver)
        changes = [seconds(bench.edit_one) for _ in range(min(CHANGES, count - 1))]
        assert len(bench.reader.snapshot.routemaps) == count
    late = statistics.quantiles(changes, n=100)[-1]
    print(first, statistics.median(changes), late, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure() -> list[Measurement]:
    results = {}
    for count in (FEW, MANY):
        command = [sys.executable, "-m", "benchmarks.reconcile", str(count)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        results[count] = tuple(float(word) for word in output.split())
    (_, few, _, _), (first, many, slowest, memory) = results[FEW], results[MANY]
    return [
        Measurement(f"first snapshot of {MANY:,} routemaps, {2 * MANY:,} resources", f"{first:.1f} s", "< 30 s"),
        Measurement(f"memory of the controller with {MANY:,} routemaps", f"{memory:,.0f} MiB", "< 600 MiB"),
        Measurement(f"a changed file seen by readers, {FEW} routemaps", f"{few * 1000:.1f} ms"),
        Measurement(f"a changed file seen by readers, {MANY:,} routemaps", f"{many * 1000:.1f} ms"),
        Measurement("a changed file seen by readers, p99", f"{slowest * 1000:.1f} ms", "< 1 s"),
        Measurement(f"change seen at {MANY:,} routemaps / at {FEW}", f"{many / few:.2f}", "<= 1.5"),
    ]


if __name__ == "__main__":
    _run(int(sys.argv[1]))
