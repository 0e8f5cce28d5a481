"""The supervisor, with real child processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from iter8_gitops.runtime.supervisor import CONFIGURATION_EXIT, Part, Supervisor

NOTE_AND_SLEEP = """
import os, pathlib, time
with pathlib.Path({file!r}).open("a") as file:
    file.write(f"{{os.getpid()}}\\n")
time.sleep(60)
"""


def sleeper(name: str, file: Path) -> Part:
    return Part(name, (sys.executable, "-c", NOTE_AND_SLEEP.format(file=str(file))))


def await_lines(file: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.exists() and len(lines := file.read_text(encoding="utf-8").splitlines()) >= count:
            return [int(line) for line in lines]
        time.sleep(0.02)
    raise AssertionError(f"{file} did not get {count} lines")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def in_background(supervisor: Supervisor, stop: threading.Event) -> tuple[threading.Thread, list[int]]:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.run(stop.is_set)))
    thread.start()
    return thread, codes


def test_a_part_that_is_killed_is_started_again_and_all_stop_together(tmp_path: Path) -> None:
    one, other, stop = tmp_path / "one", tmp_path / "other", threading.Event()
    thread, codes = in_background(Supervisor([sleeper("one", one), sleeper("other", other)]), stop)
    (first,), (second,) = await_lines(one, 1), await_lines(other, 1)
    os.kill(first, signal.SIGKILL)
    _, again = await_lines(one, 2)
    assert is_running(again)
    assert is_running(second)
    stop.set()
    thread.join(20)
    assert codes == [0]
    assert not is_running(again)
    assert not is_running(second)


def test_a_part_that_cannot_be_set_up_stops_everything(tmp_path: Path) -> None:
    broken = Part("broken", (sys.executable, "-c", f"import sys; sys.exit({CONFIGURATION_EXIT})"))
    file = tmp_path / "pids"
    thread, codes = in_background(Supervisor([sleeper("healthy", file), broken]), threading.Event())
    thread.join(20)
    assert codes == [CONFIGURATION_EXIT]
    for pid in await_lines(file, 1) if file.exists() else []:
        assert not is_running(pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs prctl(2)")
def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    child = "from iter8_gitops.runtime.lineage import end_with_parent; end_with_parent();"
    script = (
        "from iter8_gitops.runtime.supervisor import Part, Supervisor\n"
        f"part = Part('child', ({sys.executable!r}, '-c', {child + NOTE_AND_SLEEP.format(file=str(file))!r}))\n"
        "Supervisor([part]).run(lambda: False)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    (pid,) = await_lines(file, 1)
    assert is_running(pid)
    parent.kill()
    parent.wait()
    await_end(pid)
