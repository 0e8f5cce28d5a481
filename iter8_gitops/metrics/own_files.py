"""Small SQLite files that are opened for each call, because few write and few read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from iter8_gitops.errors import UnavailableError

PATIENCE = 5.0
"""Seconds that a call waits for another process."""


@contextmanager
def opened(path: Path, mode: Literal["ro", "rw", "rwc"], holds: str) -> Iterator[sqlite3.Connection]:
    """A connection whose transaction is undone unless the block commits it. `rwc` makes the file and its folder.

    `holds` says for errors what is in the file. Raises `UnavailableError`.
    """
    try:
        if mode == "rwc":
            path.parent.mkdir(parents=True, exist_ok=True)
        address = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)) as connection:
            yield connection
    except (sqlite3.Error, OSError, ValueError) as error:
        message = f"{holds} in {path.name} cannot be used now: {error}"
        raise UnavailableError(message) from error
