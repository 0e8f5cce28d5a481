"""Rendered routes as files: `<output>/<namespace>/<application name>/<template name>.yaml`.

The first line of each file says that iter8-gitops wrote it. Only such files are ever overwritten
or removed, and symbolic links below the output folder are never followed.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import RenderedRoute

_MARK = b"# Written by iter8-gitops for the routemap "
_TEMPORARY = ".iter8-gitops.tmp"
_LONGEST_NAME = 200


class _InTheWayError(OSError):
    """Something that is not ours is where a route should go."""


class RouteFolder:
    """The routes of all applications below `root`, which is made when needed. One process writes to it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def apply(
        self, application: str, routes: Sequence[RenderedRoute], held: Collection[str] = frozenset()
    ) -> tuple[Problem, ...]:
        """Make the files of `application` those of `routes`; files of the templates in `held` stay as they are.

        A file whose content is right is not touched. Returns what could not be written or removed.
        """
        folder = self._folder(application)
        problems: list[Problem] = []
        for route in routes:
            path = folder / _file_name(route.template)
            try:
                _write(path, route.text)
            except (OSError, UnicodeEncodeError) as error:
                what = f"route {route.template!r} could not be written to {path}"
                problems.append(_problem(what, error, application))
        kept = {_file_name(template) for template in (*held, *(route.template for route in routes))}
        try:
            _remove_ours(folder, kept)
        except OSError as error:
            problems.append(_problem(f"old routes in {folder} could not be removed", error, application))
        return tuple(problems)

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """Remove the files of every application that is not in `keep`. Returns what could not be removed."""
        kept = {self._folder(application) for application in keep}
        problems: list[Problem] = []
        try:
            unwanted = [each for space in _folders(self._root) for each in _folders(space) if each not in kept]
        except OSError as error:
            return (_problem(f"old routes in {self._root} could not be looked for", error, None),)
        for folder in unwanted:
            try:
                _remove_ours(folder, frozenset())
            except OSError as error:
                problems.append(_problem(f"old routes in {folder} could not be removed", error, None))
        return tuple(problems)

    def _folder(self, application: str) -> Path:
        namespace, _, name = application.partition("/")
        return self._root / _safe(namespace) / _safe(name)


def _file_name(template: str) -> str:
    return f"{_safe(template)}.yaml"


def _safe(name: str) -> str:
    """`name` as one visible path component; different names stay different.

    What is not a letter, a digit or one of `_.-~` is percent-encoded; a long name ends in a digest.
    """
    encoded = quote(name, safe="", errors="surrogatepass") or "%"
    if encoded.startswith("."):
        encoded = f"%2E{encoded[1:]}"
    if len(encoded) > _LONGEST_NAME:
        digest = hashlib.sha256(encoded.encode()).hexdigest()[:16]
        encoded = f"{encoded[:_LONGEST_NAME]}~{digest}"
    return encoded


def _write(path: Path, text: str) -> None:
    folder = path.parent
    owner = f"{folder.parent.name}/{folder.name}".encode()
    content = _MARK + owner + b". Do not edit: changes are overwritten.\n" + text.encode()
    _make(folder)
    if _is_there(path) and not _is_ours(path):
        message = "a file that iter8-gitops did not write is in the way"
        raise _InTheWayError(message)
    if _is_there(path) and path.read_bytes() == content:
        return
    temporary = folder / _TEMPORARY
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    for each in (folder.parent, folder):
        if each.is_symlink():
            message = f"{each} is a symbolic link, which is not followed"
            raise _InTheWayError(message)
        each.mkdir(parents=True, exist_ok=True)


def _remove_ours(folder: Path, kept: Collection[str]) -> None:
    """Remove the files that are ours except those named in `kept`, and the folders that become empty."""
    if folder.parent.is_symlink() or folder.is_symlink() or not folder.is_dir():
        return
    unwanted = [path for path in folder.iterdir() if path.name not in kept and _is_ours(path)]
    for path in unwanted:
        path.unlink()
    if unwanted:
        with suppress(OSError):  # not empty: something else lives here too
            folder.rmdir()
            folder.parent.rmdir()


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (each for each in folder.iterdir() if each.is_dir() and not each.is_symlink())


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _is_ours(path: Path) -> bool:
    """True for a regular file that begins with our mark. Opening anything else could block or lead away."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    if path.name == _TEMPORARY:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_MARK)) == _MARK
    except PermissionError:
        return False


def _problem(what: str, error: OSError | UnicodeEncodeError, application: str | None) -> Problem:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Problem("", 0, 0, f"{what}: {reason}", application=application)
