"""What callers say of a user, and what rules compare it with."""

from __future__ import annotations

from typing import TypeAlias

Scalar: TypeAlias = str | bool | int | float

_LARGEST_PLAIN = 20
_SMALLEST_PLAIN = -6
"""Powers of ten between which ECMAScript writes numbers without an exponent."""


def text_of(value: Scalar) -> str:
    """A value as it is compared: a text itself, anything else as JSON writes it, `5.0` as `5`.

    Numbers are finite. They are written as in ECMAScript, which is what RFC 8785 (3.2.2.3) takes for canonical JSON;
    a Python integer keeps all its digits.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _decimal(value) if isinstance(value, float) else int.__repr__(value)


def _decimal(value: float) -> str:
    written = float.__repr__(value)
    mantissa, exponential, exponent = written.partition("e")
    if not exponential:
        return "0" if value == 0 else written.removesuffix(".0")
    power = int(exponent)
    if not _SMALLEST_PLAIN <= power <= _LARGEST_PLAIN:
        return f"{mantissa}e{power:+d}"
    sign = "-" if value < 0 else ""
    digits = mantissa.lstrip("-").replace(".", "")
    return f"{sign}{digits:0<{power + 1}}" if power > 0 else f"{sign}0.{'0' * (-power - 1)}{digits}"
