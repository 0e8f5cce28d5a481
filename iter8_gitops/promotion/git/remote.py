"""A repository at a URL, of which as much is fetched as a commit on top of it needs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from iter8_gitops.contracts.source import Credentials
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.promotion.git.commands import UrlCommands, failure, said
from iter8_gitops.promotion.git.history import resolve
from iter8_gitops.promotion.git.pushing import push
from iter8_gitops.promotion.git.repository import Delivered, Goal
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.sources.git.access import Access
from iter8_gitops.sources.git.process import GitFailedError
from iter8_gitops.sources.git.urls import parse_git_url

_BASE = "refs/iter8/base"
_PROPOSED = "refs/iter8/proposed"
_SHA256_LENGTH = 64


class UrlRepository:
    """Implements `Repository`, in the empty `folder`. Everything that it commits is pushed."""

    def __init__(self, url: str, credentials: Credentials | None, folder: Path, goal: Goal) -> None:
        self._url = parse_git_url(url)
        self._path = folder / "repository.git"
        self._commands = UrlCommands(self._path, self._url, Access(self._url, credentials))
        self._goal = goal
        self.branch = ""
        self._target = ""

    @property
    def git(self) -> UrlCommands:
        """See `Repository.git`."""
        return self._commands

    @property
    def remote(self) -> str:
        """See `Repository.remote`."""
        return self._url.shown

    @property
    def remote_url(self) -> str:
        """See `Repository.remote_url`."""
        return self._url.address

    def base(self) -> str:
        """See `Repository.base`."""
        tips, default = self._tips()
        if self._goal.onto:
            default = self._goal.onto
            if f"refs/heads/{default}" not in tips:
                message = f"{self.remote} has no branch {default}, and only a branch can be committed to"
                raise PromotionRefusedError(message)
        self.branch = default
        self._target = self._goal.branch or default
        source = self._target if f"refs/heads/{self._target}" in tips else default
        tip = tips.get(f"refs/heads/{source}", "")
        if not tip:
            message = f"{self.remote} has no commit on its default branch yet"
            raise PromotionRefusedError(message)
        if not self._path.exists():
            formats = ("--object-format=sha256",) if len(tip) == _SHA256_LENGTH else ()
            self._commands.run("init", "--quiet", "--bare", "--template=", *formats, "--", str(self._path))
        return self._fetch(source, _BASE)

    def load_history(self) -> None:
        """See `Repository.load_history`."""
        if said(self._commands.run("rev-parse", "--is-shallow-repository")) == "true":
            self._reach("fetch", "--quiet", "--no-tags", "--unshallow", operands=[])

    def check(self, paths: Collection[str]) -> None:
        """See `Repository.check`. Nobody works in this one."""

    def deliver(self, commit: str) -> Delivered:
        """See `Repository.deliver`."""
        push(self._commands, commit, self._target, self.remote)
        return Delivered(commit, self._target, self.remote)

    def proposed(self, branch: str) -> str:
        """See `Repository.proposed`."""
        tips, _ = self._tips()
        return self._fetch(branch, _PROPOSED) if f"refs/heads/{branch}" in tips else ""

    def propose(self, commit: str, branch: str) -> Delivered:
        """See `Repository.propose`."""
        push(self._commands, commit, branch, self.remote)
        return Delivered(commit, branch, self.remote)

    def uncommitted_hint(self) -> str:
        """See `Repository.uncommitted_hint`."""
        return ""

    def _tips(self) -> tuple[dict[str, str], str]:
        """The branches of the remote with their commits, and the name of the default branch."""
        listing = self._reach("ls-remote", "--quiet", "--symref", operands=["HEAD", "refs/heads/*"])
        tips: dict[str, str] = {}
        default = ""
        for line in listing.decode("utf-8", "replace").splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: refs/heads/") and name == "HEAD":
                default = value.removeprefix("ref: refs/heads/")
            elif name != "HEAD":
                tips[name] = value
        if not default and self._goal.branch not in ("", *(name.removeprefix("refs/heads/") for name in tips)):
            message = f"{self.remote} does not say which branch is its default: name one that exists with --branch"
            raise ConfigurationError(message)
        return tips, default

    def _fetch(self, branch: str, ref: str) -> str:
        """Fetch the newest commit of a branch, without what came before it."""
        options = ("--no-tags", "--depth=1", "--update-shallow", "--no-write-fetch-head")
        self._reach("fetch", "--quiet", *options, operands=[f"+refs/heads/{branch}:{ref}"])
        return resolve(self._commands, ref)

    def _reach(self, *arguments: str, operands: list[str]) -> bytes:
        try:
            return self._commands.reach(*arguments, operands=operands)
        except GitFailedError as error:
            what = f"cannot reach {self.remote}"
            raise failure(what, error) from error
