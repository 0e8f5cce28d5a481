"""Numbers and times as people read them."""

from __future__ import annotations

import pytest

from iter8_gitops.serving.web import wording
from iter8_gitops.serving.web.wording import MINUS


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.024, "+2.4%"), (-0.024, f"{MINUS}2.4%"), (0.0012, "+0.12%"), (0.0, "0%"), (3.0, "+300.0%")],
)
def test_lifts_have_a_sign(value: float, said: str) -> None:
    assert wording.signed_percent(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, wording.NOTHING),
        (0.975, "97.5%"),
        (0.99999, "> 99.9%"),
        (1.0, "100.0%"),
        (0.0001, "< 0.1%"),
        (0.0, "0.0%"),
    ],
)
def test_what_is_uncertain_is_never_called_certain(value: float | None, said: str) -> None:
    assert wording.plain_percent(value) == said


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [
        (0.012, 0.054, "+1.2% to +5.4%"),
        (None, 0.054, "below +5.4%"),
        (-0.012, None, f"above {MINUS}1.2%"),
        (None, None, "not yet known"),
    ],
)
def test_intervals_may_lack_a_bound(lower: float | None, upper: float | None, said: str) -> None:
    assert wording.interval(lower, upper) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, wording.NOTHING),
        (0.0, "0"),
        (7.0, "7.000"),
        (8.4912, "8.491"),
        (-0.5, f"{MINUS}0.5000"),
        (12345.6, "12,346"),
        (100.0, "100.0"),
    ],
)
def test_means_have_four_digits(value: float | None, said: str) -> None:
    assert wording.number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0"), (30, "30 s"), (900, "15 min"), (7200, "2 h"), (3 * 86400, "3 d")]
)
def test_spans_are_in_the_largest_unit(seconds: float, said: str) -> None:
    assert wording.short_span(seconds) == said


@pytest.mark.parametrize(("value", "said"), [(1500.0, "1.5k"), (2e6, "2M"), (-0.25, f"{MINUS}0.25"), (12.0, "12")])
def test_axes_are_short(value: float, said: str) -> None:
    assert wording.short_number(value) == said


def test_times_are_told_in_utc() -> None:
    assert wording.utc_time(1_700_000_000.0) == "2023-11-14 22:13 UTC"
    assert wording.iso_time(1_700_000_000.0) == "2023-11-14T22:13:20+00:00"
