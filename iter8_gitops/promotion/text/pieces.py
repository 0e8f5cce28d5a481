"""Values together with the text that they are written in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from iter8_gitops.promotion.text.lines import column, line_start
from iter8_gitops.promotion.text.spans import DocumentSpan, Shape, Span, document_spans
from iter8_gitops.spec.documents import Step
from iter8_gitops.spec.yaml import read_documents

_MARK = "\ufeff"


class NotEditableError(Exception):
    """A text that cannot be edited without touching more than what is asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A value, and where it is written: from `start` to the end of `span`.

    `start` is behind the `:` or the `-` before the value, or, in brackets and at the top, where the value itself
    begins. `margin` is the column of the key, or of the `-`, that the value belongs to.
    """

    text: str
    span: Span
    data: Any
    start: int
    margin: int
    json: bool = False
    in_flow: bool = False

    @property
    def is_mapping(self) -> bool:
        """Whether its entries can be edited one by one."""
        merges = (self.text[key.start : key.end] == "<<" for key, _ in self.span.entries)
        return self.span.shape is Shape.MAPPING and not any(merges)

    @property
    def is_sequence(self) -> bool:
        """Whether its items can be edited one by one."""
        return self.span.shape is Shape.SEQUENCE

    @property
    def written(self) -> str:
        """The text of the value, with what is between it and its `:` or `-`."""
        return self.text[self.start : self.span.end]

    def entries(self) -> dict[str, tuple[Span, Piece]]:
        """The values of a mapping, each with the place of its key. Raises `NotEditableError`."""
        # In their order, for a key may be written in several ways.
        pairs = zip(self.data.items(), self.span.entries, strict=True)
        return {key: (place, self._value(data, place, span)) for (key, data), (place, span) in pairs}

    def items(self) -> list[Piece]:
        """The items of a sequence. Raises `NotEditableError`."""
        return [self._item(data, span) for data, span in zip(self.data, self.span.items, strict=True)]

    def at(self, *path: Step) -> Piece:
        """The value at `path`. Raises `NotEditableError` when it is not written there, but where an alias leads."""
        piece = self
        for step in path:
            if isinstance(step, int) and piece.is_sequence:
                piece = piece.items()[step]
            elif isinstance(step, str) and piece.is_mapping:
                piece = piece.entries()[step][1]
            else:
                raise NotEditableError("it is written with aliases (`*`) or merge keys (`<<`)")
        return piece

    def _value(self, data: Any, key: Span, span: Span) -> Piece:
        if self.span.flow:
            return Piece(self.text, span, data, span.start, 0, self.json, in_flow=True)
        colon = key.end
        while self.text[colon : colon + 1] in (" ", "\t"):
            colon += 1
        if self.text[colon : colon + 1] != ":":
            raise NotEditableError("a key is written with `?`")
        return Piece(self.text, span, data, colon + 1, column(self.text, key.start), self.json)

    def _item(self, data: Any, span: Span) -> Piece:
        if self.span.flow:
            return Piece(self.text, span, data, span.start, 0, self.json, in_flow=True)
        dash = dash_before(self.text, span.start)
        return Piece(self.text, span, data, dash + 1, column(self.text, dash), self.json)


@dataclass(frozen=True, slots=True)
class Written:
    """One document of a file that is not empty."""

    span: DocumentSpan
    piece: Piece

    def objects(self) -> Iterator[tuple[tuple[Step, ...], Any]]:
        """The Kubernetes objects in it, with their paths: the items of a `List`, however nested, or itself."""
        return _objects(self.piece.data, ())


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as text, without the mark that some editors put before it, and its documents."""

    path: str
    text: str
    mark: str
    documents: tuple[Written, ...]

    def encoded(self, text: str) -> bytes:
        """The bytes of the file with `text` instead of its own."""
        return (self.mark + text).encode("utf-8")


def file_text(path: str, content: bytes) -> FileText:
    """Read a file. Raises `NotEditableError` when there is something wrong with it."""
    reading = read_documents(path, content)
    if reading.problems:
        raise NotEditableError(str(reading.problems[0]))
    whole = content.decode("utf-8")
    text = whole.removeprefix(_MARK)
    json = path.endswith(".json")  # as the reader of documents has it
    spans = {span.mark: span for span in document_spans(text, json=json)}
    documents = []
    for document in reading.documents:
        span = spans.get(document.node.mark)
        if span is None:
            raise NotEditableError("it is written in a way that cannot be followed")
        documents.append(Written(span, Piece(text, span.root, document.data, span.root.start, 0, json)))
    return FileText(path, text, _MARK if whole != text else "", tuple(documents))


def dash_before(text: str, start: int) -> int:
    """Where the `-` of the item that begins at `start` is. Raises `NotEditableError`."""
    line = line_start(text, start)
    before = text[line:start]
    while not before.strip() and line > 0:
        end = line - 1
        line = line_start(text, end)
        before = text[line:end].partition("#")[0]
    before = before.rstrip()
    if not before.endswith("-"):
        raise NotEditableError("an item of a list has no `-` before it")
    return line + len(before) - 1


def _objects(data: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], Any]]:
    if isinstance(data, dict) and data.get("apiVersion") == "v1" and data.get("kind") == "List":
        items: Sequence[Any] = data["items"] if isinstance(data.get("items"), list) else ()
        for index, item in enumerate(items):
            yield from _objects(item, (*path, "items", index))
    else:
        yield path, data
