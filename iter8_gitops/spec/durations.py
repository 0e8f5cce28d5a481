"""Durations as Go writes them."""

from __future__ import annotations

import math
import re

DURATION_HINT = "write a duration such as 15m, 1h30m or 30s"

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of each unit. The micro sign has two code points, and Go knows both."""

_PART = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(ns|us|µs|μs|ms|s|m|h)")
_SOME_PARTS = rf"\+?(?:{_PART.pattern})+"
_WHOLE = re.compile(_SOME_PARTS)
DURATION_PATTERN = rf"{_SOME_PARTS}|\+?0"
"""What every duration looks like, also the one without a unit."""

_LONGEST_SECONDS = (2**63 - 1) / 1e9


def format_duration(seconds: float) -> str:
    """A duration as people write it: `10m`, `1h30m`, `45s`, `1.5s`."""
    whole, rest = divmod(seconds, 60)
    minutes = int(whole)
    parts = [f"{minutes // 60}h" if minutes >= 60 else "", f"{minutes % 60}m" if minutes % 60 else ""]
    parts.append(f"{rest:g}s" if rest or not minutes else "")
    return "".join(parts)


def parse_duration(text: str) -> float | None:
    """The seconds of a duration such as `1h30m`, or None when it is none, or negative, or too long for Go."""
    if text in ("0", "+0"):
        return 0.0
    if _WHOLE.fullmatch(text) is None:
        return None
    seconds = math.fsum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return seconds if seconds <= _LONGEST_SECONDS else None
