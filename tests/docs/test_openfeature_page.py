"""The programs of docs/openfeature.md, run as they are against a real server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.docs import programs
from tests.serving.servers import Server

PAGE = "openfeature.md"
pytestmark = pytest.mark.slow


def run(command: list[str], path: Path, text: str, server: Server) -> list[str]:
    """What a program, which speaks with the default port, prints when it speaks with `server`."""
    return programs.run(command, path, text, {"http://127.0.0.1:8080": server.url})


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
    said = run([sys.executable], tmp_path / "local.py", programs.program(PAGE, "python", "Iter8Provider"), server)

    assert exposed(server, "shop/checkout") == 1
    found = looked_up(server)
    assert said[:3] == [found["versionName"], str(found["versionNumber"]), str(found["versionNumber"] > 0)]
    assert found["signature"] in said[3]
    (revenue,) = httpx.get(f"{server.url}/abnDashboard?namespace=shop&application=checkout").json().values()
    assert revenue["SummaryOverTransactions"][0]["Mean"] == 12.5


def test_python_over_http_gives_the_version(server: Server, tmp_path: Path) -> None:
    said = run([sys.executable], tmp_path / "remote.py", programs.program(PAGE, "python", "OFREPProvider"), server)

    eventually(lambda: exposed(server, "shop/checkout") == 1)
    found = looked_up(server)
    assert said == [f"{found['versionNumber']} {found['versionName']} SPLIT"]


@pytest.mark.parametrize("about", ["ofrep-provider", "ofrep-web-provider"])
def test_javascript_gives_the_version_and_counts_what_was_given(
    server: Server, node_modules: Path, tmp_path: Path, about: str
) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules)
    said = run(
        ["node"],
        tmp_path / "program.mjs",
        programs.program(PAGE, "js", f"'@openfeature/{about}'") + ending(about),
        server,
    )

    eventually(lambda: exposed(server, "shop/checkout") == 1)
    assert exposed(server, "shop/banner") == 0
    found = looked_up(server)
    assert said == [f"{found['versionNumber']} {found['versionName']} SPLIT"]


def ending(about: str) -> str:
    """A page stays open; a test comes to an end."""
    return "await OpenFeature.close();\n" if about == "ofrep-web-provider" else ""
