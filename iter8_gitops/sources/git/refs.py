"""Which commit of a repository is wanted: its default branch, a branch, a tag, the newest of some, or an exact one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources.git.ranges import VersionRange, parse_range
from iter8_gitops.sources.selection import printable

_RANGE = "semver:"
_COMMIT = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
# The rules of `git check-ref-format`, for a name below refs/heads/ or refs/tags/.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


@dataclass(frozen=True, slots=True)
class GitRef:
    """What to follow: `commit`, a full commit id; or the newest tag whose version is in `versions`; or a ref.

    `names` holds full ref names, the first that exists wins.
    """

    shown: str
    names: tuple[str, ...] = ()
    commit: str = ""
    versions: VersionRange | None = None

    @property
    def digest(self) -> str:
        """An identifier of what is followed that can be part of a ref name."""
        text = f"{_RANGE}{self.versions.text}" if self.versions else " ".join((*self.names, self.commit))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


DEFAULT = GitRef("default branch", ("HEAD",))


def parse_ref(text: str | None) -> GitRef:
    """Decode a branch, a tag, a full commit id, a full ref name or `semver:RANGE`; None is the default branch.

    A plain name is looked for among branches first, then among tags. Raises ConfigurationError for
    what cannot be the name of a ref, and for what is no range of versions.
    """
    if text is None or text == "HEAD":
        return DEFAULT
    if text.startswith(_RANGE):
        return _tags_in(text.removeprefix(_RANGE))
    if _COMMIT.fullmatch(text):
        return GitRef(f"commit {text.lower()}", commit=text.lower())
    if not _is_valid(text):
        message = f"{printable(text)!r} cannot be the name of a Git branch, tag or commit"
        raise ConfigurationError(message)
    if text.startswith("refs/"):
        if text.count("/") == 1:
            message = f"{text!r} is not a full ref name such as refs/heads/main"
            raise ConfigurationError(message)
        return GitRef(_describe(text), (text,))
    return GitRef(f"branch or tag {text}", (f"refs/heads/{text}", f"refs/tags/{text}"))


def _tags_in(text: str) -> GitRef:
    versions = parse_range(text)
    if versions is None:
        message = f"{printable(text)!r} is no range of versions such as semver:>=1.2 <2, semver:~1.4 or semver:*"
        raise ConfigurationError(message)
    return GitRef(f"version tags {versions.text}", versions=versions)


def _describe(name: str) -> str:
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if name.startswith(prefix):
            return f"{kind} {name.removeprefix(prefix)}"
    return name


def _is_valid(name: str) -> bool:
    if not name or name == "@" or name.startswith(("-", "/")) or name.endswith(("/", ".")):
        return False
    if _FORBIDDEN.search(name) or not _is_unicode(name):
        return False
    return not any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
