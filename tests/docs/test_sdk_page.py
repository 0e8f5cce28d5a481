"""docs/sdk.md: its programs run as they stand there, and what it says of settings is so."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from iter8_gitops.sdk import Client, Timeouts
from iter8_gitops.spec.state_folder import StateFolder
from tests.sdk.conftest import end
from tests.serving.boards import make_state, publish
from tests.serving.servers import launch, wait_until_ready

PAGE = (Path(__file__).parents[2] / "docs" / "sdk.md").read_text(encoding="utf-8")
PROGRAMS: list[str] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
SERVER = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has shop/checkout."""
    folder = StateFolder(tmp_path_factory.mktemp("sdk-page"))
    publisher = publish(folder)
    publisher.publish({"shop/checkout": make_state("shop/checkout")}, (), None, time.time())
    server = launch("serve_http", folder, folder.root / "http.log", {"http_port": 0, "workers": 1})
    wait_until_ready(server)
    yield server.url
    end(server)
    publisher.close()


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_every_program_runs(program: str, url: str, tmp_path: Path) -> None:
    (tmp_path / "board.json").write_bytes(httpx.get(f"{url}/v1/snapshot").content)
    assert SERVER in program
    text = program.replace(SERVER, url).replace("/tmp/iter8-board.json", str(tmp_path / "cache.json"))

    finished = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout


def test_every_setting_is_listed_with_its_default() -> None:
    settings = {
        name: parameter.default
        for name, parameter in inspect.signature(Client).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    assert list(ROWS) == list(settings)
    for name in ("poll_seconds", "flush_seconds", "capacity", "remembered", "exit_seconds"):
        assert float(ROWS[name].replace(",", "")) == settings[name]
    seconds = ", ".join(f"{each.name}={each.default:g}" for each in dataclasses.fields(Timeouts))
    assert ROWS["timeouts"] == f"`Timeouts({seconds})`"
    assert settings["max_bytes"] == 64 * 1024 * 1024
