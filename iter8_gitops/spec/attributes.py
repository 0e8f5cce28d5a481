"""What callers say of a user, and what rules compare it with."""

from __future__ import annotations

from typing import TypeAlias

Scalar: TypeAlias = str | bool | int | float


def text_of(value: Scalar) -> str:
    """A value as it is compared: a text itself, anything else as JSON writes it, `5.0` as `5`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value)
