"""Which files of a source are read, and how much of them. The rules are the same for Git and for directories."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.tree import MAX_FILE_BYTES, YAML_SUFFIXES

_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LFS_POINTER_BYTES = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest tree that a source delivers: counts of files and folders, and bytes of content.

    They protect the process from a source that was pointed at a whole disk.
    """

    files: int = 50_000
    folders: int = 50_000
    total_bytes: int = 512 * 1024 * 1024


def is_yaml(name: str) -> bool:
    """Tell whether a file of this name is read at all."""
    return name.lower().endswith(YAML_SUFFIXES)


def is_skipped(name: str) -> bool:
    """Tell whether a file or folder of this name is passed over.

    Hidden entries are: `.git`, `.venv`, lock files of editors, and the `..data` folders in which
    Kubernetes keeps the files of a mounted ConfigMap (the visible entries are links into them).
    """
    return name.startswith(".") or name == "node_modules"


def may_matter(name: str) -> bool:
    """Tell whether a link that leads nowhere may have stood for YAML: by its name, a YAML file or a folder."""
    return is_yaml(name) or "." not in name


def size_refusal(size: int) -> str:
    """Return why a file of `size` bytes is refused, or an empty string."""
    if size <= MAX_FILE_BYTES:
        return ""
    return f"the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are allowed"


def content_refusal(content: bytes) -> str:
    """Return why `content` is refused, or an empty string."""
    if len(content) <= _LFS_POINTER_BYTES and content.startswith(_LFS_POINTER):
        return "the file is a Git LFS pointer, so its content is not here; store it in Git itself"
    return ""


def printable(text: str) -> str:
    """Return `text` on one line, with everything that could garble a terminal or a log escaped.

    Bytes of a file name that are not UTF-8, which Python keeps as surrogates, are escaped too.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def has_control_characters(text: str) -> bool:
    """Tell whether `text` holds a line break, a tab, a NUL or another ASCII control character."""
    return _CONTROL.search(text) is not None


def normalize_subpath(subpath: str) -> str:
    """Return `subpath` without empty parts, `.` or outer slashes; an empty string means the whole source.

    Raises ConfigurationError for a path that is absolute, climbs with `..` or holds control characters.
    """
    if has_control_characters(subpath):
        message = f"the path {printable(subpath)!r} holds control characters"
        raise ConfigurationError(message)
    if subpath.startswith("/"):
        message = f"the path {subpath!r} must be relative to the top of the source"
        raise ConfigurationError(message)
    parts = [part for part in subpath.split("/") if part not in ("", ".")]
    if ".." in parts:
        message = f"the path {subpath!r} must not climb with '..'"
        raise ConfigurationError(message)
    return "/".join(parts)
