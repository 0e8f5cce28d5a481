"""The objects and routemaps in local files and directories, for commands that work without a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iter8_gitops.cli.trees import read_tree, shown_path, unreadable
from iter8_gitops.core.desired import Declared
from iter8_gitops.errors import NotFoundError
from iter8_gitops.spec.files import DecodedResource, decode_file
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import DEFAULT_NAMESPACE, Origin
from iter8_gitops.spec.wording import suggestion


@dataclass(frozen=True, slots=True)
class Material:
    """What was found at one path: objects, routemaps by application, and what is wrong, as lines."""

    objects: tuple[DecodedResource, ...]
    routemaps: tuple[tuple[str, Declared], ...]
    problems: tuple[str, ...]


def material_at(path: str, kinds: KindTable, namespace: str | None) -> Material:
    """Everything at `path` (`-` is standard input). Raises `ConfigurationError` when there is nothing to read."""
    objects: list[DecodedResource] = []
    routemaps: list[tuple[str, Declared]] = []
    problems: list[Problem] = []
    for file in read_tree(path, "this command").files:
        contents = decode_file(file, kinds, namespace)
        objects += contents.resources
        problems += (*contents.problems, *unreadable(path, contents.unreadable_problems))
        origin = Origin(path, shown_path(path, file.path), "")
        routemaps += [
            (decoded.routemap.application, Declared(decoded.routemap, origin, decoded.line))
            for decoded in contents.routemaps
        ]
    told = tuple(str(replace(problem, file=shown_path(path, problem.file))) for problem in problems)
    return Material(tuple(objects), tuple(routemaps), told)


def find_routemap(
    wanted: str, material: Sequence[Material], kinds: KindTable, namespace: str | None
) -> tuple[Declared, tuple[str, ...]]:
    """The routemap in the file `wanted`, or of that name in `material`; and the problems of that file.

    Raises `NotFoundError`.
    """
    if Path(wanted).is_file():
        found = material_at(wanted, kinds, namespace)
        if len(found.routemaps) == 1:
            return found.routemaps[0][1], found.problems
        said = "; ".join(found.problems) or f"there are {len(found.routemaps) or 'no'} routemaps in it"
        message = f"{wanted} is no file with one routemap: {said}"
        raise NotFoundError("routemap", message)
    routemaps = dict(entry for each in material for entry in each.routemaps)
    application = wanted if "/" in wanted else f"{namespace or DEFAULT_NAMESPACE}/{wanted}"
    if application not in routemaps:
        hint = suggestion(application, routemaps, kind="routemaps") if routemaps else "there is none among -f"
        message = f"there is no routemap {application} ({hint})"
        raise NotFoundError("routemap", message)
    return routemaps[application], ()


def find_versions(declared: Declared, wanted: str | None) -> frozenset[int]:
    """The indices of the versions that are meant: all, or that of an index or a name. Raises `NotFoundError`."""
    versions = declared.routemap.versions
    found = frozenset(index for index, each in enumerate(versions) if wanted in (None, each.name, str(index)))
    if not found:
        names = ", ".join(f"{index} ({each.name})" for index, each in enumerate(versions))
        message = f"{declared.routemap.application} has no version {wanted}; it has {names}"
        raise NotFoundError("version", message)
    return found
