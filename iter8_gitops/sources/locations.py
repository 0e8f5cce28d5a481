"""Decides what kind of source a person means by a location."""

from __future__ import annotations

from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.sources.git.urls import looks_like_url
from iter8_gitops.sources.selection import has_control_characters, normalize_subpath, printable
from iter8_gitops.sources.source import Source


def open_source(
    location: str,
    *,
    cache: Path,
    branch: str | None = None,
    subpath: str = "",
    interval: float = 10.0,
    name: str | None = None,
) -> Source:
    """Return the source that `location` stands for.

    A URL, a bare Git repository or the top of a Git work tree is read as Git: there, commits count. Any
    other local directory or file is read as it lies, unless `branch` (a branch, a tag or a full commit
    id) asks for the Git repository around it. `subpath` narrows the source to a folder or file in it;
    `cache` and `interval` (seconds) are for Git. Raises ConfigurationError for what can never work.
    """
    subpath = normalize_subpath(subpath)
    path = _local_path(location)
    if path is None:
        return _git_source(location, cache, branch, subpath, interval, name)
    if _is_repository(path):
        return _git_source(str(path.resolve()), cache, branch, subpath, interval, name)
    if branch is None:
        return DirectorySource(path / subpath if subpath else path, name=name)
    top = _repository_around(path)
    if top is None:
        message = f"{path} is not in a Git repository, so it has no branch {printable(branch)!r}"
        raise ConfigurationError(message)
    inside = "/".join(part for part in (path.resolve().relative_to(top).as_posix(), subpath) if part)
    return _git_source(str(top), cache, branch, inside, interval, name)


def _local_path(location: str) -> Path | None:
    """Return the existing local path that `location` names, or None when it is a URL."""
    if not location or has_control_characters(location):
        raise ConfigurationError("the location of a source must not be empty or hold control characters")
    path = Path(location).expanduser().absolute()
    if _exists(path):
        return path
    if looks_like_url(location) or location.startswith("-"):
        return None
    shown = printable(location.rpartition("@")[2])  # What comes before an '@' may be a password.
    message = f"{shown} does not exist; give a directory, a file or the URL of a Git repository"
    raise ConfigurationError(message)


def _git_source(url: str, cache: Path, revision: str | None, subpath: str, interval: float, name: str | None) -> Source:
    try:
        from iter8_gitops.sources.git.source import GitSource
    except ImportError as error:  # GitPython looks for git when it is imported.
        raise ConfigurationError("reading a Git repository needs the git program; install git") from error
    return GitSource(url, cache=cache, revision=revision, subpath=subpath, interval=interval, name=name)


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
