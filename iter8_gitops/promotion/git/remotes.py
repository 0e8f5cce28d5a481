"""Which remote a branch of a person's repository belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.promotion.git.commands import Commands, said
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.sources.git.process import GitFailedError


@dataclass(frozen=True, slots=True)
class RemoteBranch:
    """A branch at a remote. `url` is where it is pushed to, and may hold a secret."""

    name: str
    branch: str
    url: str


def remote_of(git: Commands, branch: str) -> RemoteBranch:
    """The remote that `branch` follows, or else the only one, or `origin`. Raises `PromotionRefusedError`."""
    names = said(git.run("remote")).split()
    configured = _setting(git, f"branch.{branch}.remote")
    if configured in names:
        name, merge = configured, _setting(git, f"branch.{branch}.merge").removeprefix("refs/heads/") or branch
    elif names:
        name, merge = (names[0] if len(names) == 1 else "origin"), branch
    else:
        raise PromotionRefusedError("this repository has no remote to push to: git remote add origin URL")
    if name not in names:
        message = f"which of {', '.join(names)} to push to cannot be told: git branch --set-upstream-to=REMOTE/{branch}"
        raise PromotionRefusedError(message)
    return RemoteBranch(name, merge, said(git.run("remote", "get-url", "--push", name)))


def _setting(git: Commands, name: str) -> str:
    try:
        return said(git.run("config", "--get", name))
    except GitFailedError:
        return ""
