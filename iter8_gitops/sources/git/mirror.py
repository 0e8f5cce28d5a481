"""The cache of one remote repository: a bare repository that holds only what was asked for."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.process import GitCommands, GitFailedError

_LOCK_SECONDS = 30.0
_SHA256_LENGTH = 64


class Mirror:
    """The bare repository at `path`, in which this source owns the refs below `refs/iter8/<key>/`.

    `fetched` is what was last fetched and `delivered` the commit whose tree was last delivered; both
    outlive this process. Several sources and processes may share one mirror.
    """

    def __init__(self, path: Path, key: str, commands: GitCommands) -> None:
        self.path = path
        self.prefix = f"refs/iter8/{key}"
        self.fetched = f"{self.prefix}/fetched"
        self._delivered = f"{self.prefix}/delivered"
        self._commands = commands

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the mirror for writing; yields a descriptor that a command inherits to hold it as long as it runs.

        What a killed command left behind is removed: nobody can be using it. Raises SourceUnavailableError
        when another process holds the mirror for too long, and OSError.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_for(descriptor)
            for pattern in ("*.lock", "tmp_*"):
                for remnant in self.path.rglob(pattern):
                    remnant.unlink(missing_ok=True)
            yield descriptor
        finally:
            os.close(descriptor)

    def create(self, example: str) -> None:
        """Make the mirror when there is none. `example` is an object id of the remote, which shows its hash."""
        if self.path.exists():
            return
        formats = ("--object-format=sha256",) if len(example) == _SHA256_LENGTH else ()
        self._commands.run("init", "--quiet", "--bare", "--template=", *formats, "--", str(self.path))

    def is_usable(self, example: str) -> bool:
        """Tell whether the mirror is a whole repository with the same hash as `example`."""
        try:
            found = self._commands.run("rev-parse", "--show-object-format").decode().strip()
            self._commands.run("rev-list", "--objects", "--quiet", "--glob=refs/iter8")
        except GitFailedError:
            return False
        return found == ("sha256" if len(example) == _SHA256_LENGTH else "sha1")

    def discard(self) -> None:
        """Remove the mirror; the next fetch makes it anew."""
        shutil.rmtree(self.path, ignore_errors=True)

    def object_id(self, name: str) -> str:
        """Return the id of the object that a ref of the mirror names, or an empty string."""
        return self._parse(name)

    def commit(self, name: str) -> str:
        """Return the commit that a ref or id leads to, tags being followed, or an empty string."""
        return self._parse(f"{name}^{{commit}}")

    def delivered(self) -> str:
        """Return the commit whose tree was last delivered, or an empty string."""
        return self.commit(self._delivered)

    def remember(self, commit: str) -> None:
        """Record that the tree of `commit` is being delivered."""
        self.point(self._delivered, commit)

    def point(self, ref: str, commit: str) -> None:
        """Make `ref` name `commit`."""
        self._commands.run("update-ref", ref, commit)

    def _parse(self, expression: str) -> str:
        if not self.path.exists():
            return ""
        try:
            found = self._commands.run("rev-parse", "--verify", "--quiet", "--end-of-options", expression)
        except GitFailedError:
            return ""
        return found.decode().strip()

    def _wait_for(self, descriptor: int) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SourceUnavailableError("another process is fetching into the same cache") from None
                self._commands.wait(0.1)
            else:
                return
