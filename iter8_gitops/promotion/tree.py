"""The files of a commit, and the objects and routemaps in them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from iter8_gitops.promotion.text.editing import Place
from iter8_gitops.promotion.text.pieces import FileText, NotEditableError, file_text
from iter8_gitops.promotion.text.values import same
from iter8_gitops.spec.files import DecodedResource, DecodedRoutemap, FileContents, decode_file
from iter8_gitops.spec.forms import recognise
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.tree import SourceFile

Key = tuple[str, str, str]
"""API group, kind and name of an object."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object, and where it is written."""

    path: str
    decoded: DecodedResource

    @property
    def resource(self) -> Resource:
        """The object."""
        return self.decoded.resource

    def place_in(self, text: FileText) -> Place:
        """Where it is in the text of its file. Raises `NotEditableError`."""
        return place_of(text, self.decoded.line, self._is_it)

    def _is_it(self, data: Any) -> bool:
        return isinstance(data, dict) and same(data, dict(self.resource.manifest))

    @property
    def place(self) -> str:
        """`path:line`."""
        return f"{self.path}:{self.decoded.line}"


@dataclass(frozen=True, slots=True)
class FoundRoutemap:
    """A routemap, and where it is written."""

    path: str
    decoded: DecodedRoutemap

    @property
    def routemap(self) -> Routemap:
        """The routemap."""
        return self.decoded.routemap

    def place_in(self, text: FileText) -> Place:
        """Where it is in the text of its file. Raises `NotEditableError`."""
        return place_of(text, self.decoded.line, self._is_it)

    def _is_it(self, data: Any) -> bool:
        metadata = data.get("metadata") if recognise(data) is not None else None
        return isinstance(metadata, dict) and metadata.get("name") == self.routemap.name

    @property
    def place(self) -> str:
        """`path:line`."""
        return f"{self.path}:{self.decoded.line}"


class Tree:
    """All YAML files of a commit by path. Objects and routemaps count below the folder `scope` only.

    Objects that state no namespace are in `namespace`, if any.
    """

    def __init__(
        self, files: Mapping[str, SourceFile], kinds: KindTable, scope: str = "", namespace: str | None = None
    ) -> None:
        self.files = files
        self.kinds = kinds
        self.scope = scope
        self.namespace = namespace

    @cached_property
    def contents(self) -> Mapping[str, FileContents]:
        """What each file holds."""
        return {
            path: decode_file(file, self.kinds, self.namespace)
            for path, file in sorted(self.files.items())
            if self.in_scope(path) and path.lower().endswith((".yaml", ".yml", ".json"))
        }

    @cached_property
    def objects(self) -> Mapping[Key, tuple[Found, ...]]:
        """All objects, by what a routemap names them by."""
        found: dict[Key, list[Found]] = defaultdict(list)
        for each in self.all_objects():
            identity = each.resource.id
            found[identity.group, identity.kind, identity.name].append(each)
        return {key: tuple(places) for key, places in found.items()}

    @cached_property
    def routemaps(self) -> Mapping[str, tuple[FoundRoutemap, ...]]:
        """All routemaps by application."""
        found: dict[str, list[FoundRoutemap]] = defaultdict(list)
        for path, contents in self.contents.items():
            for decoded in contents.routemaps:
                found[decoded.routemap.application].append(FoundRoutemap(path, decoded))
        return {application: tuple(places) for application, places in found.items()}

    def all_objects(self) -> Iterator[Found]:
        """All objects, by path and line."""
        for path, contents in self.contents.items():
            yield from (Found(path, decoded) for decoded in contents.resources)

    def problems(self, application: str) -> tuple[Problem, ...]:
        """What is wrong with the documents that are about `application`."""
        found = (problem for contents in self.contents.values() for problem in contents.problems)
        return tuple(problem for problem in found if problem.application == application)

    def in_scope(self, path: str) -> bool:
        """Whether what is in a file counts."""
        return not self.scope or path == self.scope or path.startswith(f"{self.scope}/")

    def text(self, path: str) -> FileText:
        """A file as text. Raises `NotEditableError`."""
        file = self.files[path]
        if file.refusal:
            raise NotEditableError(file.refusal)
        return file_text(path, file.content)

    def alone(self, path: str, content: bytes) -> Tree:
        """A tree of one file, read by the same rules."""
        return Tree({path: SourceFile(path, "", content)}, self.kinds, self.scope, self.namespace)

    def with_files(self, changes: Mapping[str, bytes | None]) -> Tree:
        """The tree with other contents; None removes a file."""
        files = {path: file for path, file in self.files.items() if path not in changes}
        files |= {path: SourceFile(path, "", content) for path, content in changes.items() if content is not None}
        return Tree(files, self.kinds, self.scope, self.namespace)


def place_of(text: FileText, line: int, fits: Callable[[Any], bool]) -> Place:
    """Where the object is that begins on `line` (from 1) and fits. Raises `NotEditableError`."""
    for index, written in enumerate(text.documents):
        for path, data in written.objects():
            if fits(data) and text.text.count("\n", 0, written.piece.at(*path).span.start) + 1 == line:
                return Place(index, path)
    raise NotEditableError("it is written in a way that cannot be followed")
