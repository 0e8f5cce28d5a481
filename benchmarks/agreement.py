"""A million random users through every transport, before and after weights change: all must get the same version.

`python -m benchmarks agreement` takes a quarter of an hour. ITER8_BENCH_PAIRS asks for another number of pairs.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.transports import Ask, Pair, transports
from iter8_gitops.sdk import Client
from tests.e2e.system import System

PAIRS = int(os.environ.get("ITER8_BENCH_PAIRS", "1000000"))
WEIGHTS = [((1, 1), (90, 10)), ((90, 10), (50, 50)), ((3, 2, 1), (3, 0, 1)), ((99, 1), (1, 99))]
SLICE = 100_000
LIVE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: live, namespace: shop, labels: {iter8.tools/watch: "true"}}
data: {}
"""


def routemap(index: int, weights: tuple[int, ...]) -> str:
    versions = "".join(f"    - {{weight: {weight}, resources: [{{gvrShort: cm, name: live}}]}}\n" for weight in weights)
    assignment = "  assignment: {overrides: {user-7: v1}, holdout: 3%}\n" if index == 1 else ""
    head = f"apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata: {{name: app-{index}, namespace: shop}}\nspec:\n"
    return f"{head}{assignment}  versions:\n{versions}"


def write(folder: Path, phase: int) -> None:
    """The tree, with the weights before (0) or after (1) they change."""
    folder.mkdir(exist_ok=True)
    (folder / "live.yaml").write_text(LIVE)
    for index, phases in enumerate(WEIGHTS):
        (folder / f"app-{index}.yaml").write_text(routemap(index, phases[phase]))


def random_pair(chance: random.Random) -> Pair:
    """An application and a user, who may be called anything."""
    user = f"{chance.choice(('user-', 'ü ', 'a/b?c=d&', '+%2F', '用户'))}{chance.randrange(10**9)}"
    return f"shop/app-{chance.randrange(len(WEIGHTS))}", user


def measure() -> list[Measurement]:
    rows: list[Measurement] = []
    chance = random.Random(1)
    pairs = [random_pair(chance) for _ in range(PAIRS)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "tree"
        write(folder, 0)
        system = System(folder, Path(temporary) / "state")
        try:
            system.ready()
            with Client(system.url) as client:
                for phase, when in enumerate(("before", "after")):
                    write(folder, phase)
                    for index, phases in enumerate(WEIGHTS):
                        system.await_weights(f"shop/app-{index}", *phases[phase])
                    time.sleep(2)
                    rows += _compared(transports(system.url.rstrip("/"), system.grpc_port, client), pairs, when)
        finally:
            system.stop()
            system.http.close()
    return rows


def _compared(asks: dict[str, Ask], pairs: list[Pair], when: str) -> list[Measurement]:
    different = dict.fromkeys(asks, 0)
    for start in range(0, len(pairs), SLICE):
        some = pairs[start : start + SLICE]
        answers = {name: ask(some) for name, ask in asks.items()}
        for name, found in answers.items():
            different[name] += sum(one != other for one, other in zip(found, answers["SDK"], strict=True))
    return [
        Measurement(
            f"{name}, {when} weights change: of {len(pairs):,} not as the SDK's",
            f"{different[name]:,}",
            "<= 0",
        )
        for name in asks
    ]
