"""What a YAML word means, by the rules that Kubernetes itself applies.

Kubernetes reads YAML 1.1 words (`yes`, `off`, `y`), but knows neither dates nor base-60 numbers:
those stay text. This follows `resolve` of sigs.k8s.io/yaml (goyaml.v2), except that numbers which
JSON cannot carry faithfully are refused instead of rounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeAlias

from iter8_gitops.spec.wording import abridged

JsonScalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_FINITE = frozenset(
    sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN")
)
_FIRST_OF_WORDS = frozenset("~yYnNtTfFoO")
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_LONGEST_INTEGER = 70
"""Characters of the longest 64-bit integer in any base, with sign and prefix, and some to spare."""


_TAGS = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({_TAGS + "str", _TAGS + "timestamp"})
_FITS: dict[str, Callable[[JsonScalar], bool]] = {
    _TAGS + "null": lambda value: value is None,
    _TAGS + "bool": lambda value: isinstance(value, bool),
    _TAGS + "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    _TAGS + "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


class ScalarError(ValueError):
    """A value that JSON cannot carry faithfully. `hint` says what to write instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def resolve(word: str) -> JsonScalar:
    """The value of an unquoted word. Raises `ScalarError` for NaN, infinity and integers beyond 64 bits."""
    first = word[:1]
    if not first or first in _FIRST_OF_WORDS:
        return _WORDS.get(word, word)
    if first in _FIRST_OF_NUMBERS:
        return _number(word)
    return word


def resolve_tagged(word: str, tag: str) -> JsonScalar:
    """The value of a word with an explicit tag. Raises `ScalarError` when the tag is unknown or does not fit."""
    if tag in _TEXT_TAGS:
        return word
    if tag not in _FITS:
        raise unknown_tag(tag)
    value = resolve(word)
    if not _FITS[tag](value):
        said = f"`{abridged(word)}` does not fit its tag {_shown(tag)}"
        raise ScalarError(said, "remove the tag")
    return value


def is_plain_collection(tag: str | None, kind: str) -> bool:
    """Whether a mapping (`kind` "map") or list ("seq") with this tag is nothing else."""
    return tag is None or tag in ("!", _TAGS + kind)


def unknown_tag(tag: str) -> ScalarError:
    """The refusal of a tag that means nothing in JSON."""
    hint = "remove it: only text, numbers, true or false, null, mappings and lists can be read"
    return ScalarError(f"unknown tag {abridged(_shown(tag))}", hint)


def _shown(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAGS) if tag.startswith(_TAGS) else tag


def _number(word: str) -> str | int | float:
    if word in _NOT_FINITE:
        said = f"{word} is not a finite number"
        raise ScalarError(said, "write a finite number, or quote it if it is text")
    digits = word.replace("_", "")
    if _INTEGER.fullmatch(digits):
        return _integer(digits)
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        # An overflow stays text, as in Kubernetes: an abbreviated commit such as 12e4567 looks like a float.
        return number if math.isfinite(number) else word
    return word


def _integer(digits: str) -> int:
    if len(digits) <= _LONGEST_INTEGER:
        unsigned = digits.lstrip("+-")
        octal = len(unsigned) > 1 and unsigned[0] == "0" and unsigned[1].isdigit()
        number = int(digits, 8 if octal else 0)
        if _SMALLEST <= number <= _LARGEST:
            return number
    raise ScalarError("this integer does not fit in 64 bits", "write a smaller number, or quote it if it is text")
