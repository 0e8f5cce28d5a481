"""Problems: things a person must fix, with where and what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Which kind of mistake a problem is, for tools. The words stay the same from release to release."""

    SYNTAX = "syntax"
    REFUSED_FILE = "refused-file"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    INVALID_VALUE = "invalid-value"
    UNKNOWN_KIND = "unknown-kind"
    DUPLICATE = "duplicate"
    SCOPE = "scope"
    ROUTING_TEMPLATE = "routing-template"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in what a person wrote.

    `file` is the path in its source ("" when the problem is not in a file); `line` and `column`
    count from 1 (0 when unknown). `message` says what is wrong, `hint` what to do. `application`
    (`namespace/name`) is set when it is known which routemap the problem belongs to. `code` is one of
    `Code` (a later release may know more), or "" for a problem of no such kind.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    application: str | None = None
    code: str = ""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        said = f"{self.message} ({self.hint})" if self.hint else self.message
        return f"{where}: {said}" if where else said
