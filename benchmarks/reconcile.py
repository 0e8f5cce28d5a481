"""From an edited file to what readers of the board see, with few and with many routemaps."""

from __future__ import annotations

import contextlib
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measurement import Measurement, cpu_seconds, seconds
from benchmarks.shops import write_shop
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.runtime.controller import Controller
from iter8_gitops.runtime.feeds import Delivery
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.wiring import controller_parts
from iter8_gitops.sources.directory_looks import DirectoryLooks
from iter8_gitops.sources.selection import Limits
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.spec.tree import SourceTree

FEW, MANY = 100, 10_000
CHANGES, WHOLE_TREES = 90, 9


class Bench:
    """A controller on `count` routemaps with two resources each, one file per routemap, in one folder."""

    def __init__(self, count: int, folder: Path) -> None:
        self._files = (folder / "routemaps").resolve()
        self._files.mkdir()
        self._numbers = iter(range(count))
        for number in range(count):
            write_shop(self._files, number)
        settings = ControllerSettings(str(self._files), StateFolder(folder / "state"))
        self._stack = contextlib.ExitStack()
        self.parts = controller_parts(settings, self._stack)
        self._controller = Controller(self.parts)
        self._looks = DirectoryLooks(self._files, self.parts.feeds[0].source.name, Limits())
        self.reader = BoardReader(settings.state.board)

    def edit(self) -> str:
        """Change one file. Returns its place."""
        return str(write_shop(self._files, next(self._numbers), weight=2))

    def deliver(self, *places: str) -> None:
        """What the source does when it is told of an edit (of none: at first), and all that follows from it."""
        self._step(self._looks.look(places or None))

    def deliver_whole(self) -> None:
        """The same for a source that reads everything, and that does not say what changed."""
        tree = self._looks.look()
        self._step(SourceTree(tree.source, tree.revision, tree.files))

    def close(self) -> None:
        self.reader.close()
        self._stack.close()

    def _step(self, tree: SourceTree) -> None:
        self._controller.step([Delivery(self.parts.feeds[0], tree)])
        self.reader.refresh()


def _run(count: int) -> None:
    """In a process of its own, so that memory is its own too. Prints seconds, but for the last, which is MiB."""
    wall: list[float] = []
    busy: list[float] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Bench(count, Path(folder))) as bench:
        first = seconds(bench.deliver)
        for _ in range(CHANGES):
            place = bench.edit()
            wall.append(seconds(lambda: busy.append(cpu_seconds(lambda: bench.deliver(place)))))  # noqa: B023 - at once
        for _ in range(WHOLE_TREES):
            bench.edit()
            whole.append(cpu_seconds(bench.deliver_whole))
        states = bench.reader.snapshot.routemaps.values()
        assert len(states) == count
        assert sum(state.weights != (1, 1) for state in states) == CHANGES + WHOLE_TREES
    late = statistics.quantiles(wall, n=100)[-1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(first, *map(statistics.median, (wall, busy, whole)), late, memory)


def measure() -> list[Measurement]:
    results = {}
    for count in (FEW, MANY):
        command = [sys.executable, "-m", "benchmarks.reconcile", str(count)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        results[count] = tuple(float(word) for word in output.split())
    (_, few, few_busy, few_whole, _, _), (first, many, busy, whole, slowest, memory) = results[FEW], results[MANY]
    few_are, many_are = f"{FEW} routemaps", f"{MANY:,} routemaps"
    return [
        Measurement(f"first snapshot of {many_are}, {2 * MANY:,} resources", f"{first:.1f} s", "< 30 s"),
        Measurement(f"memory of the controller with {many_are}", f"{memory:,.0f} MiB", "< 600 MiB"),
        Measurement(f"a changed file seen by readers, {few_are}", f"{few * 1000:.1f} ms"),
        Measurement(f"a changed file seen by readers, {many_are}", f"{many * 1000:.1f} ms"),
        Measurement("a changed file seen by readers, p99", f"{slowest * 1000:.1f} ms", "< 1 s"),
        Measurement(f"change seen at {MANY:,} routemaps / at {FEW}", f"{many / few:.2f}", "<= 1.5"),
        Measurement(f"  CPU time, {few_are}", f"{few_busy * 1000:.1f} ms"),
        Measurement(f"  CPU time, {many_are}", f"{busy * 1000:.1f} ms"),
        Measurement(f"CPU time of a change at {MANY:,} routemaps / at {FEW}", f"{busy / few_busy:.2f}", "<= 1.5"),
        Measurement(f"  CPU time when all files are read and compared, {few_are}", f"{few_whole * 1000:.1f} ms"),
        Measurement(f"  CPU time when all files are read and compared, {many_are}", f"{whole * 1000:.1f} ms"),
    ]


if __name__ == "__main__":
    _run(int(sys.argv[1]))
