"""Positions in a text that is written inside another document."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.yaml import read_embedded
from tests.spec.builders import document, said


def position_of_mark(text: str) -> tuple[int, int]:
    """Where `MARK` stands in `text`, from 1."""
    line = next(index for index, each in enumerate(text.splitlines()) if "MARK" in each)
    return line + 1, text.splitlines()[line].index("MARK") + 1


@pytest.mark.parametrize(
    "text",
    [
        "data:\n  strSpec: |\n    a: 1\n    b:\n      c: MARK\n",
        "data:\n  strSpec: |-\n    a: 1\n    b:\n      c: MARK",
        "data:\n  strSpec: |+\n    a: 1\n    b:\n      c: MARK\n\n\n",
        "data:\n  strSpec: |2\n    a: 1\n    b:\n      c: MARK\n".replace("    a", "    a"),
        "data:\n  strSpec: |1-\n   a: 1\n   b:\n     c: MARK\n",
        "data:\n  strSpec: | # a comment\n\n\n    a: 1\n\n    b:\n      c: MARK\n",
        "data:\n  strSpec: |\n            a: 1\n            b: {c: MARK}\n",
        "data:\n  strSpec:\n    |\n    a: 1\n    b: {c: MARK}\n",
        "data:\n  strSpec: &anchor !!str |\n    a: 1\n    b: {c: MARK}\n",
        "data:\n  strSpec: &anchor\n    |\n    a: 1\n    b: {c: MARK}\n",
        "data:\r\n  strSpec: |\r\n    a: 1\r\n    b: {c: MARK}\r\n",
        "ü: 😀\ndata:\n  strSpec: |\n    é: 1\n    b: {c: MARK}\n",
        "data: {x: 1}\n---\n".replace("data: {x: 1}\n---\n", "")
        + "data:\n  strSpec: |\n    # comment\n    b: {c: MARK}\n",
    ],
)
def test_positions_in_a_literal_block_are_exact(text: str) -> None:
    (spec,) = read_embedded(document(text), "data", "strSpec").documents

    assert spec.data["b"]["c"] == "MARK"
    assert spec.position("b", "c") == position_of_mark(text)


@pytest.mark.parametrize(
    "value", ['"b: {c: MARK}"', "'b: {c: MARK}'", '"b:\\n  c: MARK"', ">\n    b:\n\n      c: MARK\n"]
)
def test_every_position_in_another_style_is_that_of_the_value(value: str) -> None:
    (spec,) = read_embedded(document(f"data:\n  strSpec: {value}"), "data", "strSpec").documents

    assert spec.position("b", "c") == (2, 12)
    assert spec.key_position("b") == (2, 12)


def test_a_syntax_error_names_its_line_in_the_outer_file() -> None:
    found = read_embedded(document("data:\n  strSpec: |\n    a: 1\n    b: [\n"), "data", "strSpec")

    assert [problem.partition("; ")[0] for problem in said(found.problems)] == [
        "5:5: not valid YAML: a value is missing here"
    ]


def test_a_duplicate_names_both_lines_in_the_outer_file() -> None:
    (found,) = read_embedded(document("data:\n  strSpec: |\n    a: 1\n    a: 2\n"), "data", "strSpec").problems

    assert (found.line, found.column) == (4, 5)
    assert "line 3" in found.hint


def test_control_characters_that_were_escaped_are_refused_where_the_text_stands() -> None:
    found = read_embedded(document('data:\n  strSpec: "a: \\0"'), "data", "strSpec")

    assert said(found.problems) == ["2:12: character U+0000 is not allowed in YAML"]
