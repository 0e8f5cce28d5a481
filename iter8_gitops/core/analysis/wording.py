"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from iter8_gitops.core.statistics.intervals import Interval

_UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))


def percent(share: float) -> str:
    """`+2.4%`, with as many digits as a small share needs."""
    return f"{share:+.2%}" if abs(share) < 0.01 else f"{share:+.1%}"


def margin(share: float) -> str:
    """`1%`, `0.5%`."""
    return f"{share * 100:.3g}%"


def lift_range(interval: Interval) -> str:
    """`lift +1.2% to +5.4%`."""
    if not interval.estimable:
        return "lift not estimable"
    if interval.lower is None or interval.upper is None:
        bound = interval.lower if interval.upper is None else interval.upper
        return f"lift {'above' if interval.upper is None else 'below'} {percent(bound or 0.0)}"
    return f"lift {percent(interval.lower)} to {percent(interval.upper)}"


def about(seconds: float) -> str:
    """`about 3 hours`; the largest unit of which there are two."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"about {round(seconds / size):,} {unit}"
    return "a minute or two"


def listed(names: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


def users(count: int) -> str:
    """`1 user`, `12,000 users`; large numbers to three digits."""
    rounded = int(float(f"{count:.3g}")) if count >= 1000 else count
    return f"{rounded:,} user{'s' if rounded != 1 else ''}"
