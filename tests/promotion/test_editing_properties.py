"""Whatever becomes of a value, nothing else in its file moves."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from iter8_gitops.promotion.text.editing import Place, Wish, edited, without
from iter8_gitops.promotion.text.pieces import FileText, file_text
from iter8_gitops.promotion.text.values import same
from tests.promotion.documents import MAPPINGS, VALUES, written_documents

Written = tuple[str, dict[str, Any]]
FILES = st.lists(written_documents(), min_size=1, max_size=3)
COMMENT = re.compile(r"# c\d+!")


def joined(documents: list[Written], *, marker_first: bool, crlf: bool = False) -> FileText:
    text = ("---\n" if marker_first else "") + "---\n".join(text for text, _ in documents)
    return file_text("all.yaml", (text.replace("\n", "\r\n") if crlf else text).encode())


def data_of(content: bytes, path: str = "all.yaml") -> list[Any]:
    return [document.piece.data for document in file_text(path, content).documents]


@settings(deadline=None, max_examples=100)
@given(FILES, MAPPINGS, st.data(), st.booleans(), st.booleans())
def test_a_document_becomes_what_is_wanted_and_the_others_stay_byte_for_byte(
    documents: list[Written], wanted: dict[str, Any], data: st.DataObject, marker_first: bool, crlf: bool
) -> None:
    file = joined(documents, marker_first=marker_first, crlf=crlf)
    index = data.draw(st.integers(0, len(documents) - 1))
    content = edited(file, [Wish(Place(index), wanted)])
    found = data_of(content)
    assert same(found, [wanted if number == index else each for number, (_, each) in enumerate(documents)])
    span = file.documents[index].span
    text = content.decode()
    assert text.startswith(file.text[: span.start])
    assert text.endswith(file.text[span.end :])


@settings(deadline=None, max_examples=100)
@given(written_documents(), VALUES, st.data())
def test_comments_and_lines_outside_of_the_value_that_changes_stay(
    document: Written, value: Any, data: st.DataObject
) -> None:
    text, before = document
    key = data.draw(st.sampled_from(sorted(before)))
    file = file_text("a.yaml", text.encode())
    place, piece = file.documents[0].piece.entries()[key]
    after = edited(file, [Wish(Place(0), {**before, key: value})]).decode()
    line_end = text.find("\n", piece.span.end)
    assert after.startswith(text[: place.end])
    assert after.endswith(text[line_end:])
    kept = COMMENT.findall(text[: place.end]) + COMMENT.findall(text[line_end:])
    assert [each for each in COMMENT.findall(after) if each in kept] == kept


@settings(deadline=None, max_examples=100)
@given(written_documents(), written_documents("d"))
def test_another_document_gives_its_text_and_what_both_have_stays(one: Written, other: Written) -> None:
    (text, before), (donor_text, wanted) = one, other
    file, donor = file_text("a.yaml", text.encode()), file_text("b.yaml", donor_text.encode())
    after = edited(file, [Wish(Place(0), wanted, donor.documents[0].piece)])
    assert same(data_of(after), [wanted])
    kept = {key: value for key, value in before.items() if same(value, wanted.get(key, file))}
    for key in kept:
        place, piece = file.documents[0].piece.entries()[key]
        assert text[place.start : piece.span.end] in after.decode()


@settings(deadline=None, max_examples=100)
@given(written_documents(), st.data())
def test_taking_a_key_out_leaves_every_other_line(document: Written, data: st.DataObject) -> None:
    text, before = document
    key = data.draw(st.sampled_from(sorted(before)))
    wanted = {name: value for name, value in before.items() if name != key}
    if not wanted:
        return
    file = file_text("a.yaml", text.encode())
    place, piece = file.documents[0].piece.entries()[key]
    after = edited(file, [Wish(Place(0), wanted)]).decode()
    assert after == text[: place.start] + text[text.find("\n", piece.span.end) + 1 :]


@settings(deadline=None, max_examples=100)
@given(FILES, st.data(), st.booleans())
def test_a_document_is_taken_out_and_the_others_stay_byte_for_byte(
    documents: list[Written], data: st.DataObject, marker_first: bool
) -> None:
    file = joined(documents, marker_first=marker_first)
    index = data.draw(st.integers(0, len(documents) - 1))
    left = [each for number, each in enumerate(documents) if number != index]
    content = without(file, [Place(index)])
    if not left:
        assert content is None
        return
    assert content is not None
    assert same(data_of(content), [each for _, each in left])
    assert all(text in content.decode() for text, _ in left)


@settings(deadline=None, max_examples=100)
@given(MAPPINGS, MAPPINGS, st.sampled_from([None, 2, 4, "\t"]))
def test_json_stays_json_with_its_indentation(before: dict[str, Any], wanted: dict[str, Any], indent: Any) -> None:
    file = file_text("a.json", json.dumps(before, indent=indent, ensure_ascii=False).encode())
    after = edited(file, [Wish(Place(0), wanted)])
    assert same(json.loads(after), wanted)
    if indent is None:
        assert b"\n" not in after


@settings(deadline=None, max_examples=100)
@given(MAPPINGS, WORD := st.from_regex(r"[a-z]{8}", fullmatch=True), VALUES)
def test_what_is_added_to_json_looks_like_the_rest(before: dict[str, Any], key: str, value: Any) -> None:
    file = file_text("a.json", (json.dumps(before, indent=3, ensure_ascii=False) + "\n").encode())
    after = edited(file, [Wish(Place(0), {**before, key: value})])
    assert after.decode() == json.dumps({**before, key: value}, indent=3, ensure_ascii=False) + "\n"
