"""What expressions see of objects as nobody would write them: always something that the native library can hold."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.runtime.rules.bounded import MAX_DEPTH, MAX_VALUES, TooMuchError
from iter8_gitops.runtime.rules.expressions import Unanswered, compile_condition, compile_wording
from iter8_gitops.spec.content import json_flaw
from iter8_gitops.testing.mutants import STRANGE, mutants
from tests.runtime.rules.objects import IDENTITY, resource, view

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(STRANGE),
    lambda inside: (
        st.lists(inside, max_size=5)
        | st.dictionaries(st.text(st.characters(codec=None), max_size=8), inside, max_size=5)
    ),
    max_leaves=30,
)
CONDITIONS = [
    compile_condition(text)
    for text in (
        "status.phase == 'Running' && metadata.generation == status.observedGeneration",
        "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
        "object.spec.workers.all(w, w.replicas > 0 && w.name.startsWith('w'))",
        "status.?a.?b.orValue(spec) == spec && size(string(spec.replicas)) > 0",
        "status == object.status",
        "status.conditions.map(c, c.lastTransitionTime).filter(t, timestamp(t) > timestamp(0)).size() > 0",
        "status.phase.matches('^R.*') && spec.pattern.contains(status.phase)",
        "status[spec.key] in status.conditions",
    )
]
WORDINGS = [compile_wording(text) for text in ("status.phase", "string(status.phase)", "object.metadata.name + '!'")]
ORDINARY: dict[str, Any] = {
    "metadata": {"name": "llm", "generation": 2, "annotations": {"a": "b"}, "managedFields": [{"manager": "x"}]},
    "spec": {"replicas": 2, "pattern": "R.*", "key": "phase", "workers": [{"name": "w1", "replicas": 1}]},
    "status": {
        "phase": "Running",
        "observedGeneration": 2,
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    },
}


def nested(levels: int, leaf: Any = 1) -> Any:
    value = leaf
    for level in reversed(range(levels)):
        value = [value] if level % 2 else {"a": value}
    return value


def assert_answered(manifest: dict[str, Any]) -> None:
    seen = view(**manifest)
    for condition in CONDITIONS:
        found = condition.holds(seen)
        assert isinstance(found, (bool, Unanswered))
        assert not isinstance(found, Unanswered) or (found.message and found.message.isprintable())
    for wording in WORDINGS:
        said = wording.says(seen)
        assert isinstance(said, (str, Unanswered))
        assert not isinstance(said, str) or said.isprintable() or not said


@given(metadata=ANYTHING, spec=ANYTHING, status=ANYTHING)
def test_every_object_is_answered(metadata: Any, spec: Any, status: Any) -> None:
    assert_answered({"metadata": metadata, "spec": spec, "status": status})


def test_thousands_of_mutants_are_answered() -> None:
    for _, mutant in mutants(ORDINARY, 3000, "view"):
        assert_answered(mutant)


@given(spec=ANYTHING)
def test_what_is_seen_is_plain_json(spec: Any) -> None:
    try:
        seen = view(spec=spec).variables({"spec", "object"}, loops=False)
    except TooMuchError:
        return

    flaw = json_flaw(seen)
    assert flaw is None or "nan" in flaw or "inf" in flaw
    _assert_fits(seen)


def _assert_fits(value: Any) -> None:
    if isinstance(value, str):
        assert "\0" not in value
        value.encode()
    elif isinstance(value, dict):
        for key, item in value.items():
            _assert_fits(key)
            _assert_fits(item)
    elif isinstance(value, list):
        for item in value:
            _assert_fits(item)
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63


@given(spec=ANYTHING)
def test_what_is_json_already_is_seen_as_it_is(spec: Any) -> None:
    plain = {"a": 1, "b": [True, None, 1.5, "text é \U0001f600\n\t", {"c": {}}], "d": -(2**63)}

    assert view(spec={**plain, "x": spec}).variables({"spec"}, loops=False)["spec"].items() >= plain.items()


def test_an_object_is_not_changed_by_being_seen() -> None:
    status = {"a": "\ud800", "b": [2**70, "\0"]}
    view(status=status).variables({"status", "object"}, loops=False)
    assert status == {"a": "\ud800", "b": [2**70, "\0"]}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (2**63, 2.0**63),
        (-(2**63), -(2**63)),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        ("a\0\ud800b", "a\ufffd\ufffdb"),
        ((1, 2), [1, 2]),
        (object(), None),
        ({1: "a", "b": 2}, {"b": 2}),
    ],
)
def test_what_the_library_cannot_hold_is_seen_as_something_near(given: Any, seen: Any) -> None:
    assert view(status={"x": given}).variables({"status"}, loops=False) == {"status": {"x": seen}}


def test_an_object_that_is_nested_too_deeply_is_not_seen() -> None:
    has = compile_condition("has(status.a)")

    assert has.holds(view(status=nested(MAX_DEPTH))) is True
    for levels in (MAX_DEPTH + 1, 20_000):
        deep = nested(levels)
        assert has.holds(view(status=deep)) == Unanswered("the object is nested deeper than 64 levels")
        assert compile_condition("has(spec.a)").holds(view(status=deep)) is False


def test_an_object_of_too_many_values_is_not_seen() -> None:
    many = {"a": [[0] * 100] * (MAX_VALUES // 100)}
    assert compile_condition("has(status.a)").holds(view(status=many)) == Unanswered(
        "the object holds more than 100000 values"
    )


def test_an_object_of_a_megabyte_is_seen() -> None:
    pods = [{"name": f"pod-{index}", "message": "x" * 100, "ready": True} for index in range(8000)]
    assert compile_condition("size(status.pods) == 8000").holds(view(status={"pods": pods})) is True


def test_long_text_is_seen_up_to_a_limit() -> None:
    log = "x" * 5000 + "end"
    seen = view(status={"log": log, "pods": ["end"]})

    assert compile_condition("status.log.contains('end')").holds(seen) is True
    assert compile_condition("status.pods.exists(p, status.log.contains(p))").holds(seen) is False


def test_long_texts_are_equal_as_before() -> None:
    seen = view(spec={"a": "x" * 100_000, "b": "x" * 100_000, "c": "x" * 99_999 + "y"})

    for loop in ("", "&& [1].all(i, true)"):
        assert compile_condition(f"spec.a == spec.b && spec.a != spec.c {loop}").holds(seen) is True


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({str(index): 0 for index in range(501)}, "`status` has more than 500 entries"),
        ({"pods": [[0] * 400] * 60}, "the object holds more than 20000 values"),
    ],
)
def test_an_expression_that_loops_sees_less(status: Any, why: str) -> None:
    seen = view(status=status)

    assert compile_condition("size(status) > 0").holds(seen) is True
    for _ in range(2):
        assert compile_condition("status.exists(k, k == 'pods')").holds(seen) == Unanswered(
            f"{why}, too many for an expression that loops"
        )


def test_a_section_that_no_expression_mentions_does_not_matter() -> None:
    seen = view(spec={"a": [0] * (MAX_VALUES + 1)}, status={"on": True})

    assert compile_condition("status.on").holds(seen) is True
    assert isinstance(compile_condition("object.status.on").holds(seen), Unanswered)


def test_all_of_the_object_is_seen_as_object() -> None:
    whole = resource(apiVersion="ray.io/v1", kind="RayService", extra=[1]).manifest

    assert view(**whole).variables({"object"}, loops=False) == {"object": whole}
    assert compile_condition(f"object.kind == '{IDENTITY.kind}'").holds(view(**whole)) is True
