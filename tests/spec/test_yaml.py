"""Reading YAML: values, positions, and what is refused."""

from __future__ import annotations

import json

import pytest
import yaml

from iter8_gitops.spec import yaml as reading
from iter8_gitops.spec.yaml import read_documents
from tests.spec.builders import document, said, told

NESTED = """\
a: 1
list:
  - x
  - deep: {k: v, empty: }
text: |
  one
"""


def test_documents_are_plain_json_values() -> None:
    assert document(NESTED).data == {"a": 1, "list": ["x", {"deep": {"k": "v", "empty": None}}], "text": "one\n"}


@pytest.mark.parametrize(
    ("path", "value_at", "key_at"),
    [
        ((), (1, 1), (1, 1)),
        (("a",), (1, 4), (1, 1)),
        (("list", 0), (3, 5), (3, 5)),
        (("list", 1, "deep"), (4, 11), (4, 5)),
        (("list", 1, "deep", "k"), (4, 15), (4, 12)),
        (("text",), (5, 7), (5, 1)),
    ],
)
def test_every_value_and_key_knows_its_line_and_column(
    path: tuple[str | int, ...], value_at: tuple[int, int], key_at: tuple[int, int]
) -> None:
    found = document(NESTED)

    assert found.position(*path) == value_at
    assert found.key_position(*path) == key_at


@pytest.mark.parametrize("path", [("list", 1, "missing"), ("list", 1, 0), ("list", 1, "missing", "further")])
def test_the_position_of_something_missing_is_that_of_what_should_hold_it(path: tuple[str | int, ...]) -> None:
    assert document(NESTED).position(*path) == (4, 5)


@pytest.mark.parametrize("path", [("list", 9), ("list", -1), ("list", "key")])
def test_an_index_out_of_range_is_missing_too(path: tuple[str | int, ...]) -> None:
    assert document(NESTED).position(*path) == (3, 3)


def test_columns_count_characters() -> None:
    assert document("{é😀: ü, b: 1}").position("b") == (1, 12)


