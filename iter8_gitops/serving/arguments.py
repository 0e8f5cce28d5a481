"""The shapes in which callers send what `core.arguments` checks."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from iter8_gitops.core.arguments import check_text, shown
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.metric import AT_RANDOM

MAX_NUMBER_TEXT = 512

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Measurement(Struct, frozen=True, forbid_unknown_fields=True):
    """One metric value as a caller reports it: `value` for `user` of `application`, not yet checked.

    `transaction` is the caller's own identifier of it, "" for none.
    """

    application: str
    user: str
    name: str
    value: float
    transaction: str = ""


class Lookup(Struct, frozen=True, forbid_unknown_fields=True):
    """A question: which version does `user` of `application` get? Not yet checked."""

    application: str
    user: str
    attributes: dict[str, Any] = {}


class LookupProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """The same question for every one of `users` in every one of `applications`. Not yet checked."""

    applications: list[str]
    users: list[str]
    attributes: dict[str, Any] = {}


class ReportedExposure(Struct, frozen=True, forbid_unknown_fields=True):
    """A user was given a version by a client that evaluates by itself, not yet checked.

    `signature`, `epoch` and `experiment` are those of the state that it evaluated; None means the present ones.
    `cohort` is why the user got the version (see `Arm`). Numbers are floats, as all that come in JSON.
    """

    application: str
    user: str
    version: float
    signature: str | None = None
    epoch: float | None = None
    experiment: float | None = None
    cohort: str = AT_RANDOM


def decimal_number(field: str, text: str) -> float:
    """The number that `text` writes in decimal: a sign, digits, a fraction and an exponent, nothing else.

    Python's own `float` would also take `nan`, `1_000`, spaces and digits of other scripts.
    The range is not checked here. Raises `InvalidArgumentError`.
    """
    check_text(field, text, MAX_NUMBER_TEXT)
    if not _DECIMAL.fullmatch(text):
        message = f"'{shown(text)}' is not a decimal number such as 12, -0.5 or 1e3"
        raise InvalidArgumentError(field, message)
    return float(text)
