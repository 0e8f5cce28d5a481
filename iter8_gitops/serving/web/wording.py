"""Numbers and times as pages show them."""

from __future__ import annotations

from datetime import UTC, datetime

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
_SPANS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_SIZES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def signed_percent(share: float) -> str:
    """`+2.4%`, `0%`, with a true minus sign; small shares get one digit more."""
    if share == 0:
        return "0%"
    text = f"{share:+.2%}" if abs(share) < 0.01 else f"{share:+.1%}"
    return text.replace("-", MINUS)


def plain_percent(share: float | None) -> str:
    """`97.5%`; never 100% of what is not certain."""
    if share is None:
        return NOTHING
    if 0.999 < share < 1:
        return "> 99.9%"
    return "< 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def interval(lower: float | None, upper: float | None) -> str:
    """`+1.2% to +5.4%`, `above +1.2%`, or that nothing is known."""
    if lower is None and upper is None:
        return "not yet known"
    if lower is None or upper is None:
        return f"below {signed_percent(upper)}" if upper is not None else f"above {signed_percent(lower or 0.0)}"
    return f"{signed_percent(lower)} to {signed_percent(upper)}"


def number(value: float | None) -> str:
    """Four significant digits; of large numbers, all before the point."""
    if value is None:
        return NOTHING
    text = f"{value:,.0f}" if abs(value) >= 1000 or value == 0 else f"{value:#.4g}".rstrip(".")
    return text.replace("-", MINUS)


def short_number(value: float) -> str:
    """For axes: `1.5k`, `2M`, `0.25`."""
    for size, letter in _SIZES:
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}".replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS)


def short_count(value: float) -> str:
    """A number of users for an axis; a part of a user is no label."""
    return short_number(value) if value == int(value) else ""


def short_span(seconds: float) -> str:
    """How long after the start: `0`, `30 s`, `15 min`, `2 h`, `3 d`."""
    for size, unit in _SPANS:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return "0"


def plural(count: int, noun: str) -> str:
    """`1 user`, `2,000 users`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def person(author: str) -> str:
    """The name of an author of a commit, without the address."""
    return author.partition(" <")[0]


def iso_time(seconds: float) -> str:
    """For machines: RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")


def utc_time(seconds: float) -> str:
    """For people, where no script turns it to their own time."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
