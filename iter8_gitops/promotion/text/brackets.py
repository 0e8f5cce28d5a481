"""Taking entries out of mappings and lists in brackets, as in JSON, and putting some in."""

from __future__ import annotations

from iter8_gitops.promotion.text.edits import Edit
from iter8_gitops.promotion.text.lines import begins_line, indentation, line_break


def without_run(starts: list[int], ends: list[int], first: int, last: int) -> Edit:
    """Take out the entries from `first` to `last`, with the comma that goes with them. Some other entry stays."""
    if first > 0:
        return Edit(ends[first - 1], ends[last])
    return Edit(starts[0], starts[last + 1])


def put_after(text: str, starts: list[int], ends: list[int], previous: int, body: str) -> Edit:
    """Put `body` after the entry `previous`, on a line of its own where entries have one."""
    return Edit(ends[previous], ends[previous], f",{_gap(text, starts)}{body}")


def put_first(text: str, starts: list[int], body: str) -> Edit:
    """Put `body` before all entries."""
    return Edit(starts[0], starts[0], f"{body},{_gap(text, starts)}")


def _gap(text: str, starts: list[int]) -> str:
    if begins_line(text, starts[-1]):
        return f"{line_break(text)}{indentation(text, starts[-1])}"
    return " "
