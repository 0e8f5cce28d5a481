"""The edits of one file that promotion needs, each read again before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from iter8_gitops.promotion.text.changing import changes
from iter8_gitops.promotion.text.edits import Edit, applied
from iter8_gitops.promotion.text.lines import begins_line, line_start
from iter8_gitops.promotion.text.pieces import FileText, NotEditableError, Piece, Written, file_text
from iter8_gitops.promotion.text.values import same
from iter8_gitops.spec.documents import Step

Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a file: which document (from 0), and its path there."""

    document: int
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a value is to become, and where its text may be taken from."""

    place: Place
    wanted: Any
    donor: Piece | None = None


def edited(file: FileText, wishes: Sequence[Wish]) -> bytes:
    """The file with the values that are wished for, of which none is inside of another.

    Nothing outside of them changes, and of them no more than must. Raises `NotEditableError`.
    """
    expected = [document.piece.data for document in file.documents]
    for wish in wishes:
        expected[wish.place.document] = with_value(expected[wish.place.document], wish.place.path, wish.wanted)
    failure = NotEditableError("its text cannot be edited without touching other parts of it")
    for donors in (True, False):
        try:
            content = _attempt(file, wishes, donors=donors)
            if _holds(file.path, content, expected):
                return content
        except NotEditableError as error:
            failure = error
    raise failure


def without(file: FileText, places: Iterable[Place]) -> bytes | None:
    """The file without these objects, which are documents or items of a `List`; None when nothing is left.

    Raises `NotEditableError`.
    """
    paths: dict[int, list[Path]] = {}
    for place in places:
        paths.setdefault(place.document, []).append(place.path)
    left: list[Any] = []
    edits: list[Edit] = []
    for index, written in enumerate(file.documents):
        data = written.piece.data
        gone = paths.get(index, [])
        for path in sorted(gone, reverse=True):
            data = _without_item(data, path)
        if data is not None:
            left.append(data)
            edits += changes(written.piece, data)
        else:
            edits.append(_without_document(file, index))
    if not left:
        return None
    content = file.encoded(_tidied(file, applied(file.text, edits), paths.get(0) == [()]))
    if not _holds(file.path, content, left):
        raise NotEditableError("an object cannot be taken out of it without touching other parts of it")
    return content


def with_value(data: Any, path: Path, value: Any) -> Any:
    """`data` with `value` at `path`; containers on the way are copied."""
    if not path:
        return value
    step, *rest = path
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    copy[step] = with_value(data[step], tuple(rest), value)
    return copy


def _attempt(file: FileText, wishes: Sequence[Wish], *, donors: bool) -> bytes:
    edits: list[Edit] = []
    for wish in wishes:
        written = file.documents[wish.place.document]
        target = written.piece.at(*wish.place.path)
        found = changes(target, wish.wanted, wish.donor if donors else None)
        if any(edit.start < written.span.start or edit.end > written.span.end for edit in found):
            raise NotEditableError("its text cannot be edited without touching other documents")
        edits += found
    return file.encoded(applied(file.text, edits))


def _holds(path: str, content: bytes, expected: Sequence[Any]) -> bool:
    """Whether the file reads as these documents."""
    try:
        found = file_text(path, content).documents
    except (NotEditableError, yaml.YAMLError):
        return False
    return len(found) == len(expected) and all(
        same(written.piece.data, data) for written, data in zip(found, expected, strict=True)
    )


def _without_item(data: Any, path: Path) -> Any:
    """`data` without the object at `path`; None when nothing of it is left."""
    if not path:
        return None
    *around, index = path
    inner: Any = data
    for step in around:
        inner = inner[step]
    left = [item for position, item in enumerate(inner) if position != index]
    # A list of lists that is empty now goes as well.
    return with_value(data, tuple(around), left) if left else _without_item(data, tuple(around[:-1]))


def _without_document(file: FileText, index: int) -> Edit:
    """Take a document out. A first one that no `---` begins leaves the comments that stand apart from it."""
    written = file.documents[index]
    start = written.span.start if written.span.explicit else _head(file.text, written)
    return Edit(start, written.span.end)


def _head(text: str, written: Written) -> int:
    """Where a document begins that has no `---`: behind the last blank line above it, or at the start of the file."""
    start = line_start(text, written.piece.span.start)
    while start > 0 and begins_line(text, start):
        above = line_start(text, start - 1)
        if not text[above:start].strip():
            return start
        start = above
    return start


def _tidied(file: FileText, text: str, first_is_gone: bool) -> str:
    """Without the `---` that was between a first document that is gone and the next."""
    if not first_is_gone or file.documents[0].span.explicit:
        return text
    head, marker, rest = text.partition("---")
    ends_line = rest.startswith(("\n", "\r\n"))
    return rest.partition("\n")[2] if marker and ends_line and not head.strip() else text
