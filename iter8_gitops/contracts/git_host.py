"""What every host of Git repositories promises: to propose a branch to people who review it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class PullRequestDraft:
    """What to propose: that the commits of `branch` go onto `base`, both in the repository that was opened."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or merge request, that is open: where people see it, and its number there."""

    url: str
    number: int


@runtime_checkable
class GitHost(Protocol):
    """A repository at a host. Every method may block, for as long as a person at a terminal would wait.

    Both raise `ConfigurationError` when the host refuses, with what to do about it, and `UnavailableError` when it
    cannot be reached. No message holds the token.
    """

    def find_pull_request(self, branch: str) -> PullRequest | None:
        """The pull request that is open for `branch`, or None."""
        ...

    def open_pull_request(self, draft: PullRequestDraft) -> PullRequest:
        """Open one. When one is open for the branch already, that is returned and stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class GitHostRequest:
    """Which repository at which host is meant.

    `type` is what a person named, "" to go by the host. `server` is scheme, host and port of its web address, with a
    path below which it lives if it has one, and `repository` the path of the repository there, without `.git`. The
    `token` is for that server alone, and no message, URL or log may ever show it.
    """

    type: str
    server: str
    host: str
    repository: str
    token: str = field(repr=False)
