"""Clients in JavaScript, with their packages from a lock file, and Prometheus' tool, as pytest fixtures."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest

SCRIPTS = Path(__file__).with_name("node")
_LISTS = ("package.json", "package-lock.json")
_INSTALL_SECONDS, _RUN_SECONDS = 300, 120


class NodeClient(Protocol):
    """Runs a script of `tests/clients/node` and returns the JSON that it prints."""

    def __call__(self, script: str, *arguments: str) -> Any: ...


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the lock file, installed once for as long as it stays the same."""
    require("node", "nodejs")
    npm = require("npm", "npm")
    digest = hashlib.sha256(b"".join((SCRIPTS / name).read_bytes() for name in _LISTS)).hexdigest()[:16]
    cache = pytestconfig.cache
    folder = (cache.mkdir("node-clients") if cache else tmp_path_factory.mktemp("node-clients")) / digest
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of pytest-xdist want the same
        if not (folder / "complete").exists():
            for name in _LISTS:
                shutil.copy(SCRIPTS / name, folder)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            _run(command, folder, _INSTALL_SECONDS)
            (folder / "complete").touch()
    return folder / "node_modules"


@pytest.fixture
def node_client(node_modules: Path, tmp_path: Path) -> NodeClient:
    """Runs scripts of `tests/clients/node` with those packages."""
    folder = tmp_path / "node"
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(node_modules)

    def run(script: str, *arguments: str) -> Any:
        return json.loads(_run(["node", script, *arguments], folder, _RUN_SECONDS))

    return run


class Promtool(Protocol):
    """Runs Prometheus' own tool in a folder, and returns what it prints."""

    def __call__(self, folder: Path, *arguments: str) -> str: ...


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """What Prometheus thinks of rules and queries."""
    program = require("promtool", "prometheus", "rules and queries are checked with promtool, of Prometheus")

    def run(folder: Path, *arguments: str) -> str:
        return _run([program, *arguments], folder, _RUN_SECONDS)

    return run


def require(program: str, package: str, need: str = "clients in JavaScript need Node.js 18 or newer") -> str:
    """Where a program is; without it the test fails in CI, and skips elsewhere."""
    found = shutil.which(program)
    if found is None:
        message = f"{need} (on Debian: apt-get install {package})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def _run(command: list[str], folder: Path, seconds: float) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{command} said: {done.stderr}{done.stdout}"
    return done.stdout
