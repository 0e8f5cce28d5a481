"""Words mean what they mean to Kubernetes."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.scalars import JsonScalar, ScalarError, resolve
from tests.spec.builders import document


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True), ("yes", True), ("On", True), ("y", True), ("FALSE", False), ("no", False), ("off", False),
        ("", None), ("~", None), ("null", None), ("Null", None),
        ("0", 0), ("-7", -7), ("+7", 7), ("1_000", 1000), ("0x1F", 31), ("-0b101", -5), ("0o17", 15), ("017", 15),
        ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-2.5E-1", -0.25), ("08", 8.0),
    ],
)  # fmt: skip
def test_a_word_has_the_value_that_kubernetes_gives_it(word: str, value: JsonScalar) -> None:
    found = resolve(word)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "word",
    ["yEs", "truely", "NULLS", "-", "+", ".", "_1", "0x", "1.2.3", "v1", "2024-01-31", "2024-01-31T10:00:00Z", "1:30"],
)
def test_any_other_word_is_text(word: str) -> None:
    assert resolve(word) == word


def test_an_abbreviated_commit_that_looks_like_a_huge_float_stays_text() -> None:
    assert resolve("12e4567") == "12e4567"


@pytest.mark.parametrize("word", [".nan", ".NaN", ".inf", "-.Inf", "+.INF", "18446744073709551616", "9" * 5000])
def test_a_number_that_json_cannot_carry_is_refused(word: str) -> None:
    with pytest.raises(ScalarError):
        resolve(word)


def test_quoted_and_tagged_words_are_not_guessed_at() -> None:
    text = """['yes', "1", !!str 1, ! 2, !!int "3", !!float 4, !!bool no, !!null ~, !!timestamp 2024-01-31]"""

    assert document(text).data == ["yes", "1", "1", "2", 3, 4, False, None, "2024-01-31"]
