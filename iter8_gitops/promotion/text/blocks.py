"""Taking lines out of mappings and lists in block style, and putting lines in."""

from __future__ import annotations

from typing import Any

from iter8_gitops.promotion.text.edits import Edit
from iter8_gitops.promotion.text.lines import (
    COMMENT,
    begins_line,
    column,
    line_break,
    line_end,
    line_start,
    next_line,
    shifted,
)
from iter8_gitops.promotion.text.pieces import NotEditableError, Piece
from iter8_gitops.promotion.text.replacing import serialised
from iter8_gitops.promotion.text.serialising import one_line
from iter8_gitops.promotion.text.spans import Span
from iter8_gitops.promotion.text.values import same


def without_run(text: str, start: int, end: int) -> Edit:
    """Take out what begins at `start` (a key, or a `-`) and ends with the value at `end`, with the rest of that line.

    Comments on lines of their own before and after it stay.
    """
    after = next_line(text, end)
    if begins_line(text, start):
        return Edit(line_start(text, start), after)
    # Behind a `-`: what follows moves there.
    while text[after : after + 1] == " ":
        after += 1
    return Edit(start, after)


def new_entry(around: Piece, key: str, value: Any, donor: Piece | None) -> str:
    """The lines of an entry of the mapping `around`, as `donor`, the same mapping elsewhere, has it if it does."""
    margin = _margin(around)
    if donor is not None and donor.is_mapping and not donor.span.flow and key in donor.data:
        place, piece = donor.entries()[key]
        if same(piece.data, value) and not piece.span.shared:
            return _taken_over(piece, place.start, margin, with_comments=True)
    return f"{one_line(key)}:{serialised(around.text, value, margin)}"


def new_item(around: Piece, value: Any, donor: Piece | None) -> str:
    """The lines of an item of the list `around`, from its `-` on; `donor` is the item elsewhere."""
    margin = _margin(around)
    if donor is not None and not donor.in_flow and same(donor.data, value) and not donor.span.shared:
        return _taken_over(donor, donor.start - 1, margin, with_comments=False)
    return f"-{serialised(around.text, value, margin, of_item=True)}"


def put_after(around: Piece, end: int, body: str) -> Edit:
    """Put `body` on lines of its own after the value that ends at `end`."""
    text = around.text
    at, broken = next_line(text, end), line_break(text)
    lines = " " * _margin(around) + body
    if at == len(text) and not text.endswith("\n"):
        return Edit(at, at, f"{broken}{lines}")
    return Edit(at, at, f"{lines}{broken}")


def put_before(around: Piece, start: int, body: str) -> Edit:
    """Put `body` on lines of its own before the key, or the `-`, at `start`."""
    text, margin = around.text, " " * _margin(around)
    if begins_line(text, start):
        at = line_start(text, start)
        return Edit(at, at, f"{margin}{body}{line_break(text)}")
    return Edit(start, start, f"{body}{line_break(text)}{margin}")


def first_place(around: Piece) -> int:
    """Where the first key, or the first `-`, of a block is."""
    if around.is_mapping:
        return around.span.entries[0][0].start
    return around.items()[0].start - 1


def _margin(around: Piece) -> int:
    return column(around.text, first_place(around))


def _taken_over(piece: Piece, start: int, margin: int, *, with_comments: bool) -> str:
    """The lines of an entry or item from its `start`, moved to `margin`; with its comments, also those right above."""
    text = piece.text
    end = piece.span.end
    if comment := COMMENT.match(text, end, line_end(text, end)):
        end = comment.end()
    if with_comments and begins_line(text, start):
        start = _with_comments_above(text, start)
    # The line break of a text that keeps those at its end is the one that follows the entry anyway.
    body = text[start:end].removesuffix("\n")
    return shifted(body, margin - column(text, start))


def _with_comments_above(text: str, start: int) -> int:
    at = column(text, start)
    while (line := line_start(text, start)) > 0:
        above = line_start(text, line - 1)
        if text[above : above + at].strip(" ") or text[above + at : above + at + 1] != "#":
            break
        start = above + at
    return start


def checked_entry(key: Span, text: str) -> int:
    """Where a key begins. Raises `NotEditableError` for one that is written with `?`."""
    before = text[line_start(text, key.start) : key.start]
    if before.rstrip().endswith("?"):
        raise NotEditableError("a key is written with `?`")
    return key.start
