"""What a source delivers: a complete set of files at one revision, never a delta."""

from __future__ import annotations

from dataclasses import dataclass

YAML_SUFFIXES = (".yaml", ".yml", ".json")
MAX_FILE_BYTES = 4 * 1024 * 1024
"""A file larger than this is refused: Kubernetes itself stores no object above about 1.5 MiB."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a tree. `path` is relative, with forward slashes.

    `digest` changes whenever the content does. A file that was refused (too large, a symbolic
    link that leaves the tree) has `refusal` set to the reason and empty `content`.
    """

    path: str
    digest: str
    content: bytes
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class SourceTree:
    """Every YAML file of a source at `revision` (a Git commit, or a digest of a directory), ordered by path.

    `author` is who made the revision, as `Name <address>`; "" where nobody says.
    """

    source: str
    revision: str
    files: tuple[SourceFile, ...]
    author: str = ""


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source could not be read; the last tree it delivered stays in force. Holds no secret."""

    source: str
    message: str
