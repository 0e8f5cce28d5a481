"""Problems: things a person must fix, with where and what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in what a person wrote.

    `file` is the path in its source ("" when the problem is not in a file); `line` and `column`
    count from 1 (0 when unknown). `message` says what is wrong, `hint` what to do. `application`
    (`namespace/name`) is set when it is known which routemap the problem belongs to.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    application: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        said = f"{self.message} ({self.hint})" if self.hint else self.message
        return f"{where}: {said}" if where else said
