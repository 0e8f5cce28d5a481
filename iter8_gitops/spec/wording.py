"""Words for messages: what a value is, and which valid name was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_LONGEST_SHOWN = 60


def abridged(text: str) -> str:
    """`text` on one line, safe to print, and cut when it is long."""
    start = text[:_LONGEST_SHOWN]
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in start)
    return shown if len(text) <= _LONGEST_SHOWN else shown + "…"


def kind_of(value: Any) -> str:
    """What a JSON value is, in plain words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a decimal number"
        case str():
            return "text"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def nearest(wrong: str, valid: Iterable[str]) -> str | None:
    """The valid name that `wrong` was probably meant to be; case does not count."""
    by_lower = {name.lower(): name for name in valid}
    found = difflib.get_close_matches(wrong[: 2 * _LONGEST_SHOWN].lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def suggestion(wrong: str, valid: Iterable[str], *, kind: str) -> str:
    """A hint that names the nearest valid name and lists them all; `kind` is their plural, such as "keys"."""
    names = sorted(valid)
    close = nearest(wrong, names)
    listed = f"valid {kind}: {', '.join(names)}"
    return f"did you mean `{close}`? {listed}" if close else listed
