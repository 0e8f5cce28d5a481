"""YAML documents as JSON values that still know where each value was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from iter8_gitops.spec.problem import Code, Problem

Mark: TypeAlias = tuple[int, int]
"""Line and column in one text, counting from 0."""

Step: TypeAlias = str | int
"""A key of a mapping, or an index of a list."""

MAX_NODES = 500_000
"""Most nodes that one file may hold, with everything that aliases repeat and that embedded texts hold."""


class BudgetSpent(Exception):  # noqa: N818 - not an error of the program: the signal to stop reading
    """A file holds more than `MAX_NODES`."""


@dataclass(slots=True)
class Budget:
    """What a file may still cost, in nodes. A node costs one more for every 32 characters of its text,
    so that an alias repeats neither many nodes nor long texts for free."""

    left: int = MAX_NODES

    def spend(self, cost: int) -> None:
        """Raises `BudgetSpent` when nothing is left."""
        self.left -= cost
        if self.left < 0:
            raise BudgetSpent


@dataclass(frozen=True, slots=True)
class Source:
    """A text, and where it stands in its file.

    `line` and `column` (from 0) are where the text begins. `exact` is False for a text that was folded
    or unescaped on its way, so that no position in it is known except its beginning.
    """

    file: str
    text: str
    budget: Budget
    line: int = 0
    column: int = 0
    exact: bool = True

    def locate(self, mark: Mark) -> tuple[int, int]:
        """The line and column of `mark` in the file, counting from 1."""
        if not self.exact:
            return self.line + 1, self.column + 1
        return self.line + mark[0] + 1, self.column + mark[1] + 1

    def problem(self, mark: Mark, message: str, hint: str = "") -> Problem:
        """A problem of the text itself, at `mark`."""
        return Problem(self.file, *self.locate(mark), message, hint, code=Code.SYNTAX)


@dataclass(slots=True)
class Node:
    """Where a value was written: its own mark, and the nodes inside it (with the marks of their keys).

    `literal` is the index in the text at which a literal block (`|`) was announced, else -1.
    """

    mark: Mark
    children: dict[str, tuple[Mark, Node]] | list[Node] | None = None
    literal: int = -1

    def child(self, step: Step) -> tuple[Mark, Node] | None:
        """The mark of the key (or of the list item) and the node at `step`, if there is one."""
        if isinstance(self.children, dict):
            return self.children.get(step) if isinstance(step, str) else None
        if isinstance(self.children, list) and isinstance(step, int) and 0 <= step < len(self.children):
            node = self.children[step]
            return node.mark, node
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document, or a part of one. `data` holds plain JSON values and is never mutated."""

    data: Any
    source: Source = field(repr=False)
    node: Node = field(repr=False)

    @property
    def file(self) -> str:
        """The path of the file, as its source calls it."""
        return self.source.file

    def position(self, *path: Step) -> tuple[int, int]:
        """Line and column (from 1) of the value at `path`, or of the nearest value around it that exists."""
        return self.source.locate(self._nearest(path)[1].mark)

    def key_position(self, *path: Step) -> tuple[int, int]:
        """Line and column (from 1) of the key that `path` ends with, or of the nearest value around it."""
        return self.source.locate(self._nearest(path)[0])

    def at(self, *path: Step) -> Document:
        """The part at `path`, which must exist."""
        data, node = self.data, self.node
        for step in path:
            found = node.child(step)
            if found is None:
                raise KeyError(path)
            data, node = data[step], found[1]
        return Document(data, self.source, node)

    def objects(self) -> Iterator[Document]:
        """The Kubernetes objects in this document: the items of a `v1` `List`, however nested, or itself."""
        data = self.data
        if isinstance(data, dict) and data.get("apiVersion") == "v1" and data.get("kind") == "List":
            items = data.get("items")
            for index in range(len(items) if isinstance(items, list) else 0):
                yield from self.at("items", index).objects()
        else:
            yield self

    def _nearest(self, path: tuple[Step, ...]) -> tuple[Mark, Node]:
        mark, node = self.node.mark, self.node
        for step in path:
            found = node.child(step)
            if found is None:
                return node.mark, node
            mark, node = found
        return mark, node


@dataclass(frozen=True, slots=True)
class Damaged:
    """A document that must not be used as it stands.

    `document` holds what could be read of it, good only for telling whose it is. `complete` is False
    when reading stopped in the middle, so that something may be missing.
    """

    document: Document
    problems: tuple[Problem, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything found in one text. `documents` are whole; `refusals` say why the text was not read at all."""

    documents: tuple[Document, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    refusals: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the text: when there is nothing, `documents` are all of it."""
        return self.refusals + tuple(problem for damaged in self.damaged for problem in damaged.problems)
