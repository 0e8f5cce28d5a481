"""Mappings and lists while they are being read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from iter8_gitops.spec.documents import Mark, Node
from iter8_gitops.spec.wording import abridged, kind_of

Complain: TypeAlias = Callable[[Mark, str, str], None]
"""Takes where, what is wrong, and what to do."""


class MergeKey:
    """Stands for the unquoted key `<<`, which copies the entries of other mappings."""


@dataclass(frozen=True, slots=True)
class OpenAnchor:
    """The anchor of a collection that is still open, and what the budget was before it."""

    name: str
    budget: int


class OpenCollection(ABC):
    """What a mapping and a list have in common. `height` is how deep the values inside are nested, plus one."""

    __slots__ = ("anchor", "height", "node")

    def __init__(self, mark: Mark, anchor: OpenAnchor | None) -> None:
        self.node = Node(mark)
        self.anchor = anchor
        self.height = 1

    @abstractmethod
    def add(self, data: Any, node: Node, mark: Mark) -> None:
        """Take the next key or value, which was written at `mark`."""

    @abstractmethod
    def close(self) -> Any:
        """The finished value."""

    @property
    def expects_key(self) -> bool:
        """Whether the next value is the key of a mapping."""
        return False


class OpenList(OpenCollection):
    """A list that is being read."""

    __slots__ = ("_data", "_nodes")

    def __init__(self, mark: Mark, anchor: OpenAnchor | None) -> None:
        super().__init__(mark, anchor)
        self._data: list[Any] = []
        self._nodes: list[Node] = []
        self.node.children = self._nodes

    def add(self, data: Any, node: Node, mark: Mark) -> None:  # noqa: ARG002 - as in the base class
        """Take the next item."""
        self._data.append(data)
        self._nodes.append(node)

    def close(self) -> list[Any]:
        """The finished list."""
        return self._data


class OpenMapping(OpenCollection):
    """A mapping that is being read. The first of two equal keys is kept, and the second complained of."""

    __slots__ = ("_complain", "_data", "_entries", "_key", "_key_mark", "_line", "_merged", "_waiting")

    def __init__(self, mark: Mark, anchor: OpenAnchor | None, complain: Complain, line: Callable[[Mark], int]) -> None:
        super().__init__(mark, anchor)
        self._complain = complain
        self._line = line
        self._data: dict[str, Any] = {}
        self._entries: dict[str, tuple[Mark, Node]] = {}
        self.node.children = self._entries
        self._waiting = False
        self._key: Any = None
        self._key_mark = mark
        self._merged: list[tuple[Any, Node]] | None = None

    def add(self, data: Any, node: Node, mark: Mark) -> None:
        """Take the next key, or the value of the last key."""
        if not self._waiting:
            self._waiting, self._key, self._key_mark = True, data, mark
            return
        self._waiting = False
        key = self._key
        if isinstance(key, str):
            if key in self._entries:
                first = self._line(self._entries[key][0])
                self._complain(
                    self._key_mark,
                    f"duplicate key `{abridged(key)}`",
                    f"it is already on line {first}; remove one",
                )
                return
            self._data[key] = data
            self._entries[key] = (self._key_mark, node)
        elif key is MergeKey:
            self._merge(data, node)
        else:
            self._complain(self._key_mark, f"this key is {kind_of(key)}; a key must be text", _key_hint(key))

    def close(self) -> dict[str, Any]:
        """The finished mapping. Its own entries win over merged ones, earlier merged ones over later."""
        for data, node in self._merged or ():
            entries = node.children
            for key, value in data.items():
                if key not in self._entries and isinstance(entries, dict):
                    self._data[key] = value
                    self._entries[key] = entries[key]
        return self._data

    @property
    def expects_key(self) -> bool:
        """Whether the next value is a key, and not the value of one."""
        return not self._waiting

    def _merge(self, data: Any, node: Node) -> None:
        if self._merged is not None:
            self._complain(self._key_mark, "duplicate key `<<`", "merge several mappings as a list: <<: [*a, *b]")
            return
        nodes = node.children if isinstance(node.children, list) else [node]
        sources = list(zip(data if isinstance(data, list) else [data], nodes, strict=True))
        if not all(isinstance(source, dict) for source, _ in sources):
            self._complain(self._key_mark, "`<<` merges only mappings", "name mappings, or quote the key")
            return
        self._merged = sources


def _key_hint(key: Any) -> str:
    if isinstance(key, (dict, list)):
        return "if this is meant to be text with braces, quote it"
    return "quote it"
