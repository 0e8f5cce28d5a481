"""What a mirror left at the remote: the contents of commits, which the remote promised to serve later."""

from __future__ import annotations

from pathlib import Path

from iter8_gitops.sources.git.process import GitCommands

_GROWTH_BYTES = 64 * 1024 * 1024
_MOST_NAMES_BYTES = 64 * 1024


class Promises:
    """The promises that the bare repository `mirror` holds. Git marks the packs that rely on them."""

    def __init__(self, mirror: Path, commands: GitCommands) -> None:
        self._mirror = mirror
        self._commands = commands
        self._refused = mirror.with_suffix(".whole")
        self._first_size = mirror / "iter8-first-size"

    def refuse(self) -> None:
        """Remember that this remote keeps no such promise, also after the mirror is discarded."""
        self._refused.touch()

    @property
    def are_refused(self) -> bool:
        """Tell whether commits must be fetched with all their contents."""
        return self._refused.exists()

    def missing(self, commit: str) -> frozenset[str]:
        """Return the ids of the contents of `commit` that were left at the remote. Raises GitFailedError."""
        if not self._packs():
            return frozenset()
        command = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk")
        lines = self._commands.run(*command, commit).decode("ascii", "replace").splitlines()
        return frozenset(line[1:] for line in lines if line.startswith("?"))

    def note_size(self) -> None:
        """Remember how large the mirror is at first."""
        if not self._first_size.exists():
            self._first_size.write_text(str(self._bytes()))

    def are_overgrown(self) -> bool:
        """Tell whether old commits make up most of the mirror: from one with promises, Git prunes none."""
        try:
            first = int(self._first_size.read_text())
            names_of_commits = (self._mirror / "shallow").stat().st_size  # Every fetch sends all of them.
        except (OSError, ValueError):
            return False
        return self._bytes() > 4 * first + _GROWTH_BYTES or names_of_commits > _MOST_NAMES_BYTES

    def _bytes(self) -> int:
        return sum(pack.stat().st_size for pack in self._packs())

    def _packs(self) -> list[Path]:
        return [mark.with_suffix(".pack") for mark in self._mirror.glob("objects/pack/*.promisor")]
