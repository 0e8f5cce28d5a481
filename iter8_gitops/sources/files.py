"""Reads files of this machine, and reads only those again that may have changed."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.selection import Limits, content_refusal, size_refusal
from iter8_gitops.sources.walk import Found
from iter8_gitops.spec.tree import MAX_FILE_BYTES, SourceFile

_SETTLED_NS = 2_000_000_000
"""A file changed this recently may change again without a visible change of its times: FAT keeps 2 seconds."""


@dataclass(frozen=True, slots=True)
class _Reading:
    stamp: tuple[int, ...]
    settled: bool
    file: SourceFile


class FileReader:
    """Turns what a walk found into `SourceFile` values.

    A reading is used again while device, inode, size and both times of the file stay the same, unless
    the file had changed so shortly before the reading that a later change could have left them the same.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._readings: dict[str, _Reading] = {}
        self._total = 0

    @property
    def is_within_limits(self) -> bool:
        """Whether what was read, all of it together, is not larger than the limit."""
        return self._total <= self._limits.total_bytes

    def read(self, found: Found) -> SourceFile | None:
        """Read one file in any case; None when it has vanished."""
        self.forget(found)
        try:
            reading = self._reading(found)
        except FileNotFoundError:
            return None
        except OSError as error:
            return _unreadable(found, error)
        self._readings[found.place] = reading
        self._total += len(reading.file.content)
        return reading.file

    def forget(self, found: Found) -> None:
        """What was read of this file, which has vanished, counts no longer."""
        reading = self._readings.pop(found.place, None)
        if reading is not None:
            self._total -= len(reading.file.content)

    def read_all(self, found: tuple[Found, ...]) -> tuple[SourceFile, ...]:
        """Read every file; one that has vanished since the walk is left out.

        Raises SourceUnavailableError when together they are larger than the limit.
        """
        readings: dict[str, _Reading] = {}
        files: list[SourceFile] = []
        total = 0
        for each in found:
            if each.refusal:
                files.append(refused(each.path, each.refusal))
                continue
            try:
                reading = self._reading(each)
            except FileNotFoundError:
                continue
            except OSError as error:
                files.append(_unreadable(each, error))
                continue
            readings[each.place] = reading
            files.append(reading.file)
            total += len(reading.file.content)
            if total > self._limits.total_bytes:
                message = (
                    f"its YAML files have more than {self._limits.total_bytes:,} bytes; point to a narrower folder"
                )
                raise SourceUnavailableError(message)
        self._readings, self._total = readings, total
        return tuple(files)

    def _reading(self, found: Found) -> _Reading:
        known = self._readings.get(found.place)
        status = os.lstat(found.place)
        stamp = _stamp(status)
        if known is not None and known.settled and known.stamp == stamp and known.file.path == found.path:
            return known
        settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS
        return _Reading(stamp, settled, _read(found, status))


def refused(path: str, reason: str) -> SourceFile:
    """Return a file that is not read, because of `reason`."""
    return SourceFile(path, digest_of(reason.encode()), b"", reason)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of `content` as `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _unreadable(found: Found, error: OSError) -> SourceFile:
    reason = (error.strerror or type(error).__name__).lower()
    return refused(found.path, f"the file cannot be read: {reason}")


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _read(found: Found, status: os.stat_result) -> SourceFile:
    # A device or a FIFO may have taken the place of the file since the walk. To open one can block or
    # have effects, so look first; O_NONBLOCK covers the moment between the look and the open.
    if not stat.S_ISREG(status.st_mode):
        return refused(found.path, "not a regular file")
    if refusal := size_refusal(status.st_size):
        return refused(found.path, refusal)
    with open(found.place, "rb", opener=_open_without_blocking) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return refused(found.path, "not a regular file")
        content = file.read(MAX_FILE_BYTES + 1)
    if refusal := size_refusal(len(content)) or content_refusal(content):
        return refused(found.path, refusal)
    return SourceFile(found.path, digest_of(content), content)


def _open_without_blocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
