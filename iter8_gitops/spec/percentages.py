"""Shares as people write them."""

from __future__ import annotations

import re

PERCENTAGE_HINT = "write a percentage from 0% to 100%, such as 2% or 0.5%"
PERCENTAGE_PATTERN = r"(?:[0-9]{1,2}(?:\.[0-9]{1,6})?|100(?:\.0{1,6})?)%"
_WHOLE = re.compile(PERCENTAGE_PATTERN)


def parse_percentage(text: str) -> float | None:
    """The share, from 0 to 1, of a percentage such as `2.5%`; None when it is none."""
    return float(text[:-1]) / 100.0 if _WHOLE.fullmatch(text) else None


def format_percentage(share: float) -> str:
    """A share as people write it: `2.5%`."""
    return f"{round(share * 100.0, 6):.10g}%"
