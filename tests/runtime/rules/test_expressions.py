"""What expressions say of objects, and of themselves when they are wrong."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.runtime.rules.bounded import MAX_LOOP_ENTRIES
from iter8_gitops.runtime.rules.expressions import LONGEST, Unanswered, compile_condition, compile_wording
from iter8_gitops.runtime.rules.mistakes import MistakeError
from tests.runtime.rules.objects import view

STATUS: dict[str, Any] = {
    "phase": "Running",
    "count": 3,
    "share": 0.5,
    "none": None,
    "on": True,
    "conditions": [{"type": "Ready", "status": "True"}, {"type": "Live", "status": "False"}],
    "big": 2**70,
    "nul": "a\0b",
    "lone": "\ud800",
}
MANIFEST: dict[str, Any] = {
    "metadata": {"name": "llm", "generation": 2, "labels": {"app.kubernetes.io/name": "llm"}},
    "spec": {"replicas": 2},
    "status": STATUS,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("status.phase == 'Running'", True),
        ("status.phase != 'Running'", False),
        ("status.on", True),
        ("status.count > 2 && status.share < 1.0 || false", True),
        ("status.count == 3.0", True),
        ("status.phase in ['Running', 'Serving']", True),
        ("metadata.labels['app.kubernetes.io/name'] == metadata.name", True),
        ("object.spec.replicas == spec.replicas && object.status.phase == status.phase", True),
        ("has(status.nope)", False),
        ("has(spec.replicas) && !has(spec.nope)", True),
        ("status.none == null", True),
        ("status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')", True),
        ("status.conditions.all(c, c.status == 'True')", False),
        ("status.conditions.filter(c, c.status == 'True').size() == 1", True),
        ("status.?nope.?deeper.orValue(7) == 7", True),
        ("status.?phase.orValue('') == 'Running'", True),
        ("status.phase.startsWith('Run') && status.phase.matches('^R.*g$')", True),
        ("timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')", True),
        ("status.nope == 1 || status.on", True),
        ("status.nope == 1 && status.phase == 'Pending'", False),
        ("status.big > 9223372036854775807.0", True),
        ("status.nul == 'a'", False),
        ("status.lone == '\ufffd'", True),
        ("true // of every object", True),
        ("status.phase.matches(r'^R\\w+$') && status.phase.matches ( \"'?\" )", True),
        ("status.phase != 'all(map) and matches(x)'", True),
    ],
)
def test_a_condition_holds_of_an_object_or_not(text: str, holds: bool) -> None:
    assert compile_condition(text).holds(view(**MANIFEST)) is holds


@pytest.mark.parametrize(
    ("text", "why", "absent"),
    [
        ("status.nope == 'x'", "no such key: nope", True),
        ("status['a b'] == 'x'", "no such key: a b", True),
        ("status.conditions[7].type == 'x'", "no such item: 7 of 2", True),
        ("status.phase.deeper == 'x'", "a key is asked for of what is not a mapping", True),
        ("status.none.deeper == 'x'", "a key is asked for of what is not a mapping", True),
        ("status.none", "it gives nothing, not true or false", True),
        ("status.phase", "it gives text, not true or false", False),
        ("status.count", "it gives a whole number, not true or false", False),
        ("status.share", "it gives a decimal number, not true or false", False),
        ("status.conditions", "it gives a list, not true or false", False),
        ("status", "it gives a mapping, not true or false", False),
        ("status.phase > 1", "no matching overloads found: _>_(string, int64)", False),
        ("status.count / 0 == 1", "divide by zero", False),
        ("int(status.phase) == 1", "cannot convert string to int", False),
        ("status.phase.matches('[')", "invalid regular expression: missing ]: [", False),
        ("dyn(optional.none())", "it gives an optional value, not true or false", False),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_sentence(text: str, why: str, absent: bool) -> None:
    assert compile_condition(text).holds(view(**MANIFEST)) == Unanswered(why, absent)


def test_an_object_without_sections_has_empty_ones() -> None:
    assert compile_condition("has(status.phase) || has(spec.a) || has(metadata.a)").holds(view()) is False
    assert compile_condition("status == {}").holds(view(status="broken")) is True


def test_bookkeeping_is_not_seen() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "x"}
    seen = view(metadata={"managedFields": [{"manager": "kubectl"}], "annotations": annotations})

    for whole in ("metadata", "object.metadata"):
        text = f"!has({whole}.managedFields) && {whole}.annotations == {{'mine': 'x'}}"
        assert compile_condition(text).holds(seen) is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status.phase", "Running"),
        ("'phase ' + status.phase + '\\n' + string(status.count)", "phase Running 3"),
        ("status.?nope.orValue('none')", "none"),
        ("status.nope", Unanswered("no such key: nope", absent=True)),
        ("status.none", Unanswered("it gives nothing, not text", absent=True)),
        ("status.count", Unanswered("it gives a whole number, not text")),
    ],
)
def test_a_wording_says_something_of_an_object(text: str, said: object) -> None:
    assert compile_wording(text).says(view(**MANIFEST)) == said


@pytest.mark.parametrize(
    ("text", "message", "hint", "mark"),
    [
        (
            "status.phase = 'Running'",
            "is no valid expression: token recognition error at: '= '",
            "compare with ==",
            (0, 13),
        ),
        (
            "statu.phase == 'x'",
            "is no valid expression: undeclared reference to 'statu.phase'",
            "did you mean `status`? valid names: metadata, object, spec, status",
            (0, 5),
        ),
        ("status.phase == 'x' and true", "is no valid expression: mismatched input 'and' expecting <EOF>", "", (0, 20)),
        ("status.on &&\n  status. ==", "is no valid expression: no viable alternative at input '. =='", "", (1, 10)),
        ("'\U0001f600' == nope", "is no valid expression: undeclared reference to 'nope'", None, (0, 7)),
        ("", "is no valid expression: mismatched input '<EOF>'", "", (0, 0)),
        ("has(status)", "is no valid expression: has() argument must be a field selection", "", (0, 4)),
        ("'a' + 1 == 'b'", None, "", (0, 4)),
        ("(" * 300, "is no valid expression: Expression recursion limit exceeded. limit: 32", "", None),
        ("status.?on", "gives an optional value, and true or false is wanted", "end it with .orValue(..)", None),
        ("1 + 1", "gives a whole number, and true or false is wanted", "", None),
        ("b'x'", "gives a value of type bytes, and true or false is wanted", "", None),
        (f"'{'x' * LONGEST}' == ''", f"has {LONGEST + 8} characters, and at most {LONGEST} are allowed", "", None),
        ("[[]]" + ".map(x, x)" * 11, "loops 11 times, and at most 10 are allowed", "", None),
        ("\ud800", None, "", (0, 0)),
        ("{[1]: true}", "is no valid expression: Unsupported map key type: LIST<INT>", "", None),
        (
            "status.phase.matches(spec.pattern)",
            "matches a pattern that is not written out",
            "write it as in status.phase.matches('^Run')",
            None,
        ),
        ("status.phase.matches('^' + spec.pattern)", "matches a pattern that is not written out", None, None),
        ("matches(status.phase, '^Run')", "matches a pattern that is not written out", None, None),
        (
            "status.pods.all(p, p.matches('^web-'))",
            "matches patterns while it loops",
            "use startsWith, endsWith, contains or == there",
            None,
        ),
    ],
)
def test_a_mistake_in_an_expression_is_told_with_its_place(
    text: str, message: str | None, hint: str | None, mark: tuple[int, int] | None
) -> None:
    with pytest.raises(MistakeError) as caught:
        compile_condition(text)

    assert message is None or caught.value.message == message
    assert hint is None or caught.value.hint == hint
    assert caught.value.mark == mark
    assert caught.value.message.isprintable()


def test_a_wording_must_give_text() -> None:
    with pytest.raises(MistakeError, match="gives true or false, and text is wanted"):
        compile_wording("status.on == true")


def test_an_expression_that_loops_sees_no_large_collections() -> None:
    pods = [{"ready": True}] * (MAX_LOOP_ENTRIES + 1)
    ready = compile_condition("status.pods.all(p, p.ready)")
    size = compile_condition(f"size(status.pods) == {MAX_LOOP_ENTRIES + 1}")

    assert size.holds(view(status={"pods": pods})) is True
    assert ready.holds(view(status={"pods": pods[1:]})) is True
    assert ready.holds(view(status={"pods": pods})) == Unanswered(
        "`pods` has more than 500 entries, too many for an expression that loops"
    )


@pytest.mark.parametrize("inner", ["p.map(q, q)", "status.pods.filter(q, q != p)", "status.pods.map(q, status.pods)"])
def test_loops_in_loops_end_soon(inner: str) -> None:
    pods = list(range(MAX_LOOP_ENTRIES))
    condition = compile_condition(f"status.pods.map(p, {inner}).size() == 0")
    began = time.process_time()

    found = condition.holds(view(status={"pods": pods}))

    assert isinstance(found, Unanswered)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "status.a.contains(status.b)",
        "status.pods.exists(p, status.a.contains(status.b))",
        "status.pods.exists(p, status.pods.exists(q, status.a + status.b == status.b + status.a))",
        "status.pods.exists(p, status.pods.exists(q, object.status == status && q != p && p == q))",
    ],
)
def test_large_text_is_compared_soon(text: str) -> None:
    status = {"a": "a" * 1_400_000, "b": "a" * 700_000 + "b", "pods": list(range(98))}
    began = time.process_time()

    assert compile_condition(text).holds(view(status=status)) is False
    assert time.process_time() - began < 5


def test_the_rounds_of_all_loops_are_counted_together() -> None:
    condition = compile_condition("status.pods.all(p, status.pods.all(q, true))")

    assert condition.holds(view(status={"pods": [1] * 90})) is True
    assert condition.holds(view(status={"pods": [1] * 110})) == Unanswered("its loops take more than 10000 rounds")


def test_expressions_are_equal_when_their_texts_are() -> None:
    assert compile_condition("status.on") == compile_condition("status.on")
    assert compile_condition("status.on") != compile_condition("!status.on")
    assert len({compile_condition("status.on"), compile_condition("status.on")}) == 1


def test_an_expression_is_shown_on_one_line() -> None:
    assert str(compile_condition("status.on &&\n  status.count == 3\n")) == "status.on && status.count == 3"
    assert len(str(compile_condition(" || ".join(["status.on"] * 70)))) == 303


def test_threads_may_share_an_expression() -> None:
    condition = compile_condition("status.conditions.exists(c, c.type == status.phase)")
    wrong: list[object] = []

    def ask(phase: str, expected: bool) -> None:
        for _ in range(300):
            found = condition.holds(view(status={**STATUS, "phase": phase}))
            if found is not expected:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=given) for given in [("Ready", True), ("x", False)] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert wrong == []


def test_asking_over_and_over_takes_no_memory() -> None:
    conditions = [compile_condition(text) for text in ("status.none", "status.nope == 1", "status.on", "status.phase")]
    wording = compile_wording("status.phase")

    def ask() -> None:
        for _ in range(500):
            seen = view(**MANIFEST)
            for each in conditions:
                each.holds(seen)
            wording.says(seen)

    ask()
    before, references = _resident(), sys.getrefcount(None)
    for _ in range(4):
        ask()

    assert _resident() - before < 8 * 2**20
    assert sys.getrefcount(None) > references - 100


def _resident() -> int:
    """Bytes of memory that this process holds, where the system says so."""
    statistics = Path("/proc/self/statm")
    return int(statistics.read_text().split()[1]) * 4096 if statistics.exists() else 0
