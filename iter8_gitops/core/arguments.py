"""What callers may send, checked the same way by every transport and client. Every refusal names the field."""

from __future__ import annotations

import re
from math import isfinite

from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.metric import MAX_MAGNITUDE
from iter8_gitops.spec.routemap import DEFAULT_NAMESPACE

MAX_USER = 512
MAX_APPLICATION = 512
MAX_METRIC_NAME = 256
MAX_TRANSACTION = 256
MAX_SIGNATURE = 128
MAX_WHOLE_NUMBER = 2**53

_SHOWN = 80
_CLEAN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def shown(text: str) -> str:
    """`text` made safe for a message: at most 80 characters, control characters and surrogates escaped."""
    return repr(text[:_SHOWN])[1:-1] + ("…" if len(text) > _SHOWN else "")


def check_text(field: str, text: str, limit: int) -> None:
    """Refuse an empty or overlong `text`, and control characters and lone surrogates in it.

    Raises `InvalidArgumentError`.
    """
    if 0 < len(text) <= limit and (text.isprintable() or _CLEAN.fullmatch(text)):
        # What is printable is clean, and to ask for that takes a tenth of the time.
        return
    if not text:
        raise InvalidArgumentError(field, "is missing or empty")
    if len(text) > limit:
        message = f"has {len(text)} characters; at most {limit} are allowed"
        raise InvalidArgumentError(field, message)
    clean = _CLEAN.match(text)
    position = clean.end() if clean else 0
    what = "half of a surrogate pair" if "\ud800" <= text[position] <= "\udfff" else "a control character"
    message = f"has {what} (U+{ord(text[position]):04X}) at position {position}"
    raise InvalidArgumentError(field, message)


def check_user(field: str, user: str) -> None:
    """Refuse a user that is not 1 to 512 characters of clean text. Raises `InvalidArgumentError`."""
    if not (0 < len(user) <= MAX_USER and user.isprintable()):
        # What is printable is clean, and to say so here spares every lookup a call.
        check_text(field, user, MAX_USER)


def check_metric_name(field: str, name: str) -> None:
    """Refuse a metric name that is not 1 to 256 characters of clean text. Raises `InvalidArgumentError`."""
    check_text(field, name, MAX_METRIC_NAME)


def check_transaction(field: str, transaction: str) -> None:
    """Refuse a transaction that is not up to 256 characters of clean text; "" stands for none.

    Raises `InvalidArgumentError`.
    """
    if transaction:
        check_text(field, transaction, MAX_TRANSACTION)


def check_value(field: str, value: float) -> None:
    """Refuse NaN, infinity and magnitudes that could not be summed safely. Raises `InvalidArgumentError`."""
    if not isfinite(value):
        raise InvalidArgumentError(field, "must be a finite number")
    if abs(value) > MAX_MAGNITUDE:
        message = f"is out of range; its magnitude may be at most {MAX_MAGNITUDE:g}"
        raise InvalidArgumentError(field, message)


def whole_number(field: str, value: float) -> int:
    """`value` as an integer, which it must be, from 0 to 2^53. Raises `InvalidArgumentError`."""
    if not (0 <= value <= MAX_WHOLE_NUMBER and value == int(value)):
        raise InvalidArgumentError(field, "must be a whole number, and not negative")
    return int(value)


def split_application(field: str, application: str) -> tuple[str, str]:
    """(namespace, name) of `namespace/name`, or of a bare name in the namespace `default`.

    Raises `InvalidArgumentError`.
    """
    if not application:
        raise InvalidArgumentError(field, "is missing or empty; give the application as namespace/name")
    check_text(field, application, MAX_APPLICATION)
    namespace, slash, name = application.rpartition("/")
    if not slash:
        return DEFAULT_NAMESPACE, name
    if not namespace or not name or "/" in namespace:
        message = f"'{shown(application)}' is not of the form namespace/name"
        raise InvalidArgumentError(field, message)
    return namespace, name
