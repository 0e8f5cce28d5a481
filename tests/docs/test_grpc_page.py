"""The programs of docs/grpc.md, run as they are against a real server, and without one."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import iter8_gitops.serving.abn as package
from tests.clients.fixtures import require
from tests.docs.programs import program, run
from tests.serving.servers import Server

PAGE = "grpc.md"
NAMED = "127.0.0.1:50051"
BACKENDS = ("http://checkout.shop", "http://checkout-candidate.shop")

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the programs find the proto file."""
    folder = tmp_path / "client"
    folder.mkdir()
    shutil.copy(Path(package.__file__).with_name("abn.proto"), folder)
    return folder


def in_python(folder: Path, port: int) -> list[str]:
    """Generates the client as the page says, and runs the program."""
    _, generate = program(PAGE, "shell", "protoc").strip().splitlines()
    _, *arguments = shlex.split(generate)
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True)
    text = program(PAGE, "python", "ABNStub")
    return run([sys.executable], folder / "program.py", text, {NAMED: f"127.0.0.1:{port}"})


def in_javascript(folder: Path, node_modules: Path, port: int) -> list[str]:
    (folder / "node_modules").symlink_to(node_modules)
    text = program(PAGE, "js", "ABN")
    return run([require("node", "nodejs")], folder / "program.mjs", text, {NAMED: f"127.0.0.1:{port}"})


def looked_up(server: Server) -> int:
    return int(httpx.get(f"{server.url}/v1/lookup?application=shop/checkout&user=alice").json()["versionNumber"])


def revenue(server: Server) -> list[tuple[int, float, float]]:
    table = httpx.get(f"{server.url}/abnDashboard?namespace=shop&application=checkout").json()["revenue"]
    return [(row["Version"], row["Count"], row["Mean"]) for row in table["SummaryOverTransactions"]]


def test_the_python_program_asks_and_reports(server: Server, grpc_server: Server, folder: Path) -> None:
    said = in_python(folder, grpc_server.port)

    version = looked_up(server)
    assert said == [f"alice is served by {BACKENDS[version]}", "reported"]
    assert revenue(server) == [(version, 1, 12.5)]


def test_the_javascript_program_asks_and_reports(
    server: Server, grpc_server: Server, folder: Path, node_modules: Path
) -> None:
    said = in_javascript(folder, node_modules, grpc_server.port)

    version = looked_up(server)
    assert said == [f"alice gets version {version}", "reported"]
    assert revenue(server) == [(version, 1, 12.5)]


def test_the_python_program_uses_the_primary_when_nobody_answers(folder: Path) -> None:
    served, why, told = in_python(folder, 1)
    assert (served, told) == (f"alice is served by {BACKENDS[0]}", "not reported")
    assert why.startswith("StatusCode.UNAVAILABLE")


def test_the_javascript_program_uses_the_primary_when_nobody_answers(folder: Path, node_modules: Path) -> None:
    given, why, told = in_javascript(folder, node_modules, 1)
    assert (given, told) == ("alice gets version 0", "not reported")
    assert why.startswith("UNAVAILABLE")
