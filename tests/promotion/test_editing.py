"""What becomes of a text when a value in it changes, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.promotion.text.editing import Place, Wish, edited, without
from iter8_gitops.promotion.text.pieces import NotEditableError, file_text


def changed(text: str, wanted: Any, donor: str = "", path: str = "a.yaml") -> str:
    """`text` when its first document becomes `wanted`, with text of `donor` where that has the same."""
    file = file_text(path, text.encode())
    piece = file_text("b.yaml", donor.encode()).documents[0].piece if donor else None
    return edited(file, [Wish(Place(0), wanted, piece)]).decode()


def from_donor(text: str, donor: str) -> str:
    """`text` when its first document becomes that of `donor`."""
    return changed(text, file_text("b.yaml", donor.encode()).documents[0].piece.data, donor)


@pytest.mark.parametrize(
    ("text", "wanted", "after"),
    [
        ("image: web:1  # why\n", {"image": "web:2"}, "image: web:2  # why\n"),
        ("image: 'web:1'\n", {"image": "it's"}, "image: 'it''s'\n"),
        ('image: "web:1"\n', {"image": "é"}, 'image: "é"\n'),
        ("a:   1\nb: 2\n", {"a": 3, "b": 2}, "a:   3\nb: 2\n"),
        ("a: 1\n", {"a": "1"}, 'a: "1"\n'),
        ("a: yes\n", {"a": "yes"}, 'a: "yes"\n'),
        ("a:\nb: 1\n", {"a": {"c": 1}, "b": 1}, "a:\n  c: 1\nb: 1\n"),
        ("a: # todo\nb: 1\n", {"a": 2, "b": 1}, "a: 2 # todo\nb: 1\n"),
        ("a: {x: 1, w: [2, 3]}\n", {"a": {"x": 1, "w": [2], "z": None}}, "a: {x: 1, w: [2], z: null}\n"),
        ("a: {x: 1}\n", {"a": {}}, "a: {}\n"),
        ("a: {}\n", {"a": {"x": 1}}, "a:\n  x: 1\n"),
        ("a:\n- 1\n# two\n- 2\n- 3\n", {"a": [1, 3]}, "a:\n- 1\n# two\n- 3\n"),
        ("a:\n- 1\n- 2\n", {"a": [0, 1, 2]}, "a:\n- 0\n- 1\n- 2\n"),
        ("a:\n- 1\n", {"a": []}, "a: []\n"),
        ("a: |\n  one\n  two\nb: 1\n", {"a": "one\nthree\n", "b": 1}, "a: |\n  one\n  three\nb: 1\n"),
        ("a: |-\n  one\n\n\nb: 1\n", {"a": "two", "b": 1}, "a: |-\n  two\n\n\nb: 1\n"),
        ("a: 1", {"a": 1, "b": 2}, "a: 1\nb: 2"),
        ("a: 1\nb: 2", {"a": 1}, "a: 1\n"),
        ("a:\n- x: 1\n  # of w\n  w: 2\n", {"a": [{"w": 2}]}, "a:\n- # of w\n  w: 2\n"),
        ("a:\n- - 1\n  - 2\n", {"a": [[2]]}, "a:\n- - 2\n"),
        ("\ufeffa: 1\n", {"a": 2}, "\ufeffa: 2\n"),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "c": {"d": 1}, "b": 2}, "a: 1\r\nc:\r\n  d: 1\r\nb: 2\r\n"),
        ("a: !!str 1\n", {"a": "2"}, 'a: "2"\n'),
        ("a: 1 # é😀\nb: 😀\n", {"a": 2, "b": "😀"}, "a: 2 # é😀\nb: 😀\n"),
    ],
)
def test_only_what_must_change_does(text: str, wanted: Any, after: str) -> None:
    assert changed(text, wanted) == after


def test_a_text_is_taken_over_with_its_comments_and_moved_to_its_place() -> None:
    text = "spec:\n    image: a  # mine\n    last: 1\n"
    donor = "spec:\n  image: b # theirs\n  # how much\n  limits: # at most\n    cpu: 1   # one\n  last: 1\n"
    assert from_donor(text, donor) == (
        "spec:\n    image: b  # mine\n    # how much\n    limits: # at most\n      cpu: 1   # one\n    last: 1\n"
    )


def test_items_of_a_list_are_recognised_by_their_names() -> None:
    text = "env:\n  - name: A\n    value: 1 # one\n  - name: B\n    value: 2 # two\n"
    donor = "env:\n- name: C\n  value: 3 # three\n- name: B\n  value: 4 # four\n"
    assert from_donor(text, donor) == ("env:\n  - name: C\n    value: 3 # three\n  - name: B\n    value: 4 # two\n")


def test_what_stays_in_a_literal_text_is_not_touched_even_where_lines_end_with_spaces() -> None:
    text = "a: |\n    one  \n   \n    two\n\n\nb: 1\n"
    before = file_text("a.yaml", text.encode()).documents[0].piece.data["a"]
    after = changed(text, {"a": f"{before.rstrip()}\nthree\n", "b": 1})
    assert after == "a: |\n    one  \n   \n    two\n    three\n\n\nb: 1\n"


def test_an_alias_that_changes_is_written_out_and_its_anchor_stays() -> None:
    text = "a: &it {x: 1}\nb: *it\n"
    assert changed(text, {"a": {"x": 1}, "b": {"x": 2}}) == "a: &it {x: 1}\nb:\n  x: 2\n"


def test_what_an_alias_elsewhere_stands_for_is_not_edited() -> None:
    with pytest.raises(NotEditableError):
        changed("a: &it {x: 1}\nb: *it\n", {"a": {"x": 2}, "b": {"x": 1}})


def test_what_merge_keys_bring_is_not_edited_in_place_but_written_out() -> None:
    text = "base: &base {x: 1}\nb:\n  <<: *base\n  w: 2\n"
    assert changed(text, {"base": {"x": 1}, "b": {"x": 2, "w": 2}}) == ("base: &base {x: 1}\nb:\n  x: 2\n  w: 2\n")


def test_a_donor_with_aliases_gives_its_values_and_not_its_text() -> None:
    donor = "a: &it\n  x: 1\nb: *it\n"
    assert from_donor("kind: 1\na: {}\n", "kind: 1\n" + donor) == "kind: 1\na:\n  x: 1\nb:\n  x: 1\n"


def test_an_explicit_key_is_not_edited() -> None:
    with pytest.raises(NotEditableError, match=r"written with `\?`"):
        changed("? a\n: 1\nb: 2\n", {"a": 2, "b": 2})


def test_a_file_with_a_mistake_is_not_edited() -> None:
    with pytest.raises(NotEditableError, match="duplicate key"):
        file_text("a.yaml", b"a: 1\na: 2\n")


def test_tags_of_ones_own_are_not_edited() -> None:
    with pytest.raises(NotEditableError, match="unknown tag"):
        file_text("a.yaml", b"a: !secret x\n")


JSON = '{\n\t"kind": "Thing",\n\t"face": "\\ud83d\\ude00",\n\t"list": ["a", "b"]\n}\n'


def test_json_keeps_its_escapes_and_its_tabs() -> None:
    wanted = {"kind": "Other", "face": "😀", "list": ["a", "b", {"x": [1]}], "spec": {"y": {}}}
    assert changed(JSON, wanted, path="a.json") == (
        '{\n\t"kind": "Other",\n\t"face": "\\ud83d\\ude00",\n'
        '\t"list": ["a", "b", {\n\t\t"x": [\n\t\t\t1\n\t\t]\n\t}],\n'
        '\t"spec": {\n\t\t"y": {}\n\t}\n}\n'
    )


THREE = "# About this file.\n\n# first\na: 1\n---\n# second\nb: 2\n\n# about the third\n---\nc: 3\n...\n"


@pytest.mark.parametrize(
    ("index", "after"),
    [
        (0, "# About this file.\n\n---\n# second\nb: 2\n\n# about the third\n---\nc: 3\n...\n"),
        (1, "# About this file.\n\n# first\na: 1\n---\nc: 3\n...\n"),
        (2, "# About this file.\n\n# first\na: 1\n---\n# second\nb: 2\n\n# about the third\n"),
    ],
)
def test_a_document_goes_with_what_is_said_of_it(index: int, after: str) -> None:
    content = without(file_text("a.yaml", THREE.encode()), [Place(index)])
    assert content is not None
    assert content.decode() == after


def test_a_first_document_leaves_no_marker_behind() -> None:
    assert without(file_text("a.yaml", b"a: 1\n---\nb: 2\n"), [Place(0)]) == b"b: 2\n"


def test_nothing_is_left_of_a_file_when_all_its_objects_go() -> None:
    file = file_text("a.yaml", b"# only comments stay\na: 1\n---\n---\nb: 2\n")
    assert without(file, [Place(0), Place(1)]) is None


LIST = "apiVersion: v1\nkind: List\nitems:\n# one\n- {kind: A}\n# two\n- kind: B\n  x: 1 # x\n"


def test_an_object_of_a_list_goes_alone() -> None:
    content = without(file_text("a.yaml", LIST.encode()), [Place(0, ("items", 1))])
    assert content == b"apiVersion: v1\nkind: List\nitems:\n# one\n- {kind: A}\n# two\n"


def test_a_list_without_objects_goes_as_well() -> None:
    both = [Place(0, ("items", 0)), Place(0, ("items", 1))]
    assert without(file_text("a.yaml", LIST.encode()), both) is None
    other = file_text("a.yaml", f"{LIST}---\na: 1\n".encode())
    assert without(other, both) == b"---\na: 1\n" or without(other, both) == b"a: 1\n"
