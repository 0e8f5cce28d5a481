"""The SDK, HTTP, batches, gRPC and OFREP give the same users the same versions, before and after weights change.

`python -m benchmarks agreement` does the same with a million users.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from benchmarks.agreement import WEIGHTS, random_pair, write
from benchmarks.transports import Ask, Pair, transports
from iter8_gitops.sdk import Client
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
PAIRS = 1500


def test_every_transport_gives_the_same_version_before_and_after_weights_change(
    up: Callable[..., System], tmp_path: Path
) -> None:
    folder = tmp_path / "tree"
    write(folder, 0)
    system = up(folder)
    chance = random.Random(3)
    pairs = [random_pair(chance) for _ in range(PAIRS)]
    before: list[int] = []
    with Client(system.url) as client:
        asks = transports(system.url.rstrip("/"), system.grpc_port, client)
        for phase in (0, 1):
            write(folder, phase)
            for index, phases in enumerate(WEIGHTS):
                system.await_weights(f"shop/app-{index}", *phases[phase])
            answered = eventually(partial(settled, asks["HTTP"], pairs, before), "new answers from every worker")
            for name, ask in asks.items():
                await_same(ask, pairs, answered, name)
            before = answered


def settled(ask: Ask, pairs: list[Pair], before: list[int]) -> list[int] | None:
    """The answers, once they are others than before and stay so: one worker hears of weights before the other."""
    answered = ask(pairs)
    return answered if answered != before and ask(pairs) == answered else None


def await_same(ask: Ask, pairs: list[Pair], answered: list[int], name: str) -> None:
    """Other processes hear of new weights a moment later."""
    eventually(lambda: ask(pairs) == answered or None, f"the answers of {name} are those over HTTP")
