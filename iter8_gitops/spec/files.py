"""Everything that one file of a source holds: routemaps, other Kubernetes objects, and problems."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iter8_gitops.spec.decoding import application_of, decode_routemap
from iter8_gitops.spec.documents import Damaged, Document
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.objects import DecodedResource, decode_object
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.tree import SourceFile
from iter8_gitops.spec.yaml import read_documents

__all__ = ["DecodedResource", "DecodedRoutemap", "FileContents", "decode_file"]

_OURS = b"iter8.tools/"


@dataclass(frozen=True, slots=True)
class DecodedRoutemap:
    """A routemap and the line (from 1) where its document begins."""

    routemap: Routemap
    line: int


@dataclass(frozen=True, slots=True)
class FileContents:
    """What a file holds.

    `broken` names the applications whose documents could not be decoded.

    `unreadable` says that the file may hold more routemaps than could be told: it is no valid YAML from
    some place on, or a routemap in it has no readable name. Routemaps that came from this file earlier
    must then be kept. `unreadable_problems` say why, when the file shows no sign of being meant for
    us (a Helm template, say): they matter only if routemaps came from it earlier.
    """

    routemaps: tuple[DecodedRoutemap, ...] = ()
    resources: tuple[DecodedResource, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: frozenset[str] = frozenset()
    unreadable: bool = False
    unreadable_problems: tuple[Problem, ...] = ()


def decode_file(
    file: SourceFile, kinds: KindTable, default_namespace: str | None = None, scope: str | None = None
) -> FileContents:
    """Decode every document of `file`.

    Objects that state no namespace are in `default_namespace`, if any. With a `scope`, a namespace, routemaps
    that are or reach outside of it are problems.
    """
    if file.refusal:
        refused = Problem(file.path, 0, 0, file.refusal, code=Code.REFUSED_FILE)
        return FileContents(problems=(refused,), unreadable=True)
    reading = read_documents(file.path, file.content)
    contents = _Contents(kinds, default_namespace, scope)
    for document in reading.documents:
        for part in document.objects():
            contents.take(part)
    unread = list(reading.refusals)
    for damaged in reading.damaged:
        unread += contents.lose(damaged)
    return contents.frozen(unread, meant_for_us=_mentions_us(file.content))


class _Contents:
    """Gathers what a file holds, object by object."""

    def __init__(self, kinds: KindTable, default_namespace: str | None, scope: str | None) -> None:
        self._kinds = kinds
        self._default_namespace = default_namespace
        self._scope = scope
        self._routemaps: list[DecodedRoutemap] = []
        self._resources: list[DecodedResource] = []
        self._problems: list[Problem] = []
        self._broken: set[str] = set()
        self._unnamed = False

    def take(self, document: Document) -> None:
        """Take one Kubernetes object, or something else entirely."""
        decoded = decode_routemap(document, self._kinds, self._default_namespace, self._scope)
        if isinstance(decoded, Routemap):
            self._routemaps.append(DecodedRoutemap(decoded, document.position()[0]))
        elif decoded is not None:
            self._problems += decoded
            self._note_broken({problem.application for problem in decoded})
        else:
            resource = decode_object(document, self._default_namespace)
            if isinstance(resource, DecodedResource):
                self._resources.append(resource)
            else:
                self._problems += resource

    def lose(self, damaged: Damaged) -> list[Problem]:
        """Take a document that must not be used; its problems, with the application if it is of one."""
        parts = damaged.document.objects()
        found = {application_of(part, self._default_namespace, whole=damaged.complete) for part in parts} - {None}
        self._note_broken(found)
        application = found.pop() if len(found) == 1 else None
        return [replace(problem, application=application) for problem in damaged.problems]

    def frozen(self, unread: list[Problem], *, meant_for_us: bool) -> FileContents:
        """All that was taken. `unread` are the problems of what could not be read."""
        reported, kept = (unread, []) if meant_for_us else ([], unread)
        return FileContents(
            tuple(self._routemaps),
            tuple(self._resources),
            tuple(self._problems + reported),
            frozenset(self._broken),
            unreadable=bool(unread) or self._unnamed,
            unreadable_problems=tuple(kept),
        )

    def _note_broken(self, applications: set[str | None]) -> None:
        self._unnamed = self._unnamed or None in applications
        self._broken |= {application for application in applications if application is not None}


def _mentions_us(content: bytes) -> bool:
    # A file that was saved as UTF-16 by mistake reads as ASCII without its zero bytes.
    return _OURS in content or _OURS in content.replace(b"\x00", b"")
