"""The programs of docs/openfeature.md, run as they are against a real server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.spec.state_folder import StateFolder
from tests.serving.conftest import Server, launch, make_snapshot, make_state, wait_until_ready

PAGE = (Path(__file__).parents[2] / "docs" / "openfeature.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that knows shop/checkout."""
    state = StateFolder(tmp_path / "state")
    publisher = BoardPublisher(state.board)
    published = make_snapshot(make_state("shop/checkout"), make_state("shop/banner"))
    publisher.publish(published.routemaps, (), published.sources, time.time())
    server = launch("serve_http", state, tmp_path / "http.log", {"http_port": 0, "workers": 1})
    wait_until_ready(server)
    yield server
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    publisher.close()


def programs(language: str, about: str) -> str:
    """The only program in `language` that mentions `about`."""
    (program,) = (each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if about in each)
    return str(program)


def run(command: list[str], path: Path, program: str, server: Server) -> list[str]:
    """What `program`, which speaks with the default port, prints when it speaks with `server`."""
    path.write_text(program.replace("http://127.0.0.1:8080", server.url), encoding="utf-8")
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def looked_up(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{server.url}/v1/lookup?application=shop/checkout&user=alice").json()
    return found


def exposed(server: Server, application: str) -> int:
    versions = httpx.get(f"{server.url}/v1/routemaps/{application}").json()["versions"]
    return sum(version["exposedUsers"] for version in versions)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_python_in_the_process_gives_the_version_and_writes_the_metric(server: Server, tmp_path: Path) -> None:
    said = run([sys.executable], tmp_path / "local.py", programs("python", "Iter8Provider"), server)

    assert exposed(server, "shop/checkout") == 1
    found = looked_up(server)
    assert said[:3] == [found["versionName"], str(found["versionNumber"]), str(found["versionNumber"] > 0)]
    assert found["signature"] in said[3]
    (revenue,) = httpx.get(f"{server.url}/abnDashboard?namespace=shop&application=checkout").json().values()
    assert revenue["SummaryOverTransactions"][0]["Mean"] == 12.5


def test_python_over_http_gives_the_version(server: Server, tmp_path: Path) -> None:
    said = run([sys.executable], tmp_path / "remote.py", programs("python", "OFREPProvider"), server)

    eventually(lambda: exposed(server, "shop/checkout") == 1)
    found = looked_up(server)
    assert said == [f"{found['versionNumber']} {found['versionName']} SPLIT"]


@pytest.mark.parametrize("about", ["ofrep-provider", "ofrep-web-provider"])
def test_javascript_gives_the_version_and_counts_what_was_given(
    server: Server, node_modules: Path, tmp_path: Path, about: str
) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules)
    said = run(["node"], tmp_path / "program.mjs", programs("js", f"'@openfeature/{about}'") + ending(about), server)

    eventually(lambda: exposed(server, "shop/checkout") == 1)
    assert exposed(server, "shop/banner") == 0
    found = looked_up(server)
    assert said == [f"{found['versionNumber']} {found['versionName']} SPLIT"]


def ending(about: str) -> str:
    """A page stays open; a test comes to an end."""
    return "await OpenFeature.close();\n" if about == "ofrep-web-provider" else ""
