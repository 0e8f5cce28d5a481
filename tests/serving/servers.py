"""Servers in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from iter8_gitops.spec.state_folder import StateFolder


@dataclass
class Server:
    """A serving process of its own. `port` is where it listens, `log` what it said to standard error."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def children(self) -> list[int]:
        """Process ids of the workers."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in listed.split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def launch(entry: str, state: StateFolder, log: Path, settings: Mapping[str, Any]) -> Server:
    """A process that runs `serve_http` or `serve_grpc`, once it listens."""
    program = (
        f"from pathlib import Path\n"
        f"from iter8_gitops.serving.server import {entry}\n"
        f"from iter8_gitops.serving.settings import ServingSettings\n"
        f"from iter8_gitops.spec.state_folder import StateFolder\n"
        f"{entry}(ServingSettings(StateFolder(Path({str(state.root)!r})), **{dict(settings)!r}))\n"
    )
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", program], stderr=output, start_new_session=True)
    try:
        return Server(process, _port_in(log, process), log)
    except RuntimeError:
        end(process)
        raise


def _port_in(log: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        running = process.poll() is None
        if said := re.search(r"listens on [^ ]*:(\d+)", log.read_text()):
            return int(said[1])
        if not running:
            break
        time.sleep(0.02)
    raise RuntimeError(log.read_text())


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and its workers, whatever state they are in."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{server.url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(server.log.read_text())
