"""Numbers as callers have them."""

from __future__ import annotations

from iter8_gitops.errors import InvalidArgumentError


def number(value: object) -> float:
    """`value`, an `int`, a `float` or another type's number, as a float. Raises `InvalidArgumentError`."""
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        message = f"must be a number, not {type(value).__name__}"
        raise InvalidArgumentError("value", message)
    try:
        return float(value)
    except (OverflowError, ValueError) as error:
        raise InvalidArgumentError("value", "is out of range") from error
