"""Parts of a spec that are no content."""

from __future__ import annotations

import copy
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.runtime.rules.bounded import MAX_DEPTH
from iter8_gitops.runtime.rules.ignored import LONGEST, IgnoredPath, compile_path, content_without
from iter8_gitops.runtime.rules.mistakes import MistakeError
from iter8_gitops.testing.mutants import mutants
from tests.runtime.rules.objects import resource

SPEC: dict[str, Any] = {
    "replicas": 3,
    "image": "llm:1",
    "paused": False,
    "head": {"size": 1, "nodeSelector": {"kubernetes.io/arch": "amd64"}},
    "workers": [
        {"name": "small", "size": 1, "limits": {"size": 7}},
        {"name": "large", "size": 2},
        {"name": "large", "size": 3},
    ],
}


def content(*paths: str, spec: Any = SPEC) -> Any:
    return content_without(resource(spec=spec), [compile_path(path) for path in paths])


def only(**changes: Any) -> dict[str, Any]:
    """The content when nothing is ignored, with `changes`; None takes a key away."""
    plain = {key: value for key, value in SPEC.items() if key != "replicas"}
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("spec.paused", only(paused=None)),
        ("$.spec.paused", only(paused=None)),
        ("$['spec']['paused']", only(paused=None)),
        ("spec.nope", only()),
        ("spec.paused.deeper", only()),
        ("spec.head.nodeSelector['kubernetes.io/arch']", only(head={"size": 1, "nodeSelector": {}})),
        ("spec.workers[0]", only(workers=SPEC["workers"][1:])),
        ("spec.workers[-1]", only(workers=SPEC["workers"][:2])),
        ("spec.workers[1:]", only(workers=SPEC["workers"][:1])),
        ("spec.workers[*]", only(workers=[])),
        (
            "spec.workers[*].size",
            only(workers=[{"name": "small", "limits": {"size": 7}}, {"name": "large"}, {"name": "large"}]),
        ),
        ("spec.workers[?@.name == 'large']", only(workers=SPEC["workers"][:1])),
        (
            "spec..size",
            only(
                head={"nodeSelector": {"kubernetes.io/arch": "amd64"}},
                workers=[{"name": "small", "limits": {}}, {"name": "large"}, {"name": "large"}],
            ),
        ),
        ("spec.*", {}),
        ("spec", {}),
    ],
)
def test_what_a_path_leads_to_is_no_content(path: str, expected: Any) -> None:
    before = copy.deepcopy(SPEC)

    assert content(path) == expected
    assert before == SPEC


def test_paths_add_up_in_any_order() -> None:
    paths = ("spec.workers[0]", "spec.workers[*].size", "spec.workers[1]", "spec.head")

    expected = {"image": "llm:1", "paused": False, "workers": [{"name": "large"}]}

    assert content(*paths) == content(*reversed(paths)) == expected


def test_without_paths_it_is_the_spec_without_scale() -> None:
    assert content() == only()


@pytest.mark.parametrize("spec", [None, [], "text", 3])
def test_a_spec_that_is_no_mapping_has_no_content(spec: Any) -> None:
    assert content("spec.a", spec=spec) == {}


@pytest.mark.parametrize(
    ("path", "message", "mark"),
    [
        ("status.phase", "does not begin with spec", (0, 0)),
        ("specs.a", "does not begin with spec", (0, 0)),
        ("metadata.annotations.a", "does not begin with spec", (0, 0)),
        ("$", "does not begin with spec", (0, 0)),
        ("", "does not begin with spec", (0, 0)),
        ("spec.", "is no valid path: expected a shorthand selector", (0, 5)),
        ("$.spec.", "is no valid path: expected a shorthand selector", (0, 7)),
        ("spec.workers[", "is no valid path: unexpected end of query", (0, 13)),
        ("spec.workers[?@.name=]", None, (0, 20)),
        ("spec.workers[?@.name\n  = 'x']", None, (1, 2)),
        ("spec.a | spec.b", None, (0, 7)),
        ("spec..a..b", "goes down with .. more than once", (0, 7)),
        ("$.spec..a..b", "goes down with .. more than once", (0, 9)),
        ("spec.a[?@.x == $.spec.y]", "asks for $ inside of itself", (0, 15)),
        ("spec[?@[?@[?@[?@.a]]]]", "has more than 3 filters", (0, 14)),
        ("spec.a[?match(@.b, '(a+)+c')]", "is no valid path: function 'match' is not defined", (0, 8)),
        ("spec.a[?search(@.b, 'c')]", "is no valid path: function 'search' is not defined", (0, 8)),
        ("spec.a[9007199254740993]", "is no valid path: index out of range", (0, 7)),
        ("spec" + "[?@" * 300, None, None),
        ("spec" + ".a" * LONGEST, f"has {4 + 2 * LONGEST} characters, and at most {LONGEST} are allowed", None),
    ],
)
def test_a_mistake_in_a_path_is_told_with_its_place(
    path: str, message: str | None, mark: tuple[int, int] | None
) -> None:
    with pytest.raises(MistakeError) as caught:
        compile_path(path)

    assert message is None or caught.value.message == message
    assert mark is None or caught.value.mark == mark
    assert caught.value.message.isprintable()
    assert "TOKEN" not in caught.value.message


@given(st.text("spec.$[]*?@()'\"=<>&|!:,-0123ab\n~^_#", max_size=40))
def test_no_text_breaks_the_compiler(text: str) -> None:
    path: IgnoredPath | None = None
    with suppress(MistakeError):
        path = compile_path(f"spec{text}")

    json.dumps(content_without(resource(spec=SPEC), [path] if path else []))


PATHS = [
    compile_path(path)
    for path in ("spec..size", "spec.workers[?@.size > 1 && length(@.name) > 3]", "spec.head.*", "spec.workers[-1:]")
]


def test_thousands_of_mutants_have_a_content() -> None:
    for done, mutant in mutants({"spec": SPEC}, 3000, "ignored"):
        found = content_without(resource(**mutant), PATHS)
        assert isinstance(found, dict), done
        json.dumps(found)


def test_a_spec_that_is_nested_too_deeply_is_content_as_it_stands() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = {"size": deep}

    assert content("spec..size", spec=deep) == deep
    assert content("spec..size", spec=deep["size"]["size"]) == {}


def test_a_large_spec_takes_no_time() -> None:
    large = {"workers": [{"name": f"w{index}", "size": index, "labels": {"a": "b"}} for index in range(5000)]}
    began = time.process_time()

    found = content("spec..size", "spec.workers[?@.name == 'w0']", spec=large)

    assert len(found["workers"]) == 4999
    assert found["workers"][0] == {"name": "w1", "labels": {"a": "b"}}
    assert time.process_time() - began < 5
