"""Versions and ranges of them, without a repository."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.sources.git.ranges import parse_range
from iter8_gitops.sources.git.versions import Version, newest_first

IN_ORDER = [
    "0.0.0-0",
    "0.0.0",
    "0.9.9",
    "1.0.0-0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0-rc.1",
    "2.0.0",
    "10.0.0",
]
numbers = st.integers(0, 12)
versions = st.builds(Version, numbers, numbers, numbers, st.sampled_from(["", "", "0", "rc.1", "rc.2", "alpha"]))


def version(text: str) -> Version:
    found = Version.parse(text)
    assert found is not None
    return found


def matching(text: str, *candidates: str) -> list[str]:
    """Return which of the candidates are in the range."""
    found = parse_range(text)
    assert found is not None, text
    return [candidate for candidate in candidates if version(candidate) in found]


def test_versions_are_ordered_as_their_specification_says() -> None:
    for lower, higher in pairwise(map(version, IN_ORDER)):
        assert lower < higher
        assert higher > lower


@pytest.mark.parametrize("text", ["1.2.3", "v1.2.3", "V1.2.3", "1.2.3+build.7", "v1.2.3+20200101"])
def test_a_leading_v_and_build_metadata_change_nothing(text: str) -> None:
    assert version(text) == Version(1, 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1.2", "v1", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+", "1.2.3 "),
        *("a1.2.3", "release-1.2.3", "\u0661.2.3", "1.2." + "9" * 5000),
    ],
)
def test_what_is_no_complete_version_is_none(text: str) -> None:
    assert Version.parse(text) is None


def test_tags_are_sorted_the_newest_first_and_others_are_left_out() -> None:
    names = ["v1.0.0", "latest", "1.10.0", "v1.9.0", "1.10.0-rc.1", "v1.0"]
    assert [name for _, name in newest_first(names)] == ["1.10.0", "1.10.0-rc.1", "v1.9.0", "v1.0.0"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ["0.9.0", "1.0.0", "1.2.3", "1.2.4", "1.3.0", "2.0.0"]),
        ("1.2.3", ["1.2.3"]),
        ("=v1.2.3", ["1.2.3"]),
        ("1.2", ["1.2.3", "1.2.4"]),
        ("1.2.x", ["1.2.3", "1.2.4"]),
        ("1.*", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        ("1", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        (">=1.2 <2", ["1.2.3", "1.2.4", "1.3.0"]),
        (">=1.2, <2", ["1.2.3", "1.2.4", "1.3.0"]),
        (">=1.2<2", ["1.2.3", "1.2.4", "1.3.0"]),
        (">= 1.2 < 2", ["1.2.3", "1.2.4", "1.3.0"]),
        (">1.2", ["1.3.0", "2.0.0"]),
        (">1.2.3", ["1.2.4", "1.3.0", "2.0.0"]),
        ("<1.2.4", ["0.9.0", "1.0.0", "1.2.3"]),
        ("<=1.2", ["0.9.0", "1.0.0", "1.2.3", "1.2.4"]),
        ("<=1.2.3", ["0.9.0", "1.0.0", "1.2.3"]),
        ("!=1.2.4", ["0.9.0", "1.0.0", "1.2.3", "1.3.0", "2.0.0"]),
        (">=1 !=1.2 <2", ["1.0.0", "1.3.0"]),
        ("~1.2.3", ["1.2.3", "1.2.4"]),
        ("~>1.2", ["1.2.3", "1.2.4"]),
        ("~1", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        ("^1.2.3", ["1.2.3", "1.2.4", "1.3.0"]),
        ("^0.9", ["0.9.0"]),
        ("^0", ["0.9.0"]),
        ("1.0 - 1.2", ["1.0.0", "1.2.3", "1.2.4"]),
        ("0.x || >=2", ["0.9.0", "2.0.0"]),
        (">*", []),
        ("<*", []),
    ],
)
def test_a_range_holds_what_npm_and_cargo_would_take(text: str, expected: list[str]) -> None:
    assert matching(text, "0.9.0", "1.0.0", "1.2.3", "1.2.4", "1.3.0", "2.0.0") == expected


def test_a_caret_lets_everything_rise_after_the_first_number_that_is_not_zero() -> None:
    candidates = ["0.0.3", "0.0.4", "0.2.3", "0.2.9", "0.3.0", "1.0.0"]
    assert matching("^0.2.3", *candidates) == ["0.2.3", "0.2.9"]
    assert matching("^0.0.3", *candidates) == ["0.0.3"]
    assert matching("^0.0", *candidates) == ["0.0.3", "0.0.4"]


def test_a_prerelease_is_in_a_range_only_when_the_range_names_one() -> None:
    candidates = ["1.2.0-rc.1", "1.2.0", "1.3.0-rc.1", "2.0.0-rc.1", "2.0.0"]
    assert matching(">=1.2.0", *candidates) == ["1.2.0", "2.0.0"]
    assert matching("*", *candidates) == ["1.2.0", "2.0.0"]
    assert matching(">=1.2.0-0", *candidates) == candidates
    assert matching(">1.2.0-rc.1", *candidates) == candidates[1:]
    assert matching("1.2.0-rc.1", *candidates) == ["1.2.0-rc.1"]
    assert matching("~1.2.0-rc.0", *candidates) == ["1.2.0-rc.1", "1.2.0"]
    assert matching("<=1.2.0-rc.1", *candidates) == ["1.2.0-rc.1"]
    assert matching("!=1.2.0-rc.1", *candidates) == ["1.2.0", "2.0.0"]


def test_an_upper_bound_that_names_no_prerelease_leaves_out_its_own() -> None:
    candidates = ["1.3.0-rc.1", "2.0.0-rc.1", "2.0.0"]
    for text in (">=1.2.0-0 <2", ">=1.2.0-0 <2.0.0", "^1.2.0-0", "1.2.0-0 - 1"):
        assert matching(text, *candidates) == ["1.3.0-rc.1"], text
    assert matching(">=1.2.0-0 <2.0.0-rc.2", *candidates) == ["1.3.0-rc.1", "2.0.0-rc.1"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "||", "1 ||", "main", "x.1", "1.x.3", "1.2-rc", ">>1", "=>1", "1.2.3.4", "01", "1,,2", "- 2", "1 -"],
)
def test_what_is_no_range_is_none(text: str) -> None:
    assert parse_range(text) is None


@given(versions, versions)
def test_exactly_one_of_lower_equal_and_higher_holds(one: Version, other: Version) -> None:
    assert [one < other, one == other, one > other].count(True) == 1


@given(versions.filter(lambda each: not each.prerelease), versions)
def test_the_bounds_of_a_version_divide_all_releases(bound: Version, candidate: Version) -> None:
    text = f"{bound.major}.{bound.minor}.{bound.patch}"
    held = [bool(matching_version(operator + text, candidate)) for operator in ("<", "=", ">")]
    assert held.count(True) == (0 if candidate.prerelease else 1)
    if not candidate.prerelease:
        assert held == [candidate < bound, candidate == bound, candidate > bound]


@given(st.text(max_size=30) | st.text(alphabet="0123456789.xX*<>=!~^|-, v", max_size=30))
def test_any_text_is_a_range_or_none(text: str) -> None:
    found = parse_range(text)
    assert found is None or isinstance(Version(1, 2, 3) in found, bool)


def matching_version(text: str, candidate: Version) -> bool:
    found = parse_range(text)
    assert found is not None
    return candidate in found
