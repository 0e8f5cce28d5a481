"""What must change in a text so that a value becomes another one: as little as possible."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from iter8_gitops.promotion.text import blocks, brackets
from iter8_gitops.promotion.text.edits import Edit
from iter8_gitops.promotion.text.pieces import Piece
from iter8_gitops.promotion.text.replacing import in_brackets, replacement
from iter8_gitops.promotion.text.serialising import one_line
from iter8_gitops.promotion.text.values import same


def changes(target: Piece, wanted: Any, donor: Piece | None = None) -> list[Edit]:
    """The edits that make `target` be `wanted`.

    `donor` is where text is taken from, with comments and quotes, for values that `target` does not have. Raises
    `NotEditableError`. The result must be read again: aliases elsewhere may change with what they stand for.
    """
    if same(target.data, wanted):
        return []
    if isinstance(wanted, dict) and target.is_mapping and target.data.keys() & wanted.keys():
        return _mapping(target, wanted, donor)
    if isinstance(wanted, list) and target.is_sequence and (steps := _steps(target.data, wanted)):
        return _sequence(target, wanted, donor, steps)
    return [replacement(target, wanted, donor)]


def _mapping(target: Piece, wanted: dict[str, Any], donor: Piece | None) -> list[Edit]:
    entries = target.entries()
    keys = list(entries)
    parts = donor.entries() if donor is not None and donor.is_mapping else {}
    edits: list[Edit] = []
    for key in keys:
        if key in wanted:
            edits += changes(entries[key][1], wanted[key], parts[key][1] if key in parts else None)
    starts = [blocks.checked_entry(entries[key][0], target.text) for key in keys]
    ends = [max(entries[key][0].end, entries[key][1].span.end) for key in keys]
    edits += _removals(target, starts, ends, [key not in wanted for key in keys])
    previous: str | None = None
    for key, value in wanted.items():
        if key in entries:
            previous = key
        elif target.span.flow:
            body = f"{one_line(key, as_json=target.json)}: {in_brackets(_sibling(entries, previous), value)}"
            edits.append(_bracketed(target, starts, ends, -1 if previous is None else keys.index(previous), body))
        else:
            body = blocks.new_entry(target, key, value, donor)
            edits.append(_on_lines(target, starts, ends, -1 if previous is None else keys.index(previous), body))
    return edits


def _sequence(target: Piece, wanted: list[Any], donor: Piece | None, steps: Sequence[_Step]) -> list[Edit]:
    items = target.items()
    parts = _counterparts(donor, wanted)
    starts = [item.span.start if target.span.flow else item.start - 1 for item in items]
    ends = [item.span.end for item in items]
    kept = {step.before for step in steps if step.before is not None and step.after is not None}
    edits = _removals(target, starts, ends, [index not in kept for index in range(len(items))])
    previous = -1
    for step in steps:
        if step.after is None:
            continue
        part = parts[step.after] if parts else None
        value = wanted[step.after]
        if step.before is not None:
            edits += changes(items[step.before], value, part)
            previous = step.before
        elif target.span.flow:
            edits.append(_bracketed(target, starts, ends, previous, in_brackets(items[0], value)))
        else:
            edits.append(_on_lines(target, starts, ends, previous, blocks.new_item(target, value, part)))
    return edits


def _counterparts(donor: Piece | None, wanted: list[Any]) -> list[Piece]:
    """The items of `donor` by their indices in `wanted`, when they can be told."""
    if donor is None or not donor.is_sequence or len(donor.data) != len(wanted):
        return []
    return donor.items()


def _removals(target: Piece, starts: list[int], ends: list[int], gone: list[bool]) -> list[Edit]:
    edits: list[Edit] = []
    for is_gone, run in groupby(range(len(gone)), key=gone.__getitem__):
        indices = list(run)
        if is_gone and target.span.flow:
            edits.append(brackets.without_run(starts, ends, indices[0], indices[-1]))
        elif is_gone:
            edits.append(blocks.without_run(target.text, starts[indices[0]], ends[indices[-1]]))
    return edits


def _bracketed(target: Piece, starts: list[int], ends: list[int], previous: int, body: str) -> Edit:
    if previous < 0:
        return brackets.put_first(target.text, starts, body)
    return brackets.put_after(target.text, starts, ends, previous, body)


def _on_lines(target: Piece, starts: list[int], ends: list[int], previous: int, body: str) -> Edit:
    if previous < 0:
        return blocks.put_before(target, starts[0], body)
    return blocks.put_after(target, ends[previous], body)


def _sibling(entries: dict[str, Any], previous: str | None) -> Piece:
    piece: Piece = entries[previous or next(iter(entries))][1]
    return piece


class _Step:
    """An item that stays (both indices), goes (`before` alone) or comes (`after` alone)."""

    __slots__ = ("after", "before")

    def __init__(self, before: int | None, after: int | None) -> None:
        self.before = before
        self.after = after


def _steps(before: list[Any], after: list[Any]) -> list[_Step]:
    """How a list becomes another one, item by item; nothing when no item stays."""
    steps: list[_Step] = []
    matcher = difflib.SequenceMatcher(None, [_name(each) for each in before], [_name(each) for each in after], False)
    for action, i, k, j, n in matcher.get_opcodes():
        paired = 0 if action in ("delete", "insert") else min(k - i, n - j)
        if action == "replace" and any(_is_named(each) for each in (*before[i:k], *after[j:n])):
            paired = 0  # They are different things, not one that has changed.
        steps += [_Step(i + offset, j + offset) for offset in range(paired)]
        steps += [_Step(index, None) for index in range(i + paired, k)]
        steps += [_Step(None, index) for index in range(j + paired, n)]
    return steps if any(step.before is not None and step.after is not None for step in steps) else []


def _is_named(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str)


def _name(item: Any) -> str:
    """What an item is recognised by: its name, or all of it."""
    return f"name {item['name']}" if _is_named(item) else json.dumps(item, sort_keys=True)
