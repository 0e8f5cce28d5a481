"""The cache of one remote repository: a bare repository that holds only what was asked for."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.promises import Promises

_LOCK_SECONDS = 30.0
_DELIVERED = "delivered"
_NOTE_SECONDS = 60.0
_SHA256_LENGTH = 64
_REACHABLE = ("rev-list", "--objects", "--quiet", "--missing=allow-promisor")
# Of what it finds odd in sound objects, as old versions of Git wrote them, fsck says `error in ..` or `warning in ..`.
_DAMAGE = re.compile(r"^(error|fatal):", re.MULTILINE)


class Mirror:
    """The bare repository at `path`, in which this source owns the refs below `refs/iter8/<key>/`.

    `fetched` is what was last fetched and `delivered` the commit whose tree was last delivered; both
    outlive this process. `trust` names the verification under which commits are delivered, if there is one: what
    was delivered under another or without any does not count. Several sources and processes may share one mirror.
    """

    def __init__(self, path: Path, key: str, commands: GitCommands, trust: str = "") -> None:
        self.path = path
        self.prefix = f"refs/iter8/{key}"
        self.fetched = f"{self.prefix}/fetched"
        self._delivered = f"{self.prefix}/{_DELIVERED}{trust and '-'}{trust}"
        self._commands = commands
        self.promises = Promises(path, commands)

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
            self._clean()
            yield descriptor
        finally:
            os.close(descriptor)

    def prepare(self, example: str) -> None:
        """Make the mirror when there is none. `example` is an object id of the remote, which shows its hash.

        A mirror without contents is made anew when it has grown much: Git never prunes old commits from one.
        """
        if self.promises.are_overgrown():
            self.discard()
        if self.path.exists():
            return
        formats = ("--object-format=sha256",) if len(example) == _SHA256_LENGTH else ()
        self._commands.run("init", "--quiet", "--bare", "--template=", *formats, "--", str(self.path))

    def is_usable(self, example: str) -> bool:
        """Tell whether the mirror is a sound repository with the same hash as `example`."""
        try:
            found = self._commands.run("rev-parse", "--show-object-format").decode().strip()
            self._commands.run(*_REACHABLE, "--glob=refs/iter8")
            return self._is_sound() and found == ("sha256" if len(example) == _SHA256_LENGTH else "sha1")
        except GitFailedError:
            return False

    def discard(self) -> None:
        """Remove the mirror; the next fetch makes it anew."""
        shutil.rmtree(self.path, ignore_errors=True)

    def object_id(self, name: str) -> str:
        """Return the id of the object that a ref of the mirror names, or an empty string."""
        return self._parse(name)

    def holds(self, object_id: str) -> bool:
        """Tell whether the object, and what it names, can be read; a ref may name one that is lost."""
        try:
            self._commands.run(*_REACHABLE, "--no-walk", object_id)
        except GitFailedError:
            return False
        return True

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

    def _is_sound(self) -> bool:
        try:
            self._commands.run("fsck", "--no-dangling", "--no-progress")
        except GitFailedError as error:
            return not _DAMAGE.search(error.stderr)
        except SourceUnavailableError:
            pass  # So much of it that there was no time to see it all.
        return True

    def _clean(self) -> None:
        for pattern in ("*.lock", "tmp_*"):
            for remnant in self.path.rglob(pattern):
                if not self._is_in_use(remnant):
                    remnant.unlink(missing_ok=True)

    def _is_in_use(self, remnant: Path) -> bool:
        """Tell whether a process may just be noting what it delivered, for which it does not hold the mirror."""
        if not remnant.name.startswith(_DELIVERED):
            return False
        try:
            return time.time() - remnant.stat().st_mtime < _NOTE_SECONDS
        except OSError:
            return False

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
