"""Whether something that is shown holds a secret. The secrets of tests have `s3cr3t` in them."""

from __future__ import annotations

import logging
import traceback

import pytest

SECRET = "s3cr3t"


def assert_hidden(*shown: str) -> None:
    """Fail when a secret is in any of the texts."""
    for text in shown:
        assert SECRET not in text


def everything_said(error: BaseException) -> list[str]:
    """All that can be read of an error: itself and those that it came from, also where tracebacks leave them out."""
    said = ["".join(traceback.format_exception(error))]
    found: BaseException | None = error
    while found is not None:
        said.append(f"{found!r} {found}")
        found = found.__cause__ or found.__context__
    return said


def everything_logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged by the test and its fixtures, with the tracebacks that would be shown."""
    written = logging.Formatter("%(name)s %(message)s")
    return "\n".join(written.format(record) for when in ("setup", "call") for record in caplog.get_records(when))
