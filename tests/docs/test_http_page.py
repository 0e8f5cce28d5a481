"""The programs of docs/http.md, run as they are against a real server, and without one."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from tests.clients.fixtures import require
from tests.docs.programs import program, run
from tests.serving.servers import Server

PAGE = "http.md"
NAMED, NOWHERE = "http://127.0.0.1:8080", "http://127.0.0.1:1"
BACKENDS = ("http://checkout.shop", "http://checkout-candidate.shop")

pytestmark = pytest.mark.slow


def version_of(server: Server, user: str) -> int:
    answer = httpx.get(f"{server.url}/v1/lookup", params={"application": "shop/checkout", "user": user})
    return int(answer.json()["versionNumber"])


def totals(server: Server, metric: str) -> dict[int, tuple[float, float]]:
    """Version -> how many values of `metric` it has, and their mean."""
    table = httpx.get(f"{server.url}/abnDashboard?namespace=shop&application=checkout").json()[metric]
    return {row["Version"]: (row["Count"], row["Mean"]) for row in table["SummaryOverTransactions"]}


def in_python(tmp_path: Path, about: str, url: str) -> list[str]:
    return run([sys.executable], tmp_path / "program.py", program(PAGE, "python", about), {NAMED: url})


def in_javascript(tmp_path: Path, url: str) -> list[str]:
    node = require("node", "nodejs")
    return run([node], tmp_path / "program.mjs", program(PAGE, "js", "versionOf"), {NAMED: url})


def test_the_python_program_asks_and_reports(server: Server, tmp_path: Path) -> None:
    said = in_python(tmp_path, "version_of", server.url)

    version = version_of(server, "alice")
    assert said == [f"alice is served by {BACKENDS[version]}", "reported"]
    assert totals(server, "revenue") == {version: (1, 12.5)}


def test_the_python_program_uses_the_primary_when_nobody_answers(tmp_path: Path) -> None:
    assert in_python(tmp_path, "version_of", NOWHERE) == [f"alice is served by {BACKENDS[0]}", "not reported"]


def test_the_javascript_program_asks_and_reports(server: Server, tmp_path: Path) -> None:
    said = in_javascript(tmp_path, server.url)

    version = version_of(server, "alice")
    assert said == [f"alice gets version {version}", "reported"]
    assert totals(server, "revenue") == {version: (1, 12.5)}


def test_the_javascript_program_uses_the_primary_when_nobody_answers(tmp_path: Path) -> None:
    assert in_javascript(tmp_path, NOWHERE) == ["alice gets version 0", "not reported"]


def test_the_shell_script_asks_and_reports(server: Server, tmp_path: Path) -> None:
    require("curl", "curl", "the script of the page needs curl")
    said = run(["sh"], tmp_path / "program.sh", program(PAGE, "shell", "version="), {NAMED: server.url})

    version = version_of(server, "alice")
    assert said == [f"alice gets version {version}", '{"accepted":1}']
    assert totals(server, "revenue") == {version: (1, 12.5)}


def test_the_batch_counts_every_user_once_however_often_it_runs(server: Server, tmp_path: Path) -> None:
    first, again = (in_python(tmp_path, "applications", server.url) for _ in range(2))

    versions = [version_of(server, f"user-{number}") for number in range(1000)]
    counts = versions.count(0), versions.count(1)
    assert first == again == [f"{counts[0]} users have the primary, {counts[1]} the candidate"]
    assert totals(server, "opened") == {0: (counts[0], 1), 1: (counts[1], 1)}
