"""One value instead of another, with as much as possible of how either was written."""

from __future__ import annotations

import difflib
import re
from typing import Any

from iter8_gitops.promotion.text.edits import Edit
from iter8_gitops.promotion.text.lines import COMMENT, indentation, line_break, line_end, shifted
from iter8_gitops.promotion.text.pieces import Piece
from iter8_gitops.promotion.text.serialising import block, json_lines, one_line
from iter8_gitops.promotion.text.spans import Shape
from iter8_gitops.promotion.text.values import same

_INDENT = re.compile(r"[\[{]\r?\n([ \t]+)\S")


def replacement(target: Piece, wanted: Any, donor: Piece | None) -> Edit:
    """Write `wanted` where `target` is: as `donor` writes it if that has the same value, or as `target` was written."""
    span = target.span
    donor = donor if donor is not None and _fits(target, wanted, donor) else None
    if target.in_flow:
        return Edit(span.start, span.end, _in_flow(target, wanted, donor))
    text = _as_quoted_before(target, wanted)
    if text is None and donor is not None:
        if _is_one_line(donor) and _is_one_line(target) and span.start < span.end:
            text = donor.text[donor.span.start : donor.span.end]
        elif not donor.in_flow:
            written = donor.text[donor.start : _end_of_comment(donor, several_lines=True)]
            return _instead(target, shifted(written, target.margin - donor.margin), is_block=_is_block(donor))
    if text is not None:
        return Edit(span.start, span.end, text if span.start > target.start else f" {text}")
    literal = _as_literal_before(target, wanted)
    if literal is not None:
        return Edit(span.start, span.end, literal)
    written = serialised(target.text, wanted, target.margin, of_item=_is_item(target))
    if _is_one_line(target) and "\n" not in written and span.start > target.start:
        return Edit(span.start, span.end, written.strip(" "))
    return _instead(target, written, is_block=True)


def _fits(target: Piece, wanted: Any, donor: Piece) -> bool:
    """Whether the text of `donor` can stand for `wanted`, and looks like what is around `target`."""
    return same(donor.data, wanted) and not donor.span.shared and donor.json == target.json


def serialised(text: str, value: Any, margin: int, *, of_item: bool = False) -> str:
    """What stands behind a `:` or `-` for `value`, with the line breaks of `text`."""
    return block(value, margin, of_item=of_item).replace("\n", line_break(text))


def in_brackets(near: Piece, value: Any) -> str:
    """`value` for the line of `near`, inside of brackets: in several lines in a JSON file that is written so."""
    indent = _INDENT.search(near.text) if near.json else None
    if indent is None or not isinstance(value, (dict, list)) or not value:
        return one_line(value, as_json=near.json)
    lines = json_lines(value, indent[1], indentation(near.text, near.span.start))
    return lines.replace("\n", line_break(near.text))


def _in_flow(target: Piece, wanted: Any, donor: Piece | None) -> str:
    if donor is not None and donor.in_flow and donor.json == target.json and "\n" not in donor.written:
        return donor.written
    return in_brackets(target, wanted)


def _is_one_line(piece: Piece) -> bool:
    """Whether it stands behind its key, on the same line, and is no block."""
    span = piece.span
    inline = span.shape is Shape.ALIAS or span.flow or (span.shape is Shape.SCALAR and span.style not in ("|", ">"))
    return inline and "\n" not in piece.written


def _instead(target: Piece, new: str, *, is_block: bool) -> Edit:
    """`new` for all that is behind the `:` or `-`.

    A comment behind the last of several lines goes with them. One behind a single line stays on that.
    """
    if "\n" in target.written:
        return Edit(target.start, _end_of_comment(target, several_lines=True), new)
    end = _end_of_comment(target, several_lines=False)
    comment = target.text[target.span.end : end]
    if not (comment and is_block and "\n" in new):
        return Edit(target.start, target.span.end, new)
    first = new[: line_end(new, 0)]
    return Edit(target.start, end, f"{first.rstrip(' ')}{comment}{new[len(first) :]}")


def _end_of_comment(piece: Piece, *, several_lines: bool) -> int:
    """The end of a value; that of the comment behind it, when the value has one line, or `several_lines`."""
    end = piece.span.end
    if ("\n" in piece.written) is not several_lines:
        return end
    comment = COMMENT.match(piece.text, end, line_end(piece.text, end))
    return comment.end() if comment else end


def _is_block(piece: Piece) -> bool:
    span = piece.span
    return (span.shape is not Shape.SCALAR and not span.flow) or span.style in ("|", ">")


def _is_item(piece: Piece) -> bool:
    return not piece.in_flow and piece.text[piece.start - 1 : piece.start] == "-"


def _as_quoted_before(target: Piece, wanted: Any) -> str | None:
    """`wanted` in the quotes of `target`."""
    if not isinstance(wanted, str) or target.span.shared or not wanted.isprintable() or not _is_one_line(target):
        return None
    if target.span.style == '"':
        return one_line(wanted, as_json=True)
    if target.span.style == "'":
        return "'" + wanted.replace("'", "''") + "'"
    return None


def _as_literal_before(target: Piece, wanted: Any) -> str | None:
    """`wanted` in the literal block of `target`; lines that stay are not touched, also where they end with spaces."""
    if target.span.style != "|" or not isinstance(wanted, str):
        return None
    header, *raw = target.text[target.span.start : target.span.end].split("\n")
    lines, after = str(target.data).split("\n"), wanted.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None or first >= len(raw):
        return None
    carriage = "\r" if header.endswith("\r") else ""
    margin = raw[first][: len(raw[first].removesuffix("\r")) - len(lines[first])]
    raw += [carriage] * (len(lines) - len(raw))
    written: list[str] = []
    for action, i, k, j, n in difflib.SequenceMatcher(None, lines, after, autojunk=False).get_opcodes():
        written += (
            raw[i:k] if action == "equal" else [f"{margin if line else ''}{line}{carriage}" for line in after[j:n]]
        )
    while written and not written[-1].strip():
        written.pop()
    return "\n".join([header, *written]).removesuffix("\r")
