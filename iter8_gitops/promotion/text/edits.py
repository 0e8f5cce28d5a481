"""Replacements at places of one text, gathered and then made all at once."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.promotion.text.pieces import NotEditableError


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """`new` instead of what is from `start` to `end`."""

    start: int
    end: int
    new: str = ""


def applied(text: str, edits: list[Edit]) -> str:
    """`text` with all `edits`; of several at one place, those that insert come first, in their order.

    Raises `NotEditableError` when two of them overlap.
    """
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < done:
            raise NotEditableError("its changes cannot be told apart")
        parts += [text[done : edit.start], edit.new]
        done = edit.end
    return "".join([*parts, text[done:]])
