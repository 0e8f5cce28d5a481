"""Lines of a text, by indices."""

from __future__ import annotations

import re

COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
"""One that follows something on its line."""


def line_start(text: str, index: int) -> int:
    """Where the line of `index` begins."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Where the line of `index` ends, before its line break."""
    found = text.find("\n", index)
    if found < 0:
        return len(text)
    return found - 1 if found > index and text[found - 1] == "\r" else found


def next_line(text: str, index: int) -> int:
    """Where the line after that of `index` begins; `index` itself when a line begins there already."""
    if index > 0 and text[index - 1] == "\n":
        return index
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def column(text: str, index: int) -> int:
    """How many characters are before `index` on its line."""
    return index - line_start(text, index)


def indentation(text: str, index: int) -> str:
    """The white space that the line of `index` begins with."""
    line = text[line_start(text, index) : line_end(text, index)]
    return line[: len(line) - len(line.lstrip())]


def begins_line(text: str, index: int) -> bool:
    """Whether only white space is before `index` on its line."""
    return not text[line_start(text, index) : index].strip(" \t")


def line_break(text: str) -> str:
    """The line break that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def shifted(block: str, by: int) -> str:
    """`block` with every line after the first moved to the right, or to the left as far as there are spaces."""
    first, *others = block.split("\n")
    return "\n".join([first, *(_moved(line, by) for line in others)])


def _moved(line: str, by: int) -> str:
    if not line.strip():
        return line
    if by >= 0:
        return " " * by + line
    return line[min(-by, len(line) - len(line.lstrip(" "))) :]
