"""How many users a batch looks up per second: in the use-case alone, and over HTTP with one worker.

Exposures are recorded for all. Those that are new to the process are stored in the background, by a thread of the same
process; so users who come again and users who are all new are shown apart. The last row says how many were stored.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.load import free_port, server
from benchmarks.measurement import Measurement, seconds
from benchmarks.reconcile import Bench
from iter8_gitops.metrics.sqlite import SqliteMetricStore
from iter8_gitops.serving.arguments import Lookup, LookupProduct
from iter8_gitops.serving.backend import Backend
from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.serving.settings import ServingSettings
from iter8_gitops.spec.state_folder import StateFolder

APPLICATION = "shop/app-0"
ROUNDS = 9
REPEATED = 3
BAR = ">= 200,000/s"

Users = list[str]


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(100, Path(folder))
        bench.deliver()
        bench.parts.board.heartbeat(time.time() + 3600)
        versions = bench.reader.snapshot.routemaps[APPLICATION].versions
        bench.close()
        state = StateFolder(Path(folder) / "state")
        rows = [*_use_case(state), *_over_http(state)]
        with contextlib.closing(SqliteMetricStore(state.metrics)) as store:
            stored = store.exposed_users(APPLICATION, {version.index: version.signature for version in versions})
    asked = 2 * (REPEATED + ROUNDS) * MAX_DECISIONS
    return [*rows, Measurement(f"  exposures stored of {asked:,} users", f"{sum(stored.values()):,}")]


def _use_case(state: StateFolder) -> list[Measurement]:
    with contextlib.closing(Backend(ServingSettings(state))) as backend:
        experiments = backend.experiments

        def product(users: Users) -> None:
            assert len(experiments.lookup_all(LookupProduct([APPLICATION], users))) == len(users)

        def each(users: Users) -> None:
            assert len(experiments.lookup_all([Lookup(APPLICATION, user) for user in users])) == len(users)

        known = _known(product, "use-case")
        return [
            Measurement("batch lookups, one application times users", f"{_rate(product, known):,.0f}/s", BAR),
            Measurement("  as a list of lookups", f"{_rate(each, known):,.0f}/s"),
            Measurement("  every user new", f"{_rate(product, _batches('use-case-new', ROUNDS)):,.0f}/s"),
        ]


def _over_http(state: StateFolder) -> list[Measurement]:
    port = free_port()

    def ask(users: Users) -> None:
        body = json.dumps({"applications": [APPLICATION], "users": users}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/lookup", body, headers)
        with urllib.request.urlopen(request) as response:
            assert response.read().count(b'"versionNumber"') == len(users)

    serve = ("iter8_gitops", "serve", "--state-dir", str(state.root), "--port", str(port), "--workers", "1")
    with server(*serve, port=port):
        known = _known(ask, "http")
        return [
            Measurement("batch lookups over HTTP, one worker", f"{_rate(ask, known):,.0f}/s"),
            Measurement("  every user new", f"{_rate(ask, _batches('http-new', ROUNDS)):,.0f}/s"),
        ]


def _known(ask: Callable[[Users], None], name: str) -> Sequence[Users]:
    """Batches of users who have been stored once, each as often as makes `ROUNDS`."""
    batches = _batches(name, REPEATED)
    for users in batches:
        ask(users)
    time.sleep(2)
    return batches * (ROUNDS // REPEATED)


def _batches(name: str, count: int) -> list[Users]:
    return [[f"{name}-{batch}-{user}" for user in range(MAX_DECISIONS)] for batch in range(count)]


def _rate(ask: Callable[[Users], None], batches: Sequence[Users]) -> float:
    """Users per second in the median batch."""
    return MAX_DECISIONS / statistics.median(seconds(lambda users=users: ask(users)) for users in batches)  # type: ignore[misc]
