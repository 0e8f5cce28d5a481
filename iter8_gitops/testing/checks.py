"""How a suite says that a contract is broken: in a sentence for the plugin's author, without a traceback of ours."""

from __future__ import annotations

import traceback
from typing import NoReturn

import pytest

_FRAMES = 10
"""How much of a traceback is shown: the innermost calls."""


def check(holds: object, message: str) -> None:
    """Fail the running test with `message` unless `holds`."""
    __tracebackhide__ = True
    if not holds:
        pytest.fail(message, pytrace=False)


def same(found: object, expected: object, what: str) -> None:
    """Fail the running test, saying `what` was compared, unless `found` equals `expected`."""
    __tracebackhide__ = True
    check(found == expected, f"{what}: {found!r}, but it should be {expected!r}")


def missing_fixture(suite: object, name: str, gives: str) -> NoReturn:
    """Fail the running test because its author's `suite` defines no fixture `name`, which `gives` something."""
    __tracebackhide__ = True
    pytest.fail(f"{type(suite).__name__} needs a fixture named {name}, which gives {gives}", pytrace=False)


def raised(error: BaseException, hook: str, about: str) -> NoReturn:
    """Fail the running test with what a plugin raised, and where in the plugin."""
    __tracebackhide__ = True
    trace = error.__traceback__
    inside = trace.tb_next if trace is not None else None  # The first frame is the one that called the plugin.
    told = "".join(traceback.format_exception(type(error), error, inside, limit=-_FRAMES, chain=False))
    pytest.fail(f"{hook} raised {type(error).__name__} when it was asked about {about}\n{told}", pytrace=False)
