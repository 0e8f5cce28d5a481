from __future__ import annotations

import math
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.arguments import check_text, shown, split_application
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.arguments import decimal_number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_that_python_writes_is_read_back(value: float) -> None:
    assert decimal_number("value", repr(value)) == value


@given(st.text())
def test_whatever_is_accepted_as_a_decimal_is_ascii_and_a_number(text: str) -> None:
    try:
        value = decimal_number("value", text)
    except InvalidArgumentError:
        return
    assert text.isascii()
    assert not math.isnan(value)


@pytest.mark.parametrize("text", ["1", "-1", "+1", "1.", ".5", "1.5e3", "1E-3", "007", "1e400", "0" * 512])
def test_decimal_forms_are_taken(text: str) -> None:
    assert decimal_number("value", text) == float(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", " 1", "1 ", "1\n", "1 2", "1,5", "1_000", "0x10", "one", "true", "nan", "NaN", "inf", "-Infinity"),
        *(".", "+", "--1", "1e", "e3", "1e5.5", "\uff11", "\u0663", "\u00bd", "\0", "1\0", "\ud800", "0" * 513),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        decimal_number("value", text)
    assert refused.value.field == "value"


@given(st.text(st.characters(), max_size=40))
def test_text_is_clean_exactly_when_it_has_no_control_character_and_is_utf8(text: str) -> None:
    def encodable() -> bool:
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
        return True

    clean = bool(text) and encodable() and all(unicodedata.category(letter) != "Cc" for letter in text)
    try:
        check_text("user", text, 40)
    except InvalidArgumentError:
        assert not clean
    else:
        assert clean


def test_limits_count_characters_and_not_bytes() -> None:
    check_text("user", "😀" * 512, 512)
    with pytest.raises(InvalidArgumentError, match="513 characters"):
        check_text("user", "😀" * 513, 512)


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_in_a_message_is_short_printable_and_utf8(text: str) -> None:
    said = shown(text)
    assert len(said.encode()) < 1200
    assert all(letter.isprintable() for letter in said)


@pytest.mark.parametrize(
    ("application", "parts"),
    [("a/b", ("a", "b")), ("b", ("default", "b")), ("ü/ö", ("ü", "ö")), ("a.b/c-d", ("a.b", "c-d"))],
)
def test_an_application_is_a_namespace_and_a_name(application: str, parts: tuple[str, str]) -> None:
    assert split_application("application", application) == parts


def test_the_largest_float_is_read_and_left_to_the_range_check() -> None:
    assert decimal_number("value", repr(sys.float_info.max)) == sys.float_info.max