def test_windows_line_ends_and_a_byte_order_mark_are_accepted() -> None:
    (found,) = read_documents("a.yaml", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").documents

    assert found.data == {"a": 1, "b": 2}
    assert found.position("b") == (2, 4)
    assert found.key_position("a") == (1, 1)


def test_a_file_may_hold_several_documents_and_empty_ones_are_left_out() -> None:
    found = read_documents("a.yaml", b"---\n---\na: 1\n---\n# only a comment\n---\n~\n---\nb: 2\n...\n")

    assert [each.data for each in found.documents] == [{"a": 1}, {"b": 2}]
    assert [each.position() for each in found.documents] == [(3, 1), (9, 1)]
    assert found.problems == ()


@pytest.mark.parametrize("content", [b"", b"   \n", b"# nothing\n", b"\xef\xbb\xbf"])
def test_a_file_without_content_holds_nothing(content: bytes) -> None:
    found = read_documents("a.yaml", content)

    assert found.documents == ()
    assert found.problems == ()


def test_json_is_read_as_well_with_escaped_characters_beyond_the_basic_plane() -> None:
    value = {"a": [1, 2.5, None, True], "smile": "😀", "slashes": "a/b", "backslash": "\\ud83d\\ude00"}
    for indent in (None, "\t"):
        (found,) = read_documents("a.json", json.dumps(value, indent=indent).encode()).documents
        assert found.data == value


def test_aliases_and_merge_keys_are_followed() -> None:
    text = """\
base: &base {port: 80, host: a}
more: &more {host: b, path: /}
one: {<<: *base, port: 8080}
two:
  host: c
  <<: [*base, *more]
same: *base
quoted: {"<<": 1}
plain: <<
"""
    found = document(text)

    assert found.data["one"] == {"port": 8080, "host": "a"}
    assert found.data["two"] == {"port": 80, "host": "c", "path": "/"}
    assert found.data["same"] == found.data["base"]
    assert found.data["quoted"] == {"<<": 1}
    assert found.data["plain"] == "<<"
    assert found.position("two", "path") == (2, 29)
    assert found.position("one", "port") == (3, 24)


REFUSED = [
    (b"a: 1\nb: \xe9\n", "2:4: not UTF-8: byte 8 (0xe9) begins no character"),
    (b"\xff\xfea\x00", "1:1: not UTF-8: byte 0 (0xff) begins no character"),
    (b"a: 1\nb: x\x00y", "2:5: character U+0000 is not allowed in YAML"),
    (b"a: \x1b[31m", "1:4: character U+001B is not allowed in YAML"),
    (b"a: 1\nb: 2\na: 3\n", "3:1: duplicate key `a`"),
    (b"x:\n  - {k: 1, k: 2}", "2:12: duplicate key `k`"),
    (b"1: x", "1:1: this key is a whole number; a key must be text"),
    (b"on: push", "1:1: this key is true or false; a key must be text"),
    (b"~: x", "1:1: this key is nothing; a key must be text"),
    (b"? [a]\n: b", "1:3: this key is a list; a key must be text"),
    (b"a: {{ .Values.x }}", "1:5: this key is a mapping; a key must be text"),
    (b"a: &x [1, *x]", "1:11: *x stands inside &x: a value cannot hold itself"),
    (b"a: &x {b: {c: *x}}", "1:15: *x stands inside &x: a value cannot hold itself"),
    (b"a: *nowhere", "1:4: *nowhere stands for nothing"),
    (b"a: !!python/object/apply:os.system [ls]", "1:4: unknown tag !!python/object/apply:os.system"),
    (b"a: !secret x", "1:4: unknown tag !secret"),
    (b"a: !!binary aGk=", "1:4: unknown tag !!binary"),
    (b"a: !!set {x}", "1:4: unknown tag !!set"),
    (b"a: !!int x", "1:4: `x` does not fit its tag !!int"),
    (b"a: .nan", "1:4: .nan is not a finite number"),
    (b"a: -.inf", "1:4: -.inf is not a finite number"),
    (b"a: 99999999999999999999", "1:4: this integer does not fit in 64 bits"),
    (b"a: &x {b: 1}\nc: {<<: *x, <<: *x}", "2:13: duplicate key `<<`"),
    (b"<<: 1", "1:1: `<<` merges only mappings"),
    (b"<<: [{a: 1}, 2]", "1:1: `<<` merges only mappings"),
]


@pytest.mark.parametrize(("content", "problem"), REFUSED)
def test_what_has_no_clear_meaning_is_refused_where_it_stands(content: bytes, problem: str) -> None:
    found = read_documents("a.yaml", content)

    assert said(found.problems) == [problem]
    assert found.documents == ()


MALFORMED = [
    (b"a: b: c", "1:5: not valid YAML: a `:` stands where no key can be"),
    (b"a:\n\tb: 1", "2:1: not valid YAML: no value can begin with this character"),
    (b"a: @x", "1:4: not valid YAML: no value can begin with this character"),
    (b"a:\n  - b\n c: 1", "3:2: not valid YAML: this line does not fit the mapping around it"),
    (b"- a\nb: 1", "2:1: not valid YAML: this line is not an item of the list around it"),
    (b"a: [1, 2\nb: 3", "2:2: not valid YAML: a list in brackets is not closed"),
    (b"a: {b: 1", "2:1: not valid YAML: a mapping in braces is not closed"),
    (b'a: "x', "1:6: not valid YAML: the text ends within quotes"),
    (b"a: '\n---\n'", "2:1: not valid YAML: a document ends within quotes"),
    (b'a: "\\q"', "1:5: not valid YAML: no such escape after the backslash"),
    (b'a: "\\ud800"', "1:7: not valid YAML: this escape is not a character"),
    (b"a: *", "1:5: not valid YAML: a `&` or `*` has no name after it"),
    (b"a: - b", "1:4: not valid YAML: a `-` stands where no list item can be"),
    (b"a: %b", "1:4: not valid YAML: no value can begin with this character"),
    (b"a: ]", "1:4: not valid YAML: a value is missing here"),
    (b"aa: 1\nbb\ncc: 2", "3:1: not valid YAML: this line has no `:` after its key"),
    (b"{a: 1}\nb: 2", "2:1: not valid YAML: the document ended before this line"),
    (b"%YAML 2.0\n---\na: 1", "1:1: not valid YAML: found incompatible YAML document"),
]


@pytest.mark.parametrize(("content", "problem"), MALFORMED)
def test_text_that_is_no_yaml_is_explained_in_plain_words(content: bytes, problem: str) -> None:
    (found,) = said(read_documents("a.yaml", content).problems)

    assert found.partition("; a ")[0].partition("; while")[0] == problem


def test_a_problem_says_where_the_unfinished_part_began_and_what_to_do() -> None:
    (found,) = told(read_documents("a.yaml", b"a:\n  b: [1,\n  c: 2\nd: 3").problems)

    assert found == (
        "4:2: not valid YAML: a list in brackets is not closed; a flow sequence began on line 2 (add `,` or `]`)"
    )


def test_a_duplicate_names_the_line_of_the_first() -> None:
    (found,) = told(read_documents("a.yaml", b"x:\n  a: 1\n  b: 2\n  a: 3").problems)

    assert found == "4:3: duplicate key `a` (it is already on line 2; remove one)"


def test_utf_16_is_recognised() -> None:
    (found,) = read_documents("a.yaml", "a: 1".encode("utf-16")).problems

    assert "UTF-16" in found.hint


def test_all_structural_problems_of_a_document_are_told_and_other_documents_stay() -> None:
    found = read_documents("a.yaml", b"ok: 1\n---\na: .nan\na: *x\n3: 4\n---\nok: 2")

    assert [each.data for each in found.documents] == [{"ok": 1}, {"ok": 2}]
    assert [problem.line for problem in found.problems] == [3, 4, 4, 5]


def test_anchors_end_with_their_document() -> None:
    found = read_documents("a.yaml", b"a: &x 1\n---\nb: *x")

    assert [each.data for each in found.documents] == [{"a": 1}]
    assert said(found.problems) == ["3:4: *x stands for nothing"]


def test_documents_before_a_syntax_error_stay_usable() -> None:
    found = read_documents("a.yaml", b"ok: 1\n---\na: [\n---\nok: 2")

    assert [each.data for each in found.documents] == [{"ok": 1}]
    assert len(found.problems) == 1
    assert not found.damaged[0].complete


def test_the_items_of_a_list_are_objects_with_their_own_positions() -> None:
    text = """\
apiVersion: v1
kind: List
items:
- {kind: A}
- apiVersion: v1
  kind: List
  items:
  - kind: B
  - 7
"""
    objects = list(document(text).objects())

    assert [each.data for each in objects] == [{"kind": "A"}, {"kind": "B"}, 7]
    assert [each.position() for each in objects] == [(4, 3), (8, 5), (9, 5)]


@pytest.mark.parametrize("items", ["", "items:", "items: 3", "items: {}"])
def test_a_list_without_items_is_empty(items: str) -> None:
    assert list(document(f"apiVersion: v1\nkind: List\n{items}").objects()) == []


def test_a_part_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        document("a: 1").at("b")


@pytest.mark.parametrize("content", [content for content, _ in REFUSED + MALFORMED] + [NESTED.encode()])
def test_the_parser_in_python_agrees_with_the_one_in_c(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read_documents("a.yaml", content)
    monkeypatch.setattr(reading, "_Loader", yaml.SafeLoader)
    slow = read_documents("a.yaml", content)

    assert [each.data for each in slow.documents] == [each.data for each in fast.documents]
    assert bool(slow.problems) == bool(fast.problems)


@pytest.mark.parametrize("content", [b'"\\U00110000"', b"%YAML 1." + b"1" * 5000 + b"\n--- a"])
def test_errors_that_the_parser_in_python_lets_through_are_problems_too(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_Loader", yaml.SafeLoader)

    assert len(read_documents("a.yaml", content).problems) == 1
