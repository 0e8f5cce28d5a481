"""YAML text to documents. Whatever is wrong becomes a problem with its line and column; nothing raises."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from iter8_gitops.spec.composing import Composer, Refusal
from iter8_gitops.spec.documents import (
    Budget,
    Damaged,
    Document,
    Mark,
    Reading,
    Source,
    Step,
)
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.syntax import explain_syntax_error

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_LINES = re.compile("([^\n\r\x85\u2028\u2029]*)(?:\r\n|[\n\r\x85\u2028\u2029]|$)")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LITERAL_HEADER = re.compile(r"(?:[&!]\S*\s+){0,2}\|")
_TAG_DIRECTIVES = re.compile("^%TAG", re.MULTILINE)
_MOST_TAG_DIRECTIVES = 100
"""The parser compares every such line with all before it; and tags of one's own are refused anyway."""
_JSON_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_BYTE_ORDER_MARK = "\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_documents(path: str, content: bytes) -> Reading:
    """Every document of a YAML or JSON file that is not empty. `path` is what problems call the file."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Reading(refusals=(_not_utf_8(path, content, error.start),))
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if path.endswith(".json"):
        text = _JSON_PAIR.sub(_join_surrogates, text)
    return _read(Source(path, text, Budget()))


def read_embedded(document: Document, *path: Step) -> Reading:
    """The documents written as text in the value at `path`, with positions in the outer file.

    Positions are exact in a literal block (`|`). Folded and quoted texts have moved: there every
    position is that of the value. The nodes count towards the limit of the outer file.
    """
    return _read(embedded_source(document, *path))


def embedded_source(document: Document, *path: Step) -> Source:
    """The text at `path`, and where it stands in the outer file; its positions are as `read_embedded` says."""
    value = document.at(*path)
    outer, node, text = value.source, value.node, str(value.data)
    header = _LITERAL_HEADER.match(outer.text, node.literal) if node.literal >= 0 and outer.exact else None
    if header is None:
        line, column = outer.locate(node.mark)
        return Source(outer.file, text, outer.budget, line - 1, column - 1, exact=False)
    header_lines = 1 + sum(1 for _ in _LINE_BREAK.finditer(header[0]))
    indent = _indent_of_literal(outer.text, header.end(), text)
    return Source(outer.file, text, outer.budget, outer.line + node.mark[0] + header_lines, outer.column + indent)


def _read(source: Source) -> Reading:
    refused = _unreadable(source)
    if refused:
        return Reading(refusals=(refused,))
    documents: list[Document] = []
    damaged: list[Damaged] = []
    events = _events(source.text)
    composer = Composer(source)
    try:
        while composer.compose(events):
            finished = composer.finished()
            if isinstance(finished, Damaged):
                damaged.append(finished)
            elif finished.data is not None:
                documents.append(finished)
            composer = Composer(source)
    except Refusal as refusal:
        damaged.append(composer.stopped(refusal.problem))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The parser in Python lets some errors of `int` and `chr` through.
        damaged.append(composer.stopped(explain_syntax_error(error, source)))
    return Reading(tuple(documents), tuple(damaged))


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _Loader(text)
    try:
        while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
            yield event
    finally:
        loader.dispose()


def _unreadable(source: Source) -> Problem | None:
    found = _UNPRINTABLE.search(source.text)
    if found:
        said = f"character U+{ord(found[0]):04X} is not allowed in YAML"
        return source.problem(
            _mark_of(source.text, found.start()), said, "remove it, or write it as an escape in double quotes"
        )
    directives = _TAG_DIRECTIVES.finditer(source.text)
    for count, directive in enumerate(directives):
        if count == _MOST_TAG_DIRECTIVES:
            return source.problem(_mark_of(source.text, directive.start()), "too many %TAG lines", "remove them")
    return None


def _not_utf_8(path: str, content: bytes, offset: int) -> Problem:
    hint = "save the file as UTF-8"
    if content.startswith(_UTF_16):
        hint = "the file looks like UTF-16, as some shells on Windows write it: save it as UTF-8"
    before = content[:offset].decode("utf-8")
    line, column = _mark_of(before, len(before))
    return Problem(
        path,
        line + 1,
        column + 1,
        f"not UTF-8: byte {offset} (0x{content[offset]:02x}) begins no character",
        hint,
        code=Code.SYNTAX,
    )


def _mark_of(text: str, index: int) -> Mark:
    line, start = 0, 0
    for found in _LINE_BREAK.finditer(text, 0, index):
        line, start = line + 1, found.end()
    return line, index - start


def _join_surrogates(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return f"{pair[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


def _indent_of_literal(outer: str, header_end: int, text: str) -> int:
    """How far the lines of a literal block were indented: what its first line with content has lost."""
    written = _LINES.finditer(outer, header_end)
    next(written)  # The rest of the line that announces the block.
    for before, after in zip(written, _LINES.finditer(text), strict=False):
        if after[1].strip():
            return len(before[1]) - len(after[1])
    return 0
