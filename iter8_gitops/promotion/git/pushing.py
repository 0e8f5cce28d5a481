"""Pushing one commit to one branch, and what it means when the remote does not take it."""

from __future__ import annotations

import re

from iter8_gitops.errors import UnavailableError
from iter8_gitops.promotion.git.commands import Commands, failure
from iter8_gitops.promotion.refusals import MovedOnError, PromotionRefusedError
from iter8_gitops.sources.git.process import GitFailedError
from iter8_gitops.sources.selection import printable

_LOST_RACE = re.compile(
    r"\[rejected\].*\((?:fetch first|non-fast-forward|stale info)\)"
    r"|\[remote rejected\].*(?:cannot lock ref|failed to update ref|incorrect old value|reference already exists)"
)
_REFUSED = re.compile(r"\[(?:remote )?rejected\].*\(([^()]*(?:\([^()]*\))?[^()]*)\)")
_REMOTE_LINE = re.compile(r"^remote: *(\S.*?) *$", re.MULTILINE)
_MOST_LINES = 3


def push(git: Commands, commit: str, branch: str, remote: str) -> None:
    """Make `branch` at the remote name `commit`, if that is only a step forward. Never forces anything.

    Raises `MovedOnError` when somebody else was quicker, `PromotionRefusedError` when the remote does not want it, and
    `UnavailableError` when it cannot be reached.
    """
    try:
        git.reach("push", "--no-follow-tags", "--quiet", operands=[f"{commit}:refs/heads/{branch}"])
    except GitFailedError as error:
        if _LOST_RACE.search(error.stderr):
            raise MovedOnError from error
        raise _refusal(error, branch, remote) from error


def _refusal(error: GitFailedError, branch: str, remote: str) -> PromotionRefusedError | UnavailableError:
    refused = _REFUSED.search(error.stderr)
    if refused is None:
        return failure(f"cannot push to {remote}", error)
    lines = [printable(line) for line in _REMOTE_LINE.findall(error.stderr)][:_MOST_LINES]
    details = f" ({' '.join(lines)})" if lines else ""
    message = (
        f"{remote} does not take commits on {branch}: {printable(refused[1])}{details}. "
        "Propose it instead: --pull-request"
    )
    return PromotionRefusedError(message)
