"""What callers may say of users: how it is compared, and what is refused by which name."""

from __future__ import annotations

import json
import math
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iter8_gitops.core.attributes import attribute_texts
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.attributes import text_of


class Plan(StrEnum):
    GOLD = "gold"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("5.0", "5.0"),
        ("Zoë", "Zoë"),
        (Plan.GOLD, "gold"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (-7, "-7"),
        (Level.HIGH, "3"),
        (12345678901234567890, "12345678901234567890"),
        (5.0, "5"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (-1.5e20, "-150000000000000000000"),
        (590295810358705651712.0, "590295810358705700000"),
        (1e21, "1e+21"),
        (1.25e300, "1.25e+300"),
        (0.0001, "0.0001"),
        (0.00001, "0.00001"),
        (-1.5e-6, "-0.0000015"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
    ],
)
def test_values_are_compared_as_texts(value: Any, text: str) -> None:
    assert text_of(value) == text
    assert attribute_texts({"a": value}) == {"a": text}


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(9007199254740993.0)
def test_the_text_of_a_number_is_that_number_and_json(value: float) -> None:
    assert float(text_of(value)) == value
    assert float(json.loads(text_of(value))) == value


@pytest.mark.parametrize(
    ("attributes", "field", "said"),
    [
        ({"a": None}, "attributes.a", "not null"),
        ({"a": ["x"]}, "attributes.a", "not a value of type list"),
        ({"a": {}}, "attributes.a", "not a value of type dict"),
        ({"a": math.nan}, "attributes.a", "must be a finite number"),
        ({"a": -math.inf}, "attributes.a", "must be a finite number"),
        ({"a": 10**5000}, "attributes.a", "is out of range"),
        ({"a": 10**1024}, "attributes.a", "at most 1024"),
        ({"a": "x" * 1025}, "attributes.a", "has 1025 characters; at most 1024 are allowed"),
        ({"": "x"}, "attributes.", "has a name of 0 characters"),
        ({"n" * 257: "x"}, "attributes." + "n" * 80 + "…", "has a name of 257 characters"),
        ({"a\n": None}, "attributes.a\\n", "not null"),
        ({5: "x"}, "attributes", "has a name that is no text but int"),
        ({str(number): "x" for number in range(101)}, "attributes", "has 101 attributes; at most 100 are allowed"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(attributes: Any, field: str, said: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        attribute_texts(attributes)

    assert refused.value.field == field
    assert said in refused.value.message


def test_all_that_is_allowed_at_once_is_taken() -> None:
    most = {f"{number:0>256}": "x" * 1024 for number in range(100)}
    assert attribute_texts(most) == most
    assert attribute_texts({"a": 10**1000 + 1}) == {"a": "1" + "0" * 999 + "1"}


def test_callers_may_have_a_name_of_their_own_for_attributes() -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        attribute_texts({"a": None}, "lookups[3].attributes")

    assert refused.value.field == "lookups[3].attributes.a"
