"""`iter8-gitops probe`, as a kubelet runs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.cli.probe import probe


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[BoardPublisher]:
    opened = BoardPublisher(tmp_path / "board.db")
    yield opened
    opened.close()


def run(state: Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(probe, ["--state-dir", str(state), *options])
    return result.exit_code, result.stdout, result.stderr


def test_a_controller_that_beats_is_alive(publisher: BoardPublisher, tmp_path: Path) -> None:
    publisher.heartbeat(time.time() - 5)
    assert run(tmp_path) == (0, "", "")


def test_one_that_has_been_silent_for_too_long_is_not(publisher: BoardPublisher, tmp_path: Path) -> None:
    publisher.heartbeat(time.time() - 40)
    code, _, error = run(tmp_path)
    assert code == 1
    assert "40 s old" in error
    assert run(tmp_path, "--max-age", "60")[0] == 0


def test_a_beat_from_the_future_is_none(publisher: BoardPublisher, tmp_path: Path) -> None:
    publisher.heartbeat(time.time() + 3600)
    code, _, error = run(tmp_path)
    assert code == 1
    assert "in the future" in error


def test_one_that_never_beat_is_not_alive(publisher: BoardPublisher, tmp_path: Path) -> None:
    code, _, error = run(tmp_path)
    assert code == 1
    assert "not given a sign of life" in error


def test_without_a_board_it_says_so(tmp_path: Path) -> None:
    code, _, error = run(tmp_path / "missing")
    assert code == 1
    assert "does not exist" in error
    (tmp_path / "board.db").write_text("not a board, and long enough to be taken for one" * 50)
    assert run(tmp_path)[0] == 1


def test_it_starts_without_the_heavy_parts(publisher: BoardPublisher, tmp_path: Path) -> None:
    publisher.heartbeat(time.time())
    heavy = "kubernetes", "falcon", "grpc", "pydantic", "gunicorn", "git", "pluggy"
    program = (
        "import sys; from iter8_gitops.cli import main\n"
        "from iter8_gitops.cli.probe import probe\n"
        f"probe(['--state-dir', {str(tmp_path)!r}], standalone_mode=False)\n"
        f"assert not set({heavy!r}) & set(sys.modules), set({heavy!r}) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
