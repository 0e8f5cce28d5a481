"""Reading a status: every helper takes any JSON value in any place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.spec.content import json_flaw, without_scale
from iter8_gitops.spec.resource import Resource, ResourceId
from iter8_gitops.spec.status import (
    condition_behind,
    condition_current,
    condition_status,
    conditions,
    conditions_in,
    count,
    early_verdict,
    integer,
    mappings,
    observed_generation_behind,
    observed_generation_current,
    text,
    unobserved_verdict,
    unreported_verdict,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def thing(status: Any, generation: Any = 3) -> Resource:
    manifest = {"metadata": {"generation": generation}, "status": status}
    return Resource(ResourceId("example.com", "Thing", "shop", "one"), manifest)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        ("3", 3),
        (" -3 ", -3),
        (3.0, 3),
        ("0", 0),
        (3.5, None),
        (True, None),
        (False, None),
        (None, None),
        ("", None),
        ("3.0", None),
        ("٣", None),
        ("1" * 5000, None),
        (2**63, None),
        (float("nan"), None),
        (float("inf"), None),
        ([3], None),
    ],
)
def test_integers_come_as_numbers_or_strings(value: object, number: int | None) -> None:
    assert integer(value) == number


@pytest.mark.parametrize(("value", "number"), [(4, 4), (-4, 0), ("4", 4), ("four", 1), (None, 1), (True, 1)])
def test_a_count_is_never_negative_and_has_a_default(value: object, number: int) -> None:
    assert count(value, default=1) == number


@pytest.mark.parametrize(
    ("observed", "generation", "behind", "current"),
    [
        (2, 3, True, False),
        ("2", 3, True, False),
        (2, "3", True, False),
        (3, 3, False, True),
        ("3", "3", False, True),
        (4, 3, False, True),
        (None, 3, False, False),
        (3, None, False, False),
        (True, 3, False, False),
        ("x", 3, False, False),
    ],
)
def test_only_an_observed_generation_below_the_generation_is_behind(
    observed: object, generation: object, behind: bool, current: bool
) -> None:
    resource = thing({"observedGeneration": observed}, generation)
    assert observed_generation_behind(resource) is behind
    assert observed_generation_current(resource) is current


@pytest.mark.parametrize(
    ("observed", "generation", "behind", "current"),
    [(2, 3, True, False), ("2", 3, True, False), (3, "3", False, True), (None, 3, False, False), (3, {}, False, False)],
)
def test_a_condition_may_have_a_generation_of_its_own(
    observed: object, generation: object, behind: bool, current: bool
) -> None:
    said = {"type": "Ready", "status": "True", "observedGeneration": observed}
    resource = thing({"observedGeneration": 1, "conditions": [said]}, generation)
    ready = conditions(resource)["Ready"]
    assert (condition_behind(resource, ready), condition_current(resource, ready)) == (behind, current)


@pytest.mark.parametrize("status", [None, {}, [], "ready", 5])
def test_without_a_status_a_reporting_kind_is_progressing(status: object) -> None:
    verdict = unreported_verdict(thing(status))
    assert verdict is not None
    assert (verdict.state, verdict.servable, verdict.reason) == ("progressing", False, "NoStatus")
    assert unreported_verdict(thing({"phase": "Pending"})) is None


@pytest.mark.parametrize("observed", [None, "", "new", True, {}])
@pytest.mark.parametrize("servable", [True, False])
def test_without_an_observed_generation_an_observing_kind_is_progressing(observed: object, servable: bool) -> None:
    verdict = unobserved_verdict(thing({"observedGeneration": observed}), servable=servable)
    assert verdict is not None
    assert (verdict.state, verdict.servable, verdict.reason) == ("progressing", servable, "NotObserved")
    assert unobserved_verdict(thing({"observedGeneration": "1"}), servable=servable) is None


def test_of_two_conditions_with_one_type_the_last_counts() -> None:
    resource = thing({"conditions": [{"type": "Ready", "status": "False"}, {"type": "Ready", "status": "True"}]})
    assert condition_status(resource, "Ready") == "True"


def test_junk_among_conditions_is_skipped() -> None:
    junk: list[Any] = [
        None,
        5,
        "Ready",
        [],
        {},
        {"type": 5},
        {"type": "Ready", "status": True, "observedGeneration": "7"},
    ]
    found = conditions(thing({"conditions": junk}))
    assert list(found) == ["Ready"]
    assert (found["Ready"].status, found["Ready"].observed_generation) == ("True", 7)


@pytest.mark.parametrize("value", [None, "x", 5, {}, {"type": "Ready"}])
def test_conditions_that_are_no_list_are_none(value: object) -> None:
    assert conditions(thing({"conditions": value})) == conditions_in(value) == {}
    assert mappings(value) == []


def test_a_condition_reads_as_a_sentence() -> None:
    said = {"type": "Ready", "status": "False", "reason": "Down", "message": "1 of 2\n are up"}
    assert str(conditions(thing({"conditions": [said]}))["Ready"]) == "Ready is False: Down: 1 of 2 are up"


@pytest.mark.parametrize(
    ("value", "line"),
    [("a\n\tb ", "a b"), ("\x1b[31mred", "\ufffd[31mred"), ("\ud800", "\ufffd"), (5, ""), (None, ""), (["a"], "")],
)
def test_text_is_one_printable_line(value: object, line: str) -> None:
    assert text(value) == line


def test_long_text_is_cut() -> None:
    assert len(text("x" * 100_000)) < 400


@given(JSON, JSON)
def test_no_status_makes_a_helper_fail(status: Any, generation: Any) -> None:
    resource = thing(status, generation)
    assert isinstance(conditions(resource), dict)
    verdict = early_verdict(resource, servable=True)
    assert verdict is None or observed_generation_behind(resource)
    assert (unreported_verdict(resource) is None) == (resource.status != {})
    assert unreported_verdict(resource) is None or unobserved_verdict(resource, servable=False) is not None


@given(JSON)
def test_any_value_of_a_field_can_be_read(value: Any) -> None:
    assert integer(value) is None or isinstance(integer(value), int)
    assert text(value).isprintable()
    assert count(value) >= 0
    assert all(isinstance(entry, dict) for entry in mappings(value))


@given(JSON)
def test_what_json_cannot_say_is_found(value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        assert json_flaw(value)
    else:
        assert json_flaw(value) is None


def test_scale_fields_go_at_any_depth_but_described_replicas_stay() -> None:
    value = {"replicas": 3, "pools": [{"maxReplicas": "9", "name": "a"}], "shard": {"replicas": [{"image": "x"}]}}
    assert without_scale(value) == {"pools": [{"name": "a"}], "shard": {"replicas": [{"image": "x"}]}}
