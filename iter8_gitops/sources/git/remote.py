"""Asks a remote repository what a ref points to, and fetches it into the mirror."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.environment import UPLOAD_PACK
from iter8_gitops.sources.git.failures import explain
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.process import GitCommands, GitFailedError
from iter8_gitops.sources.git.refs import GitRef
from iter8_gitops.sources.git.urls import GitUrl

_FETCH = ("fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
# A server that cannot serve a single commit: dumb HTTP has no depth, and old protocols only serve the tips of refs.
_NEEDS_ALL = re.compile(r"unadvertised object|dumb http|shallow capabilities", re.IGNORECASE)
_FETCH_TIMEOUT_FACTOR = 20


@dataclass(frozen=True, slots=True)
class Tip:
    """A ref of the remote by its full name, and the id of the object that it names (a commit or a tag)."""

    name: str
    object_id: str


class Remote:
    """The repository at `url`, seen through `mirror`. `timeout` is in seconds, for one question.

    Every method raises SourceUnavailableError, with a message for people and without secrets.
    """

    def __init__(self, url: GitUrl, mirror: Mirror, commands: GitCommands, timeout: float) -> None:
        self._url = url
        self._mirror = mirror
        self._commands = commands
        self._timeout = timeout
        self._service = (f"--upload-pack={UPLOAD_PACK}",) if url.is_local else ()

    def tip(self, ref: GitRef) -> Tip:
        """Return the first of the names of `ref` that exists at the remote."""
        tips = self._tips(ref.names)
        for name in ref.names:
            if name in tips:
                return Tip(name, tips[name])
        if "HEAD" in ref.names:
            raise SourceUnavailableError("it has no commit on its default branch yet")
        message = f"it has no {ref.shown}"
        raise SourceUnavailableError(message)

    def fetch(self, tip: Tip) -> None:
        """Make the mirror's `fetched` ref name what the ref of `tip` names at the remote by now."""
        refspec = f"+{tip.name}:{self._mirror.fetched}"
        self._fetch(refspec, tip.object_id, otherwise=(refspec,))

    def fetch_commit(self, commit: str) -> None:
        """Get the commit into the mirror, and make the mirror's `fetched` ref name it."""
        prefix = self._mirror.prefix
        everything = (f"+refs/heads/*:{prefix}/heads/*", f"+refs/tags/*:{prefix}/tags/*")
        self._fetch(f"+{commit}:{self._mirror.fetched}", commit, otherwise=everything)
        if not self._mirror.commit(commit):
            message = f"it has no commit {commit}"
            raise SourceUnavailableError(message)
        self._mirror.point(self._mirror.fetched, commit)

    def _tips(self, names: tuple[str, ...]) -> dict[str, str]:
        # The question needs no repository, and without one a damaged mirror cannot spoil the answer.
        arguments = (f"--git-dir={os.devnull}", "ls-remote", "--quiet", *self._service, "--", self._url.address, *names)
        try:
            answer = self._commands.run(*arguments, timeout=self._timeout)
        except GitFailedError as error:
            raise self._unavailable(error) from None
        lines = (line.partition("\t") for line in answer.decode("utf-8", "replace").splitlines())
        return {name: object_id for object_id, _, name in lines}

    def _fetch(self, refspec: str, object_id: str, *, otherwise: tuple[str, ...]) -> None:
        """Fetch one commit without its history, or `otherwise` from a server that cannot do that."""
        with self._mirror.locked() as lock:
            self._mirror.create(object_id)
            try:
                try:
                    self._run_fetch(lock, ("--depth=1", "--update-shallow"), (refspec,))
                except GitFailedError as error:
                    if not _NEEDS_ALL.search(error.stderr):
                        raise
                    self._run_fetch(lock, ("--prune",), otherwise)
            except GitFailedError as error:
                if not self._mirror.is_usable(object_id):
                    self._mirror.discard()
                raise self._unavailable(error) from None

    def _run_fetch(self, lock: int, options: tuple[str, ...], refspecs: tuple[str, ...]) -> None:
        arguments = (*_FETCH, *options, *self._service, "--", self._url.address, *refspecs)
        self._commands.run(*arguments, timeout=self._timeout * _FETCH_TIMEOUT_FACTOR, keep_open=(lock,))

    def _unavailable(self, error: GitFailedError) -> SourceUnavailableError:
        credentials = self._url.credentials
        return SourceUnavailableError(explain(error.stderr, credentials.secrets() if credentials else ()))
