"""What is to be committed, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from iter8_gitops.contracts.git_host import GitHost, PullRequest
from iter8_gitops.promotion.git.repository import Delivered
from iter8_gitops.promotion.tree import Tree


@dataclass(frozen=True, slots=True)
class Proposal:
    """A commit to be made: new contents by path (None removes a file), and its message.

    `branch` is where it goes when it is only proposed. `notes` are for a person to look at.
    """

    files: Mapping[str, bytes | None]
    message: str
    branch: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """Why no commit is needed."""

    reason: str


Make: TypeAlias = Callable[[Tree, str], "Proposal | NothingToDo"]
"""Looks at the tree of a commit, and says what to commit on top of it."""

OpenHost: TypeAlias = Callable[[str], GitHost]
"""Opens the host of a repository by the address that is pushed to."""

Tell: TypeAlias = Callable[[str], None]
"""Tells a person what is going on."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that was made, and where it went."""

    proposal: Proposal
    delivered: Delivered
    pull_request: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A commit that was not made. `before` are the present contents of its files."""

    proposal: Proposal
    before: Mapping[str, bytes]
