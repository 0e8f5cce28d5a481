"""Versions as tags name them, ordered by the rules of Semantic Versioning 2.0.0. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import Self, TypeAlias

# The lengths are bounded because the names come from whoever may push.
_NUMBER = r"0|[1-9][0-9]{0,17}"
PRERELEASE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*"
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"[vV]?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({PRERELEASE}))?(?:\+{BUILD})?", re.ASCII)
_Key: TypeAlias = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version without its build metadata, which says nothing about precedence. `prerelease` is "" for a release."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Decode `1.2.3`, `v1.2.3`, `1.2.3-rc.1` or `1.2.3+build`; None for anything else."""
        found = _VERSION.fullmatch(text)
        return cls(int(found[1]), int(found[2]), int(found[3]), found[4] or "") if found else None

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def _key(self) -> _Key:
        """Numbers go before words and are compared as numbers, and a release goes after its pre-releases."""
        parts = self.prerelease.split(".") if self.prerelease else ()
        named = tuple((0, len(part), part) if part.isdecimal() else (1, 0, part) for part in parts)
        return (self.major, self.minor, self.patch, 0 if named else 1, named)


def newest_first(names: Iterable[str]) -> list[tuple[Version, str]]:
    """Return those of `names` that are versions, the newest first; of equal ones, in an order by name alone."""
    versions = ((Version.parse(name), name) for name in names)
    return sorted(((version, name) for version, name in versions if version is not None), reverse=True)
