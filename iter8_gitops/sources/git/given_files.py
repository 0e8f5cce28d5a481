"""Reads the small files that a person names beside a repository: passwords, keys, lists of hosts and signers."""

from __future__ import annotations

import stat
from pathlib import Path

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.selection import printable

_LARGEST = 4 * 1024 * 1024


def read_given(path: Path, what: str) -> bytes:
    """Return the content of `path`. `what` names it in messages, as in `the ssh key`.

    Raises SourceUnavailableError: such files are replaced while the process runs, so they may be there next time.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # A pipe could be waited for without end, and can be read only once.
            message = f"{what} {printable(str(path))} is not a regular file"
            raise SourceUnavailableError(message)
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"cannot read {what} {printable(str(path))}: {reason}"
        raise SourceUnavailableError(message) from error
    if len(content) > _LARGEST:
        message = f"{what} {printable(str(path))} has more than {_LARGEST:,} bytes"
        raise SourceUnavailableError(message)
    return content
