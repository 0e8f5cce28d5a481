from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.processes import Server, StartError

PARENT = """
import sys, time
from pathlib import Path
from tests.controlplane.processes import Server
print(Server(["sleep", "1000"], Path(sys.argv[1])).pid, flush=True)
time.sleep(1000)
"""


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody waits for orphans, they stay as zombies.
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]


def test_a_server_ends_when_the_test_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert exists(server)
        parent.kill()
    deadline = time.monotonic() + 10
    while exists(server):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    started: list[Server] = []
    thread = threading.Thread(target=lambda: started.append(Server(["sleep", "1000"], tmp_path / "log")))
    thread.start()
    thread.join()
    time.sleep(0.1)
    assert started[0].running
    started[0].kill()
    assert not started[0].running


def test_a_server_that_fails_shows_its_log(tmp_path: Path) -> None:
    server = Server(["sh", "-c", "echo no such flag >&2; exit 3"], tmp_path / "log")
    with pytest.raises(StartError, match=r"sh ended with code 3:\nno such flag"):
        server.wait_until(lambda: False)
    server.kill()


def test_a_server_that_hangs_shows_its_log(tmp_path: Path) -> None:
    server = Server(["sh", "-c", "echo waiting; exec sleep 1000"], tmp_path / "log")
    try:
        with pytest.raises(StartError, match=r"sh was not ready within 0.5 s:\nwaiting"):
            server.wait_until(lambda: False, timeout=0.5)
    finally:
        server.kill()


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_program_fails_in_ci_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    with pytest.raises(outcome, match=r"set KUBEBUILDER_ASSETS to .* Missing: etcd, kube-apiserver"):
        find_binaries()
