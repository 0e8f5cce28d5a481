"""Local files and directories as a command line names them, read once."""

from __future__ import annotations

import hashlib
import sys
import threading
from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.tree import SourceFailure, SourceFile, SourceTree

STDIN = "-"


def read_tree(path: str, command: str) -> SourceTree:
    """The YAML files at `path` (`-` is standard input), for `command`. Raises `ConfigurationError`."""
    from iter8_gitops.sources.directory import DirectorySource

    if path == STDIN:
        content = sys.stdin.buffer.read()
        digest = hashlib.sha256(content).hexdigest()
        return SourceTree(STDIN, digest, (SourceFile(STDIN, digest, content),))
    if not path or not Path(path).exists():
        message = f"{path or '(empty)'}: no such file or directory; {command} takes local files and directories"
        raise ConfigurationError(message)
    stop = threading.Event()
    deliveries = DirectorySource(Path(path), name=path).deliveries(stop)
    first = next(deliveries)
    stop.set()
    if isinstance(first, SourceFailure):
        raise ConfigurationError(first.message)
    return first


def shown_path(path: str, file: str) -> str:
    """What to call `file` of the tree at `path`: as a person would type it."""
    return str(Path(path, file)) if Path(path).is_dir() else path


def unreadable(path: str, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Why a file that was named cannot be read. In a folder it may be a Helm template; named, it was meant."""
    return () if Path(path).is_dir() else problems
