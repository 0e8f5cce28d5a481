"""What is wrong with a text that a person wrote, before it is known where the text stands."""

from __future__ import annotations


class MistakeError(Exception):
    """A text cannot be used. `message` continues a sentence that begins with what the text is; `hint` says what to do.

    `mark` is the line and column in the text, counting from 0, or None when it is the text as a whole.
    """

    def __init__(self, message: str, hint: str = "", mark: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.mark = mark
