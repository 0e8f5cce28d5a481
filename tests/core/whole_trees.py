"""The rules of `core.merging` and `core.standing`, said of whole trees and without indexes, to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from iter8_gitops.core.desired import Declared, DecodedTree
from iter8_gitops.core.merging import Desired
from iter8_gitops.spec.files import DecodedResource, FileContents
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.routemap import Origin


def desired(trees: Sequence[DecodedTree], previous: Mapping[str, Declared]) -> Desired:
    """Merge `trees` (one per source that has delivered) with what was in force before."""
    declared: dict[str, Declared] = {}
    problems: dict[str, list[Problem]] = {tree.source: [] for tree in trees}
    delivered = {tree.source: tree for tree in trees}
    for application, places in _places(trees).items():
        before = previous.get(application)
        if before is not None and _is_still_there(application, before, places, delivered):
            places.append(before)
        first, *others = _incumbent_first(places, before)
        declared[application] = first
        for other in others:
            problems[other.origin.source].append(_duplicate(application, first, other))
    for application, before in previous.items():
        if application not in declared:
            tree = delivered.get(before.origin.source)
            if tree is None or _is_broken(application, before, tree, delivered.values()):
                declared[application] = before
    for tree in trees:
        problems[tree.source].extend(file_problems(tree, declared))
    return Desired(declared, {source: tuple(sorted(set(found), key=_order)) for source, found in problems.items()})


def _places(trees: Iterable[DecodedTree]) -> dict[str, list[Declared]]:
    places: dict[str, list[Declared]] = {}
    for tree in trees:
        for path, contents in tree.files.items():
            origin = Origin(tree.source, path, tree.revision)
            for decoded in contents.routemaps:
                declared = Declared(decoded.routemap, origin, decoded.line)
                places.setdefault(decoded.routemap.application, []).append(declared)
    return places


def _incumbent_first(places: Sequence[Declared], before: Declared | None) -> Sequence[Declared]:
    if before is None:
        return places
    first, *others = sorted(places, key=lambda place: not _same_place(place, before)) if len(places) > 1 else places
    return [_continued(first, before), *others]


def _continued(place: Declared, before: Declared) -> Declared:
    """`place`, with the revision at which the routemap last changed, rather than the one its repository is at."""
    if not _same_place(place, before) or place.routemap != before.routemap:
        return place
    return before if place.line == before.line else replace(place, origin=before.origin)


def _broken_place(path: str, files: Mapping[str, FileContents]) -> str | None:
    """`path`, if that file is broken now, or the folder above it that could not be read."""
    contents = files.get(path)
    if contents is not None:
        return path if contents.unreadable or contents.problems else None
    parts = path.split("/")
    folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return next((folder for folder in folders if folder in files and files[folder].unreadable), None)


def _same_place(one: Declared, other: Declared) -> bool:
    return (one.origin.source, one.origin.path) == (other.origin.source, other.origin.path)


def _is_still_there(
    application: str, before: Declared, places: Iterable[Declared], delivered: Mapping[str, DecodedTree]
) -> bool:
    """Whether a routemap that only other sources show now must be taken for unchanged where it was.

    Its source was not read in this life yet, or its document is broken there: neither gives it to another source.
    """
    tree = delivered.get(before.origin.source)
    if tree is None:
        return True
    elsewhere = all(place.origin.source != before.origin.source for place in places)
    return elsewhere and _is_broken(application, before, tree, delivered.values())


def _is_broken(application: str, before: Declared, tree: DecodedTree, trees: Iterable[DecodedTree]) -> bool:
    if _broken_place(before.origin.path, tree.files) is not None:
        return True
    return any(application in file.broken for each in trees for file in each.files.values())


def standing_resources(
    tree: DecodedTree, before: Mapping[str, Sequence[DecodedResource]]
) -> dict[str, Sequence[DecodedResource]]:
    """The objects of a tree by path, where a file that is broken now keeps the objects it had `before`.

    A file that is new and cannot be read may be a renamed one: it takes over what vanished in the same revision.
    """
    present = {decoded.resource.id for contents in tree.files.values() for decoded in contents.resources}
    missing = {
        path: tuple(decoded for decoded in objects if decoded.resource.id not in present)
        for path, objects in sorted(before.items())
        if path not in tree.files or _broken_place(path, tree.files) is not None
    }
    standing: dict[str, Sequence[DecodedResource]] = {
        path: objects for path, objects in missing.items() if _broken_place(path, tree.files) is not None
    }
    present.update(decoded.resource.id for objects in standing.values() for decoded in objects)
    gone = [path for path in missing if path not in standing]
    vanished = [decoded for path in gone for decoded in missing[path] if decoded.resource.id not in present]
    for path, contents in tree.files.items():
        kept = standing.get(path, ())
        if vanished and path not in before and contents.unreadable and contents.problems:
            kept, vanished = vanished, []
        standing[path] = (*contents.resources, *kept) if kept else contents.resources
    return standing


def held_resources(
    tree: DecodedTree, standing: Mapping[str, Sequence[DecodedResource]]
) -> dict[str, Sequence[DecodedResource]]:
    """Those of `standing` that only memory holds, because their file is broken now."""
    return {path: objects for path, objects in standing.items() if _broken_place(path, tree.files) is not None}


def file_problems(tree: DecodedTree, declared: Mapping[str, Declared]) -> Iterator[Problem]:
    """Every problem of the tree's files; those that name no routemap are laid at the ones they hold back."""
    held_back: dict[str, list[str]] = {}
    for application, place in declared.items():
        broken = _broken_place(place.origin.path, tree.files) if place.origin.source == tree.source else None
        if broken is not None:
            fresh = (decoded.routemap.application for decoded in tree.files[broken].routemaps)
            if application not in fresh:
                held_back.setdefault(broken, []).append(application)
    for path, contents in tree.files.items():
        applications = held_back.get(path, [])
        found = (*contents.problems, *(contents.unreadable_problems if applications else ()))
        for problem in found:
            if problem.application is None and applications:
                yield from (replace(problem, application=application) for application in applications)
            else:
                yield problem


def _duplicate(application: str, first: Declared, other: Declared) -> Problem:
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


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.message, problem.application or ""
