"""All sources merged, and kept merged as files change, at a price that depends on what changed.

What comes out is the same whatever came in between: a function of the newest trees and of what was in force.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from iter8_gitops.core.broken import broken_place, folders_above
from iter8_gitops.core.desired import Decision, Declared, DecodedChanges, DecodedTree, decide, duplicate
from iter8_gitops.core.document_problems import DocumentProblems, laid
from iter8_gitops.spec.files import DecodedRoutemap, FileContents
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import Origin

_Place: TypeAlias = tuple[str, str]
"""A source and a path in it."""


@dataclass(frozen=True, slots=True)
class Desired:
    """The routemaps in force by application, and every problem by source."""

    declared: Mapping[str, Declared] = field(default_factory=dict)
    problems: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redeclared:
    """What a revision changed: routemaps in force that are new or different, and the applications that went."""

    changed: Mapping[str, Declared]
    removed: frozenset[str]


def desired(trees: Sequence[DecodedTree], previous: Mapping[str, Declared]) -> Desired:
    """Merge `trees` (one per source that has delivered) with what was in force before."""
    merged = Merged([tree.source for tree in trees], previous)
    merged.take(DecodedChanges(tree.source, tree.revision, tree.files) for tree in trees)
    return Desired(merged.declared, merged.problems)


class Merged:
    """The routemaps in force, of `sources` in the order of their precedence; `previous` is what was in force before.

    Owned and changed by one caller. Indexes lead from a file to the applications that it may concern, and back.
    """

    def __init__(self, sources: Sequence[str], previous: Mapping[str, Declared]) -> None:
        self._rank = {source: rank for rank, source in enumerate(sources)}
        self._files: dict[str, dict[str, FileContents]] = {}
        self._revisions: dict[str, str] = {}
        self._written: defaultdict[str, dict[_Place, tuple[DecodedRoutemap, ...]]] = defaultdict(dict)
        self._broken: Counter[str] = Counter()
        self._declared: dict[str, Declared] = {}
        self._from: dict[_Place, set[str]] = {}
        self._below: dict[_Place, set[str]] = {}
        self._problems = DocumentProblems()
        for application, declared in previous.items():
            self._put(application, declared)

    @property
    def declared(self) -> Mapping[str, Declared]:
        """The routemaps in force by application; a view, which later changes show."""
        return MappingProxyType(self._declared)

    @property
    def problems(self) -> Mapping[str, tuple[Problem, ...]]:
        """Every problem, in order, by source that has delivered."""
        return self._problems.by_source()

    def take(self, news: Iterable[DecodedChanges]) -> Redeclared:
        """Take in what changed in sources, all of it at once: nothing is in force for a part of it."""
        concerned: set[str] = set()
        places: set[_Place] = set()
        for each in news:
            concerned |= self._take(each)
            places.update((each.source, path) for path in (*each.changed, *each.removed))
        changed: dict[str, Declared] = {}
        removed: set[str] = set()
        for application in concerned:
            before = self._declared.get(application)
            decision = self._decide(application, before)
            after = decision.declared
            for declared in (before, after):
                places |= self._holders(declared.origin) if declared is not None else set()
            if after is None and before is not None:
                removed.add(application)
            if after is not None and after != before:
                changed[application] = after
            self._put(application, after)
            self._note_duplicates(application, decision)
        for place in places:
            self._note_file(place)
        return Redeclared(changed, frozenset(removed))

    def _take(self, news: DecodedChanges) -> set[str]:
        """Replace files. Returns the applications that this may concern."""
        source, concerned = news.source, set[str]()
        if source not in self._files:
            self._files[source] = {}
            self._problems.begin(source)
            concerned |= {each for each, declared in self._declared.items() if declared.origin.source == source}
        self._revisions[source] = news.revision
        files = self._files[source]
        for path in news.removed:
            concerned |= self._replace(source, path, files.pop(path, None), None)
        for path, contents in news.changed.items():
            before = files.get(path)
            files[path] = contents
            concerned |= self._replace(source, path, before, contents)
        return concerned

    def _replace(self, source: str, path: str, before: FileContents | None, after: FileContents | None) -> set[str]:
        place = source, path
        concerned = set(self._from.get(place, ()))
        for contents in (before, after):
            if contents is not None:
                concerned |= contents.broken
                concerned |= self._below.get(place, set()) if contents.unreadable else set()
        for application in _written_in(before):
            concerned.add(application)
            del self._written[application][place]
        for application, routemaps in _written_in(after).items():
            concerned.add(application)
            self._written[application][place] = tuple(routemaps)
        self._broken.subtract(before.broken if before is not None else ())
        self._broken.update(after.broken if after is not None else ())
        return concerned

    def _decide(self, application: str, before: Declared | None) -> Decision:
        broken, unread = self._broken[application] > 0, False
        if not broken:
            del self._broken[application]
        if before is not None:
            files = self._files.get(before.origin.source)
            unread = files is None
            broken = broken or (files is not None and broken_place(before.origin.path, files) is not None)
        return decide(list(self._places(application)), before, unread=unread, broken=broken)

    def _places(self, application: str) -> Iterator[Declared]:
        written = self._written[application]
        if not written:
            del self._written[application]
        for place in sorted(written, key=lambda place: (self._rank[place[0]], place[1])):
            origin = Origin(*place, self._revisions[place[0]])
            for decoded in written[place]:
                yield Declared(decoded.routemap, origin, decoded.line)

    def _put(self, application: str, after: Declared | None) -> None:
        before = self._declared.get(application)
        if after is None:
            self._declared.pop(application, None)
        else:
            self._declared[application] = after
        if before is not None and after is not None and before.origin == after.origin:
            return
        for declared, change in ((before, set.discard), (after, set.add)):
            if declared is not None:
                source, path = declared.origin.source, declared.origin.path
                _reindex(self._from, (source, path), application, change)
                for folder in folders_above(path):
                    _reindex(self._below, (source, folder), application, change)

    def _holders(self, origin: Origin) -> set[_Place]:
        """The file that a routemap came from and the folders above it: one of these may hold it back."""
        return {(origin.source, path) for path in (origin.path, *folders_above(origin.path))}

    def _note_duplicates(self, application: str, decision: Decision) -> None:
        found: dict[str, list[Problem]] = {}
        if decision.declared is not None:
            for other in decision.duplicates:
                found.setdefault(other.origin.source, []).append(duplicate(application, decision.declared, other))
        for source in self._files:
            self._problems.put(source, ("application", application), found.get(source, ()))

    def _note_file(self, place: _Place) -> None:
        source, path = place
        files = self._files.get(source)
        if files is None:
            return
        contents = files.get(path)
        held_back = self._held_back(source, path) if contents is not None else []
        self._problems.put(source, ("file", path), laid(contents, held_back) if contents is not None else ())

    def _held_back(self, source: str, path: str) -> list[str]:
        """The applications that stay as they were because of the file at `path`, which is there."""
        files = self._files[source]
        contents = files[path]
        came = self._from.get((source, path), set()) | self._below.get((source, path), set())
        if not came or not (contents.unreadable or contents.problems):
            return []
        fresh = {decoded.routemap.application for decoded in contents.routemaps}
        return [
            application
            for application in sorted(came - fresh)
            if broken_place(self._declared[application].origin.path, files) == path
        ]


def _written_in(contents: FileContents | None) -> Mapping[str, list[DecodedRoutemap]]:
    written: dict[str, list[DecodedRoutemap]] = {}
    for decoded in contents.routemaps if contents is not None else ():
        written.setdefault(decoded.routemap.application, []).append(decoded)
    return written


def _reindex(
    index: dict[_Place, set[str]], place: _Place, application: str, change: Callable[[set[str], str], None]
) -> None:
    change(index.setdefault(place, set()), application)
    if not index[place]:
        del index[place]
