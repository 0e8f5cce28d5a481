"""Durations as Go writes them."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900.0),
        ("1h30m", 5400.0),
        ("30s", 30.0),
        ("1.5h", 5400.0),
        ("1h0m0.5s", 3600.5),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("100ms", 0.1),
        ("1us", 1e-6),
        ("1\N{MICRO SIGN}s", 1e-6),
        ("1\N{GREEK SMALL LETTER MU}s", 1e-6),
        ("5ns", 5e-9),
        ("+2m", 120.0),
        ("0", 0.0),
        ("0s", 0.0),
    ],
)
def test_what_go_takes_is_taken(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "15", "m", "15 m", "15m ", "1d", "1e3s", "-15m", "1h-30m", "٣s", ".s", "1..5s", "NaNs", "9999999999h", "1m\n"],
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0s"),
        (45, "45s"),
        (1.5, "1.5s"),
        (60, "1m"),
        (90, "1m30s"),
        (600, "10m"),
        (3600, "1h"),
        (5400.5, "1h30m0.5s"),
    ],
)
def test_durations_are_written_as_people_would(seconds: float, written: str) -> None:
    assert format_duration(seconds) == written
    assert parse_duration(written) == seconds
