"""Clients in forked children, at the end of processes, and what importing one loads."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.sdk.conftest import Scripted

FRAMEWORKS = ("kubernetes", "gunicorn", "falcon", "grpc", "pydantic", "click", "rich", "yaml", "pluggy", "jinja2")


def run(program: str, *arguments: str) -> str:
    """What a program prints. Warnings of Python 3.12 about forks with threads are not what is looked at here."""
    finished = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr, finished.stderr
    return finished.stdout


def reported(scripted: Scripted, kind: str, field: str) -> list[Any]:
    """That field of all exposures or values that the server was sent."""
    documents = [json.loads(body) for _, body in scripted.script.posted]
    return sorted(one[field] for document in documents for one in document.get(kind, ()))


def test_a_client_loads_no_framework() -> None:
    program = (
        "import sys, iter8_gitops.sdk as sdk\n"
        "sdk.Client('http://127.0.0.1:1').close()\n"
        f"print([name for name in {FRAMEWORKS!r} if name in sys.modules])\n"
        "print('iter8_gitops.spec.schema' in sys.modules, 'asyncio' in sys.modules)\n"
    )
    assert run(program).split("\n")[:2] == ["[]", "False False"]


def test_what_waits_is_sent_when_the_process_exits(scripted: Scripted) -> None:
    program = (
        "import sys\n"
        "from iter8_gitops.sdk import Client\n"
        "client = Client(sys.argv[1], flush_seconds=30)\n"
        "client.wait_until_ready()\n"
        "client.lookup('shop/web', 'anna')\n"
        "client.write_metric('shop/web', 'anna', 'm', 1)\n"
    )
    run(program, scripted.url)

    assert reported(scripted, "exposures", "user") == ["anna"]
    assert reported(scripted, "values", "user") == ["anna"]


def test_a_process_whose_server_is_away_exits_in_time() -> None:
    program = (
        "from iter8_gitops.sdk import Client\n"
        "client = Client('http://127.0.0.1:1', exit_seconds=0.5)\n"
        "client.write_metric('shop/web', 'anna', 'm', 1)\n"
    )
    run(program)


CHILD = """
import os, sys
from iter8_gitops.sdk import Client

client = Client(sys.argv[1], flush_seconds=30, poll_seconds=0.05)
client.wait_until_ready()
client.write_metric("shop/web", "parent", "m", 1)
client.lookup("shop/web", "parent")
"""


def test_a_forked_child_answers_at_once_and_sends_only_what_is_its_own(scripted: Scripted) -> None:
    program = CHILD + (
        "if (child := os.fork()) == 0:\n"
        "    client.lookup('shop/web', 'child')\n"
        "    assert client.status.waiting == 1, client.status\n"
        "    client.write_metric('shop/web', 'child', 'm', 1)\n"
        "    assert client.flush(20)\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert client.status.waiting == 2\n"
    )
    run(program, scripted.url)

    assert reported(scripted, "values", "user") == ["child", "parent"]
    assert reported(scripted, "exposures", "user") == ["child", "parent"]


def test_a_forked_child_follows_the_board_by_itself(scripted: Scripted) -> None:
    program = CHILD + (
        "if (child := os.fork()) == 0:\n"
        "    import time\n"
        "    before = client.status.age\n"
        "    deadline = time.monotonic() + 20\n"
        "    while client._board.confirmed_at is None or client.status.age > 1:\n"
        "        assert time.monotonic() < deadline\n"
        "        time.sleep(0.01)\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    run(program, scripted.url)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_of_multiprocessing_sends_what_waits_when_it_ends(
    scripted: Scripted, method: str, tmp_path: Any
) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "import multiprocessing, sys\n"
        "from iter8_gitops.sdk import Client\n"
        "\n"
        "def work(url):\n"
        "    client = Client(url, flush_seconds=30)\n"
        "    client.wait_until_ready()\n"
        "    client.write_metric('shop/web', 'new', 'm', 1)\n"
        "    if 'inherited' in globals():\n"
        "        inherited.write_metric('shop/web', 'inherited', 'm', 1)\n"
        "\n"
        "if __name__ == '__main__':\n"
        "    inherited = Client(sys.argv[1], flush_seconds=30)\n"
        "    inherited.wait_until_ready()\n"
        "    process = multiprocessing.get_context(sys.argv[2]).Process(target=work, args=(sys.argv[1],))\n"
        "    process.start()\n"
        "    process.join()\n"
        "    sys.exit(process.exitcode)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", str(path), scripted.url, method],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    expected = {"fork": ["inherited", "new"], "spawn": ["new"]}[method]
    assert reported(scripted, "values", "user") == expected


def test_a_client_that_nobody_uses_any_more_is_freed_and_its_threads_end(scripted: Scripted) -> None:
    program = (
        "import gc, sys, threading, time, weakref\n"
        "from iter8_gitops.sdk import Client\n"
        "client = Client(sys.argv[1])\n"
        "client.wait_until_ready()\n"
        "client.close()\n"
        "gone = weakref.ref(client)\n"
        "del client\n"
        "gc.collect()\n"
        "assert gone() is None\n"
        "deadline = time.monotonic() + 20\n"
        "while any(thread.name.startswith('iter8') for thread in threading.enumerate()):\n"
        "    assert time.monotonic() < deadline, threading.enumerate()\n"
        "    time.sleep(0.01)\n"
    )
    run(program, scripted.url)
