"""Commands of Git get all of their input, however slowly they take it."""

from __future__ import annotations

import threading
from pathlib import Path

from iter8_gitops.sources.git.process import GitCommands


def test_a_command_that_is_slow_to_read_gets_all_of_its_input(tmp_path: Path) -> None:
    commands = GitCommands(tmp_path, tmp_path / "none.git", threading.Event())
    # More than a pipe holds, and not read before the first look whether the source is being stopped.
    counted = commands.run("-c", "alias.slow=!sleep 0.3; wc -c", "slow", data=b"x" * 300_000, timeout=10)
    assert int(counted) == 300_000
