"""Ranges of versions, in the notation that npm and Cargo share: `>=1.2 <2`, `~1.4`, `^1.2.3`, `1.x || >=3`. Pure.

A pre-release is in a range only when the range itself names one: `>=1.0.0-0` lets all of them in. An upper bound
that names none leaves out the pre-releases of the bound, too: 2.0.0-rc.1 is not `<2`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from iter8_gitops.sources.git.versions import BUILD, PRERELEASE, Version

_PART = r"0|[1-9][0-9]{0,17}|[xX*]"
_TERM = re.compile(
    rf"\s*(?P<operator>>=|<=|!=|~>|[<>=~^]|)\s*[vV]?(?P<major>{_PART})(?:\.(?P<minor>{_PART})(?:\.(?P<patch>{_PART})"
    rf"(?:-(?P<prerelease>{PRERELEASE}))?(?:\+{BUILD})?)?)?(?=[\s,<>=!~^]|$)\s*,?",
    re.ASCII,
)
_HYPHEN = re.compile(r"\s*([^\s,]+)\s+-\s+([^\s,]+)\s*", re.ASCII)
_LOWEST = Version(0, 0, 0, "0")


@dataclass(frozen=True, slots=True)
class _Span:
    """The versions from `low` to below `high`, None for no end; or all others."""

    low: Version
    high: Version | None
    negated: bool = False

    def holds(self, version: Version) -> bool:
        inside = self.low <= version and (self.high is None or version < self.high)
        return inside != self.negated


@dataclass(frozen=True, slots=True)
class _Alternative:
    spans: tuple[_Span, ...]
    prereleases: bool

    def holds(self, version: Version) -> bool:
        return (self.prereleases or not version.prerelease) and all(span.holds(version) for span in self.spans)


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A set of versions; `text` is how a person wrote it."""

    text: str
    alternatives: tuple[_Alternative, ...]

    def __contains__(self, version: Version) -> bool:
        return any(alternative.holds(version) for alternative in self.alternatives)


def parse_range(text: str) -> VersionRange | None:
    """Decode a range, or return None when `text` is none."""
    alternatives = [_alternative(each) for each in text.split("||")]
    decoded = tuple(each for each in alternatives if each is not None)
    return VersionRange(" ".join(text.split()), decoded) if len(decoded) == len(alternatives) else None


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version whose last parts may be left open: `numbers` holds those that are given."""

    numbers: tuple[int, ...]
    prerelease: str

    def first(self) -> Version:
        """Return the lowest version that fits."""
        return _version(self.numbers, self.prerelease)

    def after(self, kept: int) -> Version | None:
        """Return the first version, pre-releases included, with a higher one of the first `kept` numbers."""
        if kept == 0:
            return None
        return _version((*self.numbers[: kept - 1], self.numbers[kept - 1] + 1), "0")

    def end(self) -> Version | None:
        """Return the first version after all those that fit."""
        return _successor(self.first()) if len(self.numbers) == 3 else self.after(len(self.numbers))


def _alternative(text: str) -> _Alternative | None:
    if between := _HYPHEN.fullmatch(text):
        text = f">={between[1]} <={between[2]}"
    text = text.strip()
    spans: list[_Span] = []
    prereleases = False
    position = 0
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None:
            return None
        partial = _partial(term)
        if partial is None:
            return None
        operator = term["operator"]
        spans.append(_SPANS[operator](partial))
        prereleases = prereleases or (bool(partial.prerelease) and operator != "!=")
        position = term.end()
    return _Alternative(tuple(spans), prereleases) if spans else None


def _partial(term: re.Match[str]) -> _Partial | None:
    """Return what a term names; None when a number follows a part that was left open."""
    given = [term[name] for name in ("major", "minor", "patch")]
    closed = [int(part) for part in given if part is not None and part.isdecimal()]
    if any(part is None or not part.isdecimal() for part in given[: len(closed)]):
        return None
    prerelease = term["prerelease"] or ""
    return None if prerelease and len(closed) < 3 else _Partial(tuple(closed), prerelease)


def _exactly(partial: _Partial) -> _Span:
    return _Span(partial.first() if partial.numbers else _LOWEST, partial.end())


def _anything_but(partial: _Partial) -> _Span:
    span = _exactly(partial)
    return _Span(span.low, span.high, negated=True)


def _at_least(partial: _Partial) -> _Span:
    return _Span(partial.first(), None)


def _above(partial: _Partial) -> _Span:
    end = partial.end()
    if end is None:
        return _Span(_LOWEST, _LOWEST)  # Nothing is above everything.
    return _Span(end if len(partial.numbers) == 3 else Version(end.major, end.minor, end.patch), None)


def _below(partial: _Partial) -> _Span:
    first = partial.first()
    return _Span(_LOWEST, first if first.prerelease else Version(first.major, first.minor, first.patch, "0"))


def _at_most(partial: _Partial) -> _Span:
    return _Span(_LOWEST, partial.end())


def _close(partial: _Partial) -> _Span:
    """`~`: the patch may rise; without a minor number, the minor may, too."""
    return _Span(partial.first(), partial.after(min(len(partial.numbers), 2)))


def _compatible(partial: _Partial) -> _Span:
    """`^`: everything to the right of the first number that is not zero may rise."""
    nonzero = next((index for index, number in enumerate(partial.numbers) if number), len(partial.numbers) - 1)
    return _Span(partial.first(), partial.after(nonzero + 1))


_SPANS: dict[str, Callable[[_Partial], _Span]] = {
    "": _exactly,
    "=": _exactly,
    "!=": _anything_but,
    ">=": _at_least,
    ">": _above,
    "<": _below,
    "<=": _at_most,
    "~": _close,
    "~>": _close,
    "^": _compatible,
}


def _version(numbers: tuple[int, ...], prerelease: str) -> Version:
    """Return a version, with zeros for the numbers that are not there."""
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return Version(major, minor, patch, prerelease)


def _successor(version: Version) -> Version:
    """Return the next version in the order: nothing lies between a pre-release and itself with `.0` added."""
    if version.prerelease:
        return Version(version.major, version.minor, version.patch, f"{version.prerelease}.0")
    return Version(version.major, version.minor, version.patch + 1, "0")
