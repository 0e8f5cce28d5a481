"""Lookups of the client library while its server is frozen, gone, or answers garbage.

Each lookup is timed, and in turn with it a loop that takes as long in the median and can wait for nothing: what makes
that slow is the machine's doing, or that of the interpreter, in which threads take turns, and not a lookup's.
ITER8_BENCH_SECONDS is how long each kind of outage lasts.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import Measurement
from iter8_gitops.sdk import Client
from iter8_gitops.spec.state_folder import StateFolder
from tests.serving.boards import publish
from tests.serving.servers import Server, end, launch, wait_until_ready

SECONDS = float(os.environ.get("ITER8_BENCH_SECONDS", "15"))
APPLICATION, USERS = "prod/backend", 10_000
LIMIT = 0.001
"""Seconds that no lookup may block for."""

_GARBAGE = """\
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Garbage(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"{garbage]")
    do_POST = do_GET
    def log_message(self, *arguments):
        pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Garbage).serve_forever()
"""


@dataclass(frozen=True)
class Timed:
    """Seconds of lookups and of loops, ascending."""

    lookups: array[float]
    loops: array[float]


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        state = StateFolder(Path(folder) / "state")
        publisher = publish(state)
        server = launch("serve_http", state, Path(folder) / "http.log", {"http_port": 0, "workers": 1})
        wait_until_ready(server)
        try:
            with Client(server.url, flush_seconds=0.2, exit_seconds=0.1) as client:
                client.wait_until_ready()
                rows = _outages(client, server, state, Path(folder))
        finally:
            publisher.close()
    return rows


def _outages(client: Client, server: Server, state: StateFolder, folder: Path) -> list[Measurement]:
    os.killpg(server.process.pid, signal.SIGSTOP)
    rows = _rows("frozen", _timed(client))
    os.killpg(server.process.pid, signal.SIGCONT)
    rows.append(_recovered("frozen", client))
    end(server.process)
    rows += _rows("gone", _timed(client))
    garbage = subprocess.Popen([sys.executable, "-c", _GARBAGE, str(server.port)])
    try:
        rows += _rows("answering garbage", _timed(client))
    finally:
        garbage.kill()
        garbage.wait()
    again = launch("serve_http", state, folder / "again.log", {"http_port": server.port, "workers": 1})
    rows.append(_recovered("gone, and garbage in its place", client))
    end(again.process)
    return rows


def _turns(client: Client, users: list[str]) -> int:
    """How many turns of a loop take as long as a lookup."""
    lookups, loops = array("d"), array("d")
    for user in users[:20_000]:
        _time(lambda: client.lookup(APPLICATION, user), lookups)  # noqa: B023 - called at once
        _time(lambda: _loop(100), loops)
    return max(1, round(100 * statistics.median(lookups) / statistics.median(loops)))


def _loop(turns: int) -> None:
    for _ in range(turns):
        pass


def _timed(client: Client) -> Timed:
    users = [f"user-{number}" for number in range(USERS)]
    turns = _turns(client, users)
    lookups, loops = array("d"), array("d")
    finish = time.perf_counter() + SECONDS
    while time.perf_counter() < finish:
        for user in users:
            _time(lambda: client.lookup(APPLICATION, user), lookups)  # noqa: B023 - called at once
            _time(lambda: _loop(turns), loops)
    return Timed(array("d", sorted(lookups)), array("d", sorted(loops)))


def _time(call: Callable[[], object], into: array[float]) -> None:
    began = time.perf_counter()
    call()
    into.append(time.perf_counter() - began)


def _rows(how: str, timed: Timed) -> list[Measurement]:
    count = len(timed.lookups)
    over, others = (sum(seconds > LIMIT for seconds in each) for each in (timed.lookups, timed.loops))
    p9999 = timed.lookups[int(count * 0.9999)]
    return [
        Measurement(f"server {how}: of {count:,} lookups, p99.99", f"{p9999 * 1e6:.0f} µs"),
        Measurement(f"server {how}: over 1 ms, lookups and loops", f"{over} and {others}"),
        Measurement(f"server {how}: over 1 ms, lookups / loops", f"{over / max(others, 1):.2f}", "<= 1.5"),
        Measurement(f"server {how}: longest lookup", f"{timed.lookups[-1] * 1000:.1f} ms"),
        Measurement(f"server {how}: longest loop", f"{timed.loops[-1] * 1000:.1f} ms"),
    ]


def _recovered(how: str, client: Client) -> Measurement:
    began = time.perf_counter()
    while client.status.connection not in ("stream", "poll") and time.perf_counter() - began < 60.0:
        time.sleep(0.01)
    return Measurement(f"server no longer {how}: connected after", f"{time.perf_counter() - began:.1f} s", "< 30 s")
