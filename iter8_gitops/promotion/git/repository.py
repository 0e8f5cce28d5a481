"""What a promotion needs of a repository, be it a person's own or one at a URL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from iter8_gitops.promotion.git.commands import Commands


@dataclass(frozen=True, slots=True)
class Goal:
    """Where the commit is to go: onto `branch` ("" is the present one), and to the remote with `push`.

    With `propose` it goes to a branch of its own at the remote, from where it is proposed for the present one. Of a
    repository at a URL, the present branch is `onto`, which must exist; "" is the default one there.
    """

    branch: str = ""
    push: bool = False
    propose: bool = False
    onto: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where a commit went. `remote` is "" when it was not pushed; `hints` are what a person should know or do."""

    commit: str
    branch: str
    remote: str = ""
    hints: tuple[str, ...] = ()


class Repository(Protocol):
    """A repository with a goal. Every method raises `PromotionRefusedError` and `UnavailableError`."""

    @property
    def git(self) -> Commands:
        """Git on it."""
        ...

    @property
    def remote(self) -> str:
        """What people call the place that is pushed to; holds no secret, and "" when there is none."""
        ...

    @property
    def remote_url(self) -> str:
        """The address that is pushed to; "" when there is none."""
        ...

    @property
    def branch(self) -> str:
        """The branch at the remote that is to get the promotion in the end."""
        ...

    def base(self) -> str:
        """The commit to build on; the newest one at the remote when that is where it goes."""
        ...

    def load_history(self) -> None:
        """Get all that came before `base`."""
        ...

    def check(self, paths: Collection[str]) -> None:
        """Refuse when these files must not be touched."""
        ...

    def deliver(self, commit: str) -> Delivered:
        """Make the branch name a commit on `base`. Raises `MovedOnError` when it has moved on."""
        ...

    def proposed(self, branch: str) -> str:
        """The commit of a branch at the remote, or ""."""
        ...

    def propose(self, commit: str, branch: str) -> Delivered:
        """Push a commit to a branch of its own. Raises `MovedOnError` when that has come to exist."""
        ...

    def uncommitted_hint(self) -> str:
        """What to say where something is not found, when it may only not be committed yet."""
        ...
