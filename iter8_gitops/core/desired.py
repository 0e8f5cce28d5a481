"""What people want: the routemaps of all sources, each on its last good version when the present one is broken.

The rules:
- a document that cannot be decoded never takes its routemap away: while a file has a problem, the
  routemaps that came from it stay as they last were, unless another file of the same source now declares them;
- a source that has not delivered anything yet keeps what it delivered in an earlier life;
- the same application declared twice is a problem that names both places; the one in force stays,
  else the first by source and path.

This module decides about one application; `merging` keeps the decisions about all of them true as files change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from iter8_gitops.spec.files import FileContents
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.routemap import Origin, Routemap


@dataclass(frozen=True, slots=True)
class Declared:
    """A routemap in force, with where it came from."""

    routemap: Routemap
    origin: Origin
    line: int


@dataclass(frozen=True, slots=True)
class DecodedTree:
    """All files of one source at one revision, decoded. `files` is ordered by path."""

    source: str
    revision: str
    files: Mapping[str, FileContents]


@dataclass(frozen=True, slots=True)
class DecodedChanges:
    """What set one source at `revision` apart from the revision before: files by path, and the paths that went."""

    source: str
    revision: str
    changed: Mapping[str, FileContents]
    removed: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is in force of one application (None: nothing any more), and the places that declare it in vain."""

    declared: Declared | None
    duplicates: tuple[Declared, ...] = ()


def by_application(problems: Iterable[Problem]) -> Mapping[str, tuple[Problem, ...]]:
    """The problems that are known to concern an application, by that application."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.application is not None:
            found.setdefault(problem.application, []).append(problem)
    return {application: tuple(theirs) for application, theirs in found.items()}


def decide(places: Sequence[Declared], before: Declared | None, *, unread: bool, broken: bool) -> Decision:
    """Decide about an application that is declared in `places`, ordered by source and path.

    `before` is what was in force. `unread` says that its source has not delivered yet, `broken` that a document of the
    application is broken now, or the place of `before`.
    """
    if before is None:
        return Decision(places[0], tuple(places[1:])) if places else Decision(None)
    elsewhere = all(place.origin.source != before.origin.source for place in places)
    if unread or (broken and elsewhere):
        # Neither gives it to another source: it must be taken for unchanged where it was.
        return Decision(before, tuple(places))
    if not places:
        return Decision(None)
    first, *others = sorted(places, key=lambda place: not _same_place(place, before))
    return Decision(_continued(first, before), tuple(others))


def duplicate(application: str, first: Declared, other: Declared) -> Problem:
    """That `other` declares the application a second time, while `first` is in force."""
    place = f"{first.origin.path}:{first.line}"
    if first.origin.source != other.origin.source:
        place += f" (source {first.origin.source})"
    return Problem(
        file=other.origin.path,
        line=other.line,
        column=1,
        message=f"the routemap {application} is declared a second time; {place} stays in force",
        hint="keep one of the two, or give one another name",
        application=application,
        code=Code.DUPLICATE,
    )


def _same_place(one: Declared, other: Declared) -> bool:
    return (one.origin.source, one.origin.path) == (other.origin.source, other.origin.path)


def _continued(place: Declared, before: Declared) -> Declared:
    """`place`, with the revision at which the routemap last changed, rather than the one its repository is at."""
    if not _same_place(place, before) or place.routemap != before.routemap:
        return place
    return before if place.line == before.line else replace(place, origin=before.origin)
