"""The repository of a person, around a folder of this machine."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.promotion.git.commands import LocalCommands, failure, said
from iter8_gitops.promotion.git.history import is_ancestor, resolve
from iter8_gitops.promotion.git.pushing import push
from iter8_gitops.promotion.git.remotes import remote_of
from iter8_gitops.promotion.git.repository import Delivered, Goal
from iter8_gitops.promotion.git.state import check_clean, current_branch, has_uncommitted_manifests
from iter8_gitops.promotion.refusals import MovedOnError, PromotionRefusedError
from iter8_gitops.sources.git.failures import explain
from iter8_gitops.sources.git.process import GitFailedError


class LocalRepository:
    """Implements `Repository`. The branch that is checked out, and its files, change at the very end, or not at all."""

    def __init__(self, folder: Path, goal: Goal) -> None:
        self._commands = LocalCommands(folder)
        self._goal = goal
        self._checked_out = current_branch(self._commands, folder)
        self._folder = _top(self._commands, folder)
        self._commands = LocalCommands(self._folder)
        self.branch = self._checked_out
        self.remote_url = ""
        self._ahead = 0
        if goal.push or goal.propose:
            remote = remote_of(self._commands, self._checked_out)
            self._commands = LocalCommands(self._folder, remote.name)
            self.branch, self.remote_url = remote.branch, remote.url
        self._check_branch()

    @property
    def git(self) -> LocalCommands:
        """See `Repository.git`."""
        return self._commands

    @property
    def remote(self) -> str:
        """See `Repository.remote`."""
        return self._commands.remote

    def base(self) -> str:
        """See `Repository.base`."""
        head = resolve(self._commands, "HEAD")
        if not head:
            raise PromotionRefusedError("the branch that is checked out has no commit yet")
        if not (self._goal.push or self._goal.propose):
            return head
        if self._goal.branch and self.proposed(self._goal.branch):
            message = f"there is a branch {self._goal.branch} at {self.remote} already: name a new one"
            raise PromotionRefusedError(message)
        tip = self.proposed(self.branch)
        place = f"{self.branch} at {self.remote}"
        if self._goal.propose:
            if not tip:
                message = f"there is no {place} yet to propose anything for: push it first"
                raise PromotionRefusedError(message)
            return tip
        if not tip or is_ancestor(self._commands, tip, head):
            commits = said(self._commands.run("rev-list", "--count", f"{tip}..{head}")) if tip else "0"
            self._ahead = int(commits)
            return head
        if not is_ancestor(self._commands, head, tip):
            message = (
                f"{self._checked_out} and {place} have diverged: bring them together first (git pull), then try again"
            )
            raise PromotionRefusedError(message)
        self._ahead = 0
        return tip

    def load_history(self) -> None:
        """See `Repository.load_history`. It is there, unless this is a shallow clone."""
        if said(self._commands.run("rev-parse", "--is-shallow-repository")) == "true":
            raise PromotionRefusedError(
                "this clone is shallow, so older promotions cannot be seen: git fetch --unshallow"
            )

    def check(self, paths: Collection[str]) -> None:
        """See `Repository.check`."""
        check_clean(self._commands, paths)

    def deliver(self, commit: str) -> Delivered:
        """See `Repository.deliver`."""
        target = self._goal.branch or self.branch
        remote = ""
        hints: list[str] = []
        if self._goal.push:
            remote = self.remote
            push(self._commands, commit, target, remote)
            if self._ahead:
                earlier = "an earlier commit" if self._ahead == 1 else f"{self._ahead} earlier commits"
                hints.append(f"{earlier} of {self._checked_out} went with it")
        if self._goal.branch:
            self._commands.run("branch", "--no-track", self._goal.branch, commit)
        elif (problem := self._advance(commit)) and not remote:
            raise MovedOnError(problem)
        elif problem:
            hints.append(f"it is pushed, but not checked out here ({problem}): git pull")
        if not remote and (command := self._push_command(target)):
            hints.append(f"nothing is pushed yet; do that with: {command}")
        return Delivered(commit, target, remote, tuple(hints))

    def proposed(self, branch: str) -> str:
        """See `Repository.proposed`."""
        try:
            self._commands.reach("fetch", "--quiet", "--no-tags", operands=[f"refs/heads/{branch}"])
        except GitFailedError as error:
            if "couldn't find remote ref" in error.stderr:
                return ""
            what = f"cannot fetch from {self.remote}"
            raise failure(what, error) from error
        return resolve(self._commands, "FETCH_HEAD")

    def propose(self, commit: str, branch: str) -> Delivered:
        """See `Repository.propose`."""
        push(self._commands, commit, branch, self.remote)
        return Delivered(commit, branch, self.remote)

    def uncommitted_hint(self) -> str:
        """See `Repository.uncommitted_hint`."""
        if not has_uncommitted_manifests(self._commands):
            return ""
        return "; there are manifests that are not committed yet, and only what is committed counts"

    def _advance(self, commit: str) -> str:
        """Bring branch, index and files to `commit`, or say why not. Other people's changes stay as they are."""
        try:
            self._commands.run(
                *("merge", "--ff-only", "--quiet", "--no-verify-signatures", "--no-stat", commit),
                environment={"GIT_REFLOG_ACTION": "iter8-gitops"},
            )
        except GitFailedError as error:
            return explain(error.stderr)
        return ""

    def _check_branch(self) -> None:
        name = self._goal.branch
        if not name:
            return
        if name == self._checked_out:
            self._goal = Goal(push=self._goal.push, propose=self._goal.propose)
            return
        try:
            self._commands.run("check-ref-format", "--branch", name)
        except GitFailedError as error:
            message = f"--branch {name!r} cannot be the name of a branch"
            raise ConfigurationError(message) from error
        if resolve(self._commands, f"refs/heads/{name}"):
            message = f"there is a branch {name} already: git switch {name} and promote there, or name a new one"
            raise PromotionRefusedError(message)

    def _push_command(self, target: str) -> str:
        names = said(self._commands.run("remote")).split()
        if not names:
            return ""
        return (
            f"git push -u {'origin' if 'origin' in names else names[0]} {target}" if self._goal.branch else "git push"
        )


def is_bare(folder: Path) -> bool:
    """Whether a folder is a repository without a work tree, as on a server."""
    return _is(folder, "--is-bare-repository")


def is_work_tree(folder: Path) -> bool:
    """Whether a folder is in the work tree of a repository."""
    return _is(folder, "--is-inside-work-tree")


def _is(folder: Path, question: str) -> bool:
    try:
        return said(LocalCommands(folder).run("rev-parse", question)) == "true"
    except GitFailedError:
        return False


def _top(git: LocalCommands, folder: Path) -> Path:
    try:
        return Path(said(git.run("rev-parse", "--show-toplevel")))
    except GitFailedError as error:
        message = f"{folder} is not in the work tree of a repository; say which one with --repo"
        raise ConfigurationError(message) from error
