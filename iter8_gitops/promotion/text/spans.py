"""Where each value of a text is written: from YAML events to a tree of places. JSON is read as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_JSON_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_KEPT_BREAKS = re.compile(r"[|>][0-9]?\+")
_BLANK_LINES = re.compile(r"(?:\r?\n[ \t]*)+$")


class Mark(Protocol):
    """A place as the parser tells it, in characters from 0."""

    @property
    def index(self) -> int:
        """In the text."""

    @property
    def line(self) -> int:
        """Which line."""

    @property
    def column(self) -> int:
        """On its line."""


class Shape(Enum):
    """What a value looks like in the text."""

    SCALAR = "scalar"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    ALIAS = "alias"


@dataclass(slots=True)
class Span:
    """A value from `start` to `end`, which are indices in its text; an anchor and a tag belong to it.

    The end of a block is that of its last value, without the line break. `style` is that of a scalar: "" (plain),
    `'`, `"`, `|` or `>`. `flow` says that a collection is in brackets. `shared` says that an anchor or an
    alias is in it, so that its text does not stand alone.
    """

    shape: Shape
    start: int
    end: int
    style: str = ""
    flow: bool = False
    shared: bool = False
    entries: list[tuple[Span, Span]] = field(default_factory=list)
    items: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DocumentSpan:
    """A document from its `---`, or its first value, to the start of the next; `mark` is where its value begins."""

    start: int
    end: int
    explicit: bool
    root: Span
    mark: tuple[int, int]


def document_spans(text: str, *, json: bool = False) -> tuple[DocumentSpan, ...]:
    """Every document of `text`, also empty ones. Raises `yaml.YAMLError` for what cannot be parsed."""
    return tuple(_documents(text, list(_events(_without_surrogates(text) if json else text))))


def _without_surrogates(text: str) -> str:
    """The same places without the one thing in JSON that is not YAML: characters written as two escapes."""
    return _JSON_PAIR.sub(lambda pair: pair[1] + "." * 12, text)


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _Loader(text)
    try:
        while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
            yield event
    finally:
        loader.dispose()


def _documents(text: str, events: list[yaml.Event]) -> Iterator[DocumentSpan]:
    starts = [_begin(event).index for event in events if isinstance(event, yaml.DocumentStartEvent)]
    ends = [*starts[1:], len(text)]
    tree = _Tree(text)
    count = 0
    explicit, mark = False, None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            tree, explicit, mark = _Tree(text), bool(event.explicit), None
        elif isinstance(event, yaml.DocumentEndEvent):
            yield DocumentSpan(starts[count], ends[count], explicit, tree.root, mark or (0, 0))
            count += 1
        elif not isinstance(event, yaml.StreamStartEvent):
            mark = mark or (_begin(event).line, _begin(event).column)
            tree.take(event)


def _begin(event: yaml.Event) -> Mark:
    if event.start_mark is None:
        raise yaml.YAMLError("the parser does not say where a value begins")
    return event.start_mark


def _finish(event: yaml.Event) -> Mark:
    if event.end_mark is None:
        raise yaml.YAMLError("the parser does not say where a value ends")
    return event.end_mark


class _Tree:
    """Builds the tree of one document, without recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[tuple[Span, list[Span]]] = []
        self.root = Span(Shape.SCALAR, 0, 0)

    def take(self, event: yaml.Event) -> None:
        start, end = _begin(event).index, _finish(event).index
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            end = self._end_of_block(start, end) if style in ("|", ">") else end
            self._add(Span(Shape.SCALAR, start, end, style, shared=event.anchor is not None))
        elif isinstance(event, yaml.AliasEvent):
            self._add(Span(Shape.ALIAS, start, end, shared=True))
        elif isinstance(event, yaml.CollectionStartEvent):
            shape = Shape.MAPPING if isinstance(event, yaml.MappingStartEvent) else Shape.SEQUENCE
            shared = event.anchor is not None
            self._open.append((Span(shape, start, end, flow=bool(event.flow_style), shared=shared), []))
        else:
            self._close(end)

    def _close(self, end: int) -> None:
        span, parts = self._open.pop()
        if span.shape is Shape.MAPPING:
            span.entries = list(zip(parts[::2], parts[1::2], strict=True))
        else:
            span.items = parts
        span.shared = span.shared or any(part.shared for part in parts)
        span.end = end if span.flow else parts[-1].end
        self._add(span)

    def _add(self, span: Span) -> None:
        if self._open:
            self._open[-1][1].append(span)
        else:
            self.root = span

    def _end_of_block(self, start: int, end: int) -> int:
        """The end of the last line of a literal or folded text; line breaks at its end belong to it with `+` only."""
        written = self._text[start:end]
        if _KEPT_BREAKS.search(written.partition("\n")[0]):
            return end
        return start + len(_BLANK_LINES.sub("", written))
