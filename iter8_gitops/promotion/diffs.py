"""What would be committed, as `git diff` shows it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping


def unified_diff(before: Mapping[str, bytes], after: Mapping[str, bytes | None]) -> str:
    """The diff of all files in `after`, by path; None is a file that goes. `git apply` takes it."""
    return "".join(line for path in sorted(after) for line in _file(path, before.get(path), after[path]))


def _file(path: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    if before == after:
        return
    yield f"diff --git a/{path} b/{path}\n"
    if before is None:
        yield "new file mode 100644\n"
    if after is None:
        yield "deleted file mode 100644\n"
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    for line in difflib.unified_diff(_lines(before), _lines(after), *names):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(content: bytes | None) -> list[str]:
    # Only line feeds end lines for Git.
    text = (content or b"").decode("utf-8", "replace")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + (
        [text.rpartition("\n")[2]] if text[-1:] not in ("", "\n") else []
    )
