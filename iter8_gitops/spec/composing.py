"""From YAML events to values: one document at a time, without recursion, within limits.

An alias shares the value it stands for; what the value would cost if written out is charged all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from iter8_gitops.spec.containers import MergeKey, OpenAnchor, OpenCollection, OpenList, OpenMapping
from iter8_gitops.spec.documents import MAX_NODES, BudgetSpent, Damaged, Document, Mark, Node, Source
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.scalars import JsonScalar, ScalarError, is_plain_collection, resolve, resolve_tagged, unknown_tag
from iter8_gitops.spec.wording import abridged

MAX_DEPTH = 64
"""Deepest nesting, aliases written out."""

MAX_PROBLEMS = 20
"""A document with more structural problems than this is not read further."""

_TEXT_PER_NODE = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
"""What the parser in Python lets through, and UTF-8 cannot carry."""


class Refusal(Exception):  # noqa: N818 - not an error of the program: the signal to stop reading
    """Nothing after this point of the text is read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for: a value, its nodes when written out, and how deep it is nested."""

    data: Any
    node: Node
    cost: int
    height: int


class Composer:
    """Builds the value of one document."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._budget = source.budget
        self._open: list[OpenCollection] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._problems: list[Problem] = []
        self._stopped = False
        self._data: Any = None
        self._node = Node((0, 0))

    def compose(self, events: Iterator[yaml.Event]) -> bool:
        """Take events up to the end of the document; False when there is no document any more.

        Raises `Refusal` when a limit is passed, and whatever `events` raise.
        """
        mark = (0, 0)
        try:
            for event in events:
                start = event.start_mark
                mark = (start.line, start.column) if start else mark
                if isinstance(event, yaml.ScalarEvent):
                    self._scalar(event, mark)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._end()
                elif isinstance(event, yaml.CollectionStartEvent):
                    self._begin(event, mark)
                elif isinstance(event, yaml.AliasEvent):
                    self._alias(event.anchor or "", mark)
                elif isinstance(event, yaml.DocumentEndEvent):
                    self._budget.spend(1)
                    return True
        except BudgetSpent:
            said = f"more than {MAX_NODES} values, counting all that aliases repeat"
            raise self._refusal(mark, said, "split the file, or use fewer aliases") from None
        return False

    def finished(self) -> Document | Damaged:
        """The document that was composed."""
        document = Document(self._data, self._source, self._node)
        return Damaged(document, tuple(self._problems), complete=True) if self._problems else document

    def stopped(self, problem: Problem) -> Damaged:
        """What was composed before `problem` ended the reading."""
        self._stopped = True
        while self._open:
            self._end()
        document = Document(self._data, self._source, self._node)
        return Damaged(document, (*self._problems, problem), complete=False)

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        word = event.value
        cost = 1 + len(word) // _TEXT_PER_NODE
        self._budget.spend(cost)
        node = Node(mark)
        if event.style == "|" and event.start_mark:
            node.literal = event.start_mark.index
        plain = event.implicit[0] and event.tag is None
        if plain and word == "<<" and self._open and self._open[-1].expects_key:
            self._add(MergeKey, node, mark, 1)
            return
        data: JsonScalar = word
        try:
            if plain:
                data = resolve(word)
            elif event.tag is not None and event.tag != "!":
                data = resolve_tagged(word, event.tag)
        except ScalarError as refused:
            self._complain(mark, refused.message, refused.hint)
        if not word.isascii() and _SURROGATE.search(word):
            self._complain(mark, "an escape in this text is not a character", "write the character itself")
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(data, node, cost, 1)
        self._add(data, node, mark, 1)

    def _begin(self, event: yaml.CollectionStartEvent, mark: Mark) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._too_deep(mark)
        anchor = None
        if event.anchor is not None:
            anchor = OpenAnchor(event.anchor, self._budget.left)
            self._anchors[event.anchor] = None
        self._budget.spend(1)
        mapping = isinstance(event, yaml.MappingStartEvent)
        if not is_plain_collection(event.tag, "map" if mapping else "seq"):
            refused = unknown_tag(event.tag or "")
            self._complain(mark, refused.message, refused.hint)
        if mapping:
            self._open.append(OpenMapping(mark, anchor, self._complain, self._line))
        else:
            self._open.append(OpenList(mark, anchor))

    def _end(self) -> None:
        ended = self._open.pop()
        data = ended.close()
        if ended.anchor is not None:
            cost = ended.anchor.budget - self._budget.left
            self._anchors[ended.anchor.name] = _Anchored(data, ended.node, cost, ended.height)
        self._add(data, ended.node, ended.node.mark, ended.height)

    def _alias(self, name: str, mark: Mark) -> None:
        target = self._anchors.get(name)
        if target is None:
            shown = abridged(name)
            if name in self._anchors:
                self._complain(mark, f"*{shown} stands inside &{shown}: a value cannot hold itself")
            else:
                self._complain(mark, f"*{shown} stands for nothing", f"define &{shown} before it")
            target = _Anchored(None, Node(mark), 1, 1)
        self._budget.spend(target.cost)
        if len(self._open) + target.height > MAX_DEPTH:
            raise self._too_deep(mark)
        self._add(target.data, target.node, mark, target.height)

    def _add(self, data: Any, node: Node, mark: Mark, height: int) -> None:
        if not self._open:
            self._data, self._node = data, node
            return
        around = self._open[-1]
        if height >= around.height:
            around.height = height + 1
        around.add(data, node, mark)

    def _line(self, mark: Mark) -> int:
        return self._source.locate(mark)[0]

    def _too_deep(self, mark: Mark) -> Refusal:
        return self._refusal(mark, f"nested deeper than {MAX_DEPTH} levels", "write it flatter")

    def _refusal(self, mark: Mark, message: str, hint: str) -> Refusal:
        return Refusal(self._source.problem(mark, message, hint))

    def _complain(self, mark: Mark, message: str, hint: str = "") -> None:
        if self._stopped:
            return
        if len(self._problems) >= MAX_PROBLEMS:
            raise self._refusal(mark, "too many problems: the rest is not read", "correct the ones before")
        self._problems.append(self._source.problem(mark, message, hint))
