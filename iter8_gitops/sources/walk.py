"""Finds the YAML files of a tree of folders, files and symbolic links, wherever that tree is stored.

Links are followed when they stay inside the tree. Every folder is entered once and every file is found
once, under its own path when that is below the start, so links can neither multiply work nor routemaps.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.selection import Limits, is_skipped, is_yaml, may_matter, printable


class Kind(enum.Enum):
    """What an entry of a folder is. OTHER is anything that has no content: a FIFO, a device, a socket."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Found:
    """A YAML file at `place`, to be shown as `path`; or, with `refusal` set, something that is not read."""

    path: str
    place: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a walk found, ordered by path, and the places of the folders and of the links that it met."""

    found: tuple[Found, ...]
    folders: frozenset[str]
    links: frozenset[str] = frozenset()


class RefusedError(Exception):
    """An entry cannot be followed or listed; the text says why, in words for people."""


class BrokenLinkError(RefusedError):
    """A link has no target that could be looked at, so that nobody knows what it stood for."""


class Store(Protocol):
    """A tree of entries. A place names one entry: slash-separated, without links in it; the top may be empty."""

    def entries(self, folder: str) -> Iterable[tuple[str, Kind]]:
        """Return names and kinds of what is in the folder at this place. Raises RefusedError."""
        ...

    def follow(self, link: str) -> tuple[str, Kind]:
        """Return the place and kind that a link leads to, never LINK. Raises RefusedError."""
        ...


@dataclass(slots=True)
class _Walk:
    store: Store
    limits: Limits
    found: list[Found] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)

    def enter(self, place: str, shown: str) -> None:
        """Find everything below the folder at `place` except through links, which are kept for later."""
        waiting = [(place, shown)]
        while waiting:
            place, shown = waiting.pop()
            if place in self.entered:
                continue
            self.entered.add(place)
            if len(self.entered) > self.limits.folders:
                _give_up(f"more than {self.limits.folders:,} folders")
            for name, kind in self._entries(place, shown):
                if is_skipped(name):
                    continue
                below, below_shown = _join(place, name), _join(shown, name)
                if kind is Kind.FOLDER:
                    waiting.append((below, below_shown))
                elif kind is Kind.LINK:
                    self.links.append((below_shown, below))
                elif is_yaml(name):
                    self.add(below, below_shown, kind)

    def add(self, place: str, shown: str, kind: Kind) -> None:
        if kind is Kind.OTHER:
            self.refuse(shown, "not a regular file")
        elif place not in self.places:
            self.places.add(place)
            self._append(Found(printable(shown), place))

    def refuse(self, shown: str, reason: str) -> None:
        self._append(Found(printable(shown), "", reason))

    def follow_links(self) -> None:
        """Follow the links met so far and those met on the way, in an order that depends on names only."""
        while self.links:
            links, self.links = sorted(self.links), []
            self.met.update(place for _, place in links)
            for shown, link in links:
                self._follow(shown, link)

    def _follow(self, shown: str, link: str) -> None:
        name = shown.rpartition("/")[2]
        try:
            place, kind = self.store.follow(link)
        except BrokenLinkError as error:
            if may_matter(name):
                self.refuse(shown, str(error))
            return
        except RefusedError as error:
            self.refuse(shown, str(error))
            return
        if kind is not Kind.FOLDER:
            if is_yaml(name):
                self.add(place, shown, kind)
        elif _is_above(place, link):
            self.refuse(shown, "the symbolic link leads to a folder that contains it")
        else:
            self.enter(place, shown)

    def _entries(self, place: str, shown: str) -> list[tuple[str, Kind]]:
        try:
            return list(self.store.entries(place))
        except RefusedError as error:
            if not shown:
                raise SourceUnavailableError(str(error)) from error
            self.refuse(shown, str(error))
            return []

    def _append(self, found: Found) -> None:
        self.found.append(found)
        if len(self.found) > self.limits.files:
            _give_up(f"more than {self.limits.files:,} YAML files")


def find_files(store: Store, start: str, limits: Limits) -> Survey:
    """Return the YAML files below the folder at `start`, with paths relative to it, ordered by path.

    A folder that is refused is reported with its own path. Raises SourceUnavailableError when the tree
    is over the limits or `start` cannot be listed.
    """
    walk = _Walk(store, limits)
    walk.enter(start, "")
    walk.follow_links()
    found = tuple(sorted(walk.found, key=lambda found: found.path))
    return Survey(found, frozenset(walk.entered), frozenset(walk.met))


def _give_up(what: str) -> None:
    message = f"it holds {what}; point to a narrower folder"
    raise SourceUnavailableError(message)


def _join(place: str, name: str) -> str:
    return f"{place.rstrip('/')}/{name}" if place else name


def _is_above(folder: str, link: str) -> bool:
    return not folder or link.startswith(folder.rstrip("/") + "/")
