"""Decides what kind of source a person means by a location."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from iter8_gitops.contracts.source import Source, SourceRequest
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.sources.git.urls import looks_like_url
from iter8_gitops.sources.selection import has_control_characters, normalize_subpath, printable

if TYPE_CHECKING:
    from iter8_gitops.sources.git.source import GitSource

REMOTE_SECONDS = 10.0
LOCAL_SECONDS = 1.0
"""How often a Git repository is looked at unless somebody says otherwise: elsewhere, and on this machine."""


def open_location(request: SourceRequest) -> Source:
    """Return the source that a location stands for.

    A URL, a bare Git repository or the top of a Git work tree is read as Git: there, commits count. Any
    other local directory or file is read as it lies, unless `revision` (a branch, a tag or a full
    commit id) asks for the Git repository around it. `subpath` narrows the source to a folder or file in it;
    `cache`, `interval` (seconds; by default 10, or 1 for a repository on this machine), `credentials`, `verification`
    and `nudges` are for Git.

    A local path that does not exist is a mistake, unless it was `read_before`: then the source fails until the
    path is there again. Raises ConfigurationError for what can never work.
    """
    inside = normalize_subpath(request.subpath)
    path = _local_path(request.location)
    branch = request.revision
    seconds = request.interval or (REMOTE_SECONDS if path is None else LOCAL_SECONDS)
    as_git = partial(_git_source, request, interval=seconds)
    if path is None:
        return as_git(request.location, subpath=inside)
    as_directory = partial(_directory_source, request, path / inside if inside else path)
    if not _exists(path):
        if not request.read_before:
            raise ConfigurationError(_absence(request.location))
        repository = as_git(str(path.resolve()), subpath=inside)
        return repository if repository.has_mirror or request.verification else as_directory()
    if _is_repository(path):
        return as_git(str(path.resolve()), subpath=inside)
    if branch is None:
        return as_directory()
    top = _repository_around(path)
    if top is None:
        message = f"{path} is not in a Git repository, so it has no branch {printable(branch)!r}"
        raise ConfigurationError(message)
    below = (path.resolve().relative_to(top).as_posix(), inside)
    return as_git(str(top), subpath="/".join(part for part in below if part))


def _absence(location: str) -> str:
    shown = printable(location.rpartition("@")[2])  # What comes before an '@' may be a password.
    return f"{shown} does not exist; give a directory, a file or the URL of a Git repository"


def _local_path(location: str) -> Path | None:
    """Return the local path that `location` names, or None when it is a URL."""
    if not location or has_control_characters(location):
        raise ConfigurationError("the location of a source must not be empty or hold control characters")
    path = Path(location).expanduser().absolute()
    if not _exists(path) and (looks_like_url(location) or location.startswith("-")):
        return None
    return path


def _directory_source(request: SourceRequest, path: Path) -> DirectorySource:
    if request.verification is not None:
        shown = printable(str(path))
        message = f"{shown} is read as it lies, so nothing in it is signed; give a Git repository, or a branch of one"
        raise ConfigurationError(message)
    given = request.credentials
    if given and (given.username or given.password_file or given.ssh_key or given.known_hosts):
        raise ConfigurationError("a directory of this machine needs neither a password nor a key")
    return DirectorySource(path, name=request.name)


def _git_source(request: SourceRequest, url: str, *, subpath: str, interval: float) -> GitSource:
    try:
        from iter8_gitops.sources.git.source import GitSource
    except ImportError as error:  # GitPython looks for git when it is imported.
        raise ConfigurationError("reading a Git repository needs the git program; install git") from error
    return GitSource(
        url,
        cache=request.cache,
        revision=request.revision,
        subpath=subpath,
        interval=interval,
        name=request.name,
        credentials=request.credentials,
        verification=request.verification,
        nudges=request.nudges,
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # A name that is too long, or a folder that may not be entered.
        return False


def _is_repository(path: Path) -> bool:
    """Tell whether `path` is a bare repository or the top of a work tree."""
    return _is_git_folder(path) or _is_work_tree(path)


def _is_work_tree(path: Path) -> bool:
    git = path / ".git"
    return git.is_file() or _is_git_folder(git)


def _is_git_folder(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _repository_around(path: Path) -> Path | None:
    real = path.resolve()
    return next((folder for folder in (real, *real.parents) if _is_repository(folder)), None)
