"""Our provider for OpenFeature's Python SDK against flagd's, both evaluating in the process from a file, in turn.

Both split the same users 90 to 10 over two versions, and both are asked as applications ask: through a client of
OpenFeature, which costs its part. Ours also records who was given what. Time is that of the processor.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext

from benchmarks.measurement import Measurement, cpu_seconds
from benchmarks.sdk import board, silent_client
from iter8_gitops.sdk.files import save_snapshot
from iter8_gitops.sdk.openfeature import Iter8Provider

ROUNDS, USERS = 7, 4_000
SPLIT = {
    "flags": {
        "shop/checkout": {
            "state": "ENABLED",
            "variants": {"v0": 0, "v1": 1},
            "defaultVariant": "v0",
            "targeting": {"fractional": [["v0", 90], ["v1", 10]]},
        }
    }
}


@contextmanager
def clients(folder: Path) -> Iterator[tuple[OpenFeatureClient, OpenFeatureClient]]:
    """Ours and flagd's."""
    save_snapshot(folder / "board.json", board())
    (folder / "flags.json").write_text(json.dumps(SPLIT))
    ours = silent_client(folder / "board.json")
    api.set_provider(Iter8Provider(ours), "ours")
    path = str(folder / "flags.json")
    api.set_provider(FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=path), "flagd")
    yield api.get_client("ours"), api.get_client("flagd")
    api.shutdown()
    ours.close(0.1)


def _versions(client: OpenFeatureClient, users: list[EvaluationContext]) -> list[int]:
    return [client.get_integer_value("shop/checkout", -1, user) for user in users]


def _rate(work: Callable[[], object]) -> float:
    return USERS / cpu_seconds(work)


def measure() -> list[Measurement]:
    users = [EvaluationContext(f"user-{number}") for number in range(USERS)]
    with tempfile.TemporaryDirectory() as folder, clients(Path(folder)) as (ours, flagd):
        for client in (ours, flagd):
            while -1 in (found := _versions(client, users)):
                time.sleep(0.1)
            share = sum(found) / USERS
            if not 0.07 < share < 0.13:
                raise RuntimeError(f"{share:.1%} of the users got the candidate, not 10%")
        rounds = [
            (_rate(lambda: _versions(ours, users)), _rate(lambda: _versions(flagd, users))) for _ in range(ROUNDS)
        ]
    one, other = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in rounds)
    return [
        Measurement("OpenFeature in the process, our provider", f"{one:,.0f}/s"),
        Measurement("OpenFeature in the process, flagd's provider", f"{other:,.0f}/s"),
        Measurement("OpenFeature in the process, ours / flagd's", f"{ratio:.2f}", ">= 1"),
    ]
