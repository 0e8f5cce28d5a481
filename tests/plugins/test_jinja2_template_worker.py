from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from iter8_gitops_plugins.jinja2_template import worker
from iter8_gitops_plugins.jinja2_template.rendering import Renderer
from iter8_gitops_plugins.jinja2_template.worker import Worker

from iter8_gitops.hooks import TemplateError

DATA: dict[str, Any] = {"Name": "backend", "Weights": [70, 30]}
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
SLOW = "{% for a in range(99999) %}{% for b in range(25) %}{% endfor %}{% endfor %}done"
"""A tenth of a second, or more."""
PATIENCE = 60.0
"""Seconds until a test gives up waiting for something that is expected within one."""

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def process() -> Iterator[Worker]:
    process = Worker()
    yield process
    process.close()


@pytest.fixture
def renderer(process: Worker) -> Renderer:
    return Renderer(process, seconds=PATIENCE, rest=0.0)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(pid: int) -> bool:
    """True also for a zombie: whoever inherits an orphan may be slow to notice its end."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(") ")[2][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def pid_of(process: Worker) -> int:
    assert process.pid is not None
    return process.pid


def test_nothing_is_started_before_the_first_template(process: Worker) -> None:
    assert process.pid is None
    process.close()


def test_one_process_renders_every_template(renderer: Renderer, process: Worker) -> None:
    assert renderer.render("{{ Name }}", DATA) == "backend"
    first = pid_of(process)
    assert renderer.render("{{ Weights }}", DATA) == "[70, 30]"
    with pytest.raises(TemplateError):
        renderer.render("{{ nothing }}", DATA)
    assert pid_of(process) == first


def test_the_process_outlives_the_thread_that_started_it(renderer: Renderer, process: Worker) -> None:
    thread = threading.Thread(target=renderer.render, args=("{{ Name }}", DATA))
    thread.start()
    thread.join()
    first = pid_of(process)
    time.sleep(0.1)
    assert renderer.render("{{ Name }}", DATA) == "backend"
    assert pid_of(process) == first


def test_a_process_that_was_killed_while_idle_is_replaced(renderer: Renderer, process: Worker) -> None:
    renderer.render("", DATA)
    first = pid_of(process)
    os.kill(first, signal.SIGKILL)
    assert renderer.render("{{ Name }}", DATA) == "backend"
    assert pid_of(process) != first
    assert not alive(first)  # nor is it a zombie, which would count as alive


def test_a_process_that_is_killed_once_during_a_render_costs_nothing(renderer: Renderer, process: Worker) -> None:
    renderer.render("", DATA)
    first = pid_of(process)
    threading.Timer(0.05, os.kill, (first, signal.SIGKILL)).start()
    assert renderer.render(SLOW, DATA) == "done"
    assert pid_of(process) != first


def test_a_template_that_ends_every_process_is_an_error_of_that_template(renderer: Renderer, process: Worker) -> None:
    renderer.render("", DATA)
    over = threading.Event()

    def kill_all() -> None:
        while not over.wait(0.02):
            pid = process.pid
            with suppress(ProcessLookupError):
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_all)
    killer.start()
    with pytest.raises(TemplateError, match=r"^the template cannot be rendered: "):
        renderer.render(ENDLESS, DATA)
    over.set()
    killer.join()
    assert renderer.render("{{ Name }}", DATA) == "backend"


def test_memory_that_other_templates_hold_is_not_blamed_on_this_one(renderer: Renderer, process: Worker) -> None:
    hungry = "{% set x = 'x' * 10 ** 10 %}"
    with pytest.raises(TemplateError, match=r"^line 1: the template needs too much memory$"):
        renderer.render(hungry, DATA)
    first = pid_of(process)
    with pytest.raises(TemplateError, match=r"^line 1: the template needs too much memory$"):
        renderer.render(hungry, DATA)
    assert pid_of(process) != first
    assert not alive(first)


def test_threads_get_their_own_answers(renderer: Renderer) -> None:
    def many(thread: int) -> list[str]:
        return [renderer.render("{{ Name }}", {"Name": f"{thread}-{n}"}) for n in range(100)]

    with ThreadPoolExecutor(4) as threads:
        for thread, answers in enumerate(threads.map(many, range(4))):
            assert answers == [f"{thread}-{n}" for n in range(100)]


def test_threads_are_not_disturbed_by_one_whose_template_is_endless(process: Worker) -> None:
    renderer = Renderer(process, seconds=2.0, rest=PATIENCE)
    with ThreadPoolExecutor(4) as threads:
        endless = threads.submit(renderer.render, ENDLESS, DATA)
        others = [threads.submit(renderer.render, "{{ Name }}", DATA) for _ in range(12)]
        assert [other.result() for other in others] == ["backend"] * 12
        with pytest.raises(TemplateError, match="takes longer than 2 s"):
            endless.result()


def test_a_template_that_took_too_long_is_not_tried_at_once_again(process: Worker) -> None:
    renderer = Renderer(process, seconds=0.2, rest=0.5)
    said = set()
    for expected in (None, None):
        with pytest.raises(TemplateError) as caught:
            renderer.render(ENDLESS, DATA)
        said.add(str(caught.value))
        assert process.pid is expected
    # The same words, or else the problem that people see would seem to change.
    assert said == {"the template takes longer than 0.2 s, so it is not tried again for 0.5 s"}
    time.sleep(0.5)
    started = time.monotonic()
    with pytest.raises(TemplateError):
        renderer.render(ENDLESS, DATA)
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("interpreter", "said"),
    [
        ("/nonexistent/python", "cannot be started: No such file or directory"),
        ("/bin/false", "does not start"),
    ],
)
def test_a_process_that_cannot_start_is_an_error_and_tried_again(
    interpreter: str, said: str, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", interpreter)
        with pytest.raises(TemplateError, match=said):
            renderer.render("{{ Name }}", DATA)
    assert renderer.render("{{ Name }}", DATA) == "backend"


def test_too_many_open_files_are_an_error(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", refuse)
    with pytest.raises(TemplateError, match="cannot be started: Too many open files"):
        renderer.render("", DATA)


def test_an_interrupted_render_leaves_no_answer_behind(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    renderer.render("", DATA)
    with monkeypatch.context() as patched:
        patched.setattr(worker, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            renderer.render("old", DATA)
    assert renderer.render("new", DATA) == "new"


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b"null", b"{}", b'{"text": 1}', b'{"error": []}', b"[" * 99999])
def test_an_answer_that_makes_no_sense_is_an_error(answer: bytes) -> None:
    class Confused(Worker):
        def ask(self, question: bytes, seconds: float) -> bytes:
            return answer

    with pytest.raises(TemplateError, match=r"^the template cannot be rendered"):
        Renderer(Confused()).render("", DATA)


@linux_only
def test_the_process_is_confined(process: Worker, renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hidden")
    renderer.render("", DATA)
    seen = Path("/proc") / str(pid_of(process))
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (seen / "limits").read_text().splitlines()[1:]}
    assert limits["Max open files"] == ["3", "3"]
    assert limits["Max file size"] == limits["Max core file size"] == limits["Max processes"] == ["0", "0"]
    assert limits["Max address space"][0] != "unlimited"
    assert sorted(link.name for link in (seen / "fd").iterdir()) == ["0", "1", "2"]
    assert b"SECRET" not in (seen / "environ").read_bytes()
    assert (seen / "cwd").readlink() == Path("/")


def run(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


RENDER = "from iter8_gitops_plugins.jinja2_template import rendering; data = {'Name': 'backend'}\n"


def test_the_process_ends_silently_with_the_interpreter() -> None:
    done = run(RENDER + "print(rendering.render('{{ Name }}', data), rendering._WORKER.pid)")
    text, pid = done.stdout.split()
    assert (text, done.stderr, done.returncode) == ("backend", "", 0)
    assert not alive(int(pid))


def test_a_forked_child_has_its_own_process_and_leaves_the_other_alone() -> None:
    done = run(
        RENDER
        + "import os, sys\n"
        + "rendering.render('', data); before = rendering._WORKER.pid\n"
        + "child = os.fork()\n"
        + "assert rendering.render('{{ Name }}', data) == 'backend'\n"
        + "assert (rendering._WORKER.pid == before) == bool(child)\n"
        + "if child: assert os.waitpid(child, 0)[1] == 0\n"
        + "assert rendering.render('{{ Name }}', data) == 'backend'\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)


@linux_only
@pytest.mark.slow
@pytest.mark.parametrize("template", ["", ENDLESS], ids=["idle", "rendering"])
def test_the_process_does_not_outlive_a_parent_that_is_killed(template: str) -> None:
    script = (
        f"{RENDER}rendering.render('', data); print(rendering._WORKER.pid, flush=True)\n"
        f"rendering.Renderer(rendering._WORKER, 60.0).render({template!r}, data)\n"
        "import time; time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(0.3)
        assert alive(pid)
        parent.kill()
    wait_until(lambda: ended(pid))
