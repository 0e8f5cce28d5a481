"""Fetches what is wanted of a remote repository into the mirror, and no more than the remote makes necessary."""

from __future__ import annotations

import re
from collections.abc import Collection

from iter8_gitops.sources.git.failures import explain
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.process import GitFailedError
from iter8_gitops.sources.git.remote import Remote, RemoteError
from iter8_gitops.sources.git.tips import Tip

_FETCH = ("fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
# Contents are asked for by their ids, so it is no use to find out what both sides have.
_FETCH_BY_ID = ("-c", "fetch.negotiationAlgorithm=noop", *_FETCH)
_ALONE = ("--depth=1", "--update-shallow")
_WITHOUT_CONTENTS = "--filter=blob:none"
# A mirror that was once filtered goes on to be, if it is not told otherwise.
_WITH_CONTENTS = "--no-filter"
# A server that cannot serve a single commit: dumb HTTP has no depth, and old protocols only serve the tips of refs.
_NEEDS_ALL = re.compile(r"unadvertised object|dumb http|shallow capabilities", re.IGNORECASE)
_REFUSES_FILTER = re.compile(r"\bfilter", re.IGNORECASE)
_REFUSES_OBJECTS = re.compile(r"unadvertised object|not our ref|dumb http", re.IGNORECASE)
_TIMEOUT_FACTOR = 20


class ObjectsRefusedError(Exception):
    """The remote serves commits without contents, but not the contents afterwards."""


class Fetcher:
    """Brings commits of `remote` into `mirror`, without their history where the remote can do that.

    With `partial` they come without contents, too, where it can do that; `fetch_objects` brings those that are wanted.
    Every method raises SourceUnavailableError, with a message for people and without secrets.
    """

    def __init__(self, remote: Remote, mirror: Mirror, *, partial: bool) -> None:
        self._remote = remote
        self._mirror = mirror
        self._partial = partial and not remote.url.is_local  # From disk to disk, a second question costs more.

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
            raise RemoteError(message)
        self._mirror.point(self._mirror.fetched, commit)

    def fetch_objects(self, object_ids: Collection[str]) -> None:
        """Get contents that were left behind into the mirror, all with one question. Raises ObjectsRefusedError."""
        wanted = "".join(f"{each}\n" for each in object_ids).encode()
        try:
            with self._mirror.locked() as lock:
                self._run((*_FETCH_BY_ID, _WITHOUT_CONTENTS, "--stdin"), (), lock, wanted)
        except GitFailedError as error:
            if _REFUSES_OBJECTS.search(error.stderr):
                raise ObjectsRefusedError from error
            raise RemoteError(explain(error.stderr)) from None

    def _fetch(self, refspec: str, object_id: str, *, otherwise: tuple[str, ...]) -> None:
        """Fetch one commit without its history, or `otherwise` from a server that cannot do that."""
        with self._mirror.locked() as lock:
            self._mirror.prepare(object_id)
            try:
                try:
                    self._fetch_alone(refspec, lock)
                except GitFailedError as error:
                    if not _NEEDS_ALL.search(error.stderr):
                        raise
                    self._run((*_FETCH, _WITH_CONTENTS, "--prune"), otherwise, lock)
            except GitFailedError as error:
                if not self._mirror.is_usable(object_id):
                    self._mirror.discard()
                raise RemoteError(explain(error.stderr)) from None

    def _fetch_alone(self, refspec: str, lock: int) -> None:
        if self._partial and not self._mirror.promises.are_refused:
            try:
                self._run((*_FETCH, *_ALONE, _WITHOUT_CONTENTS), (refspec,), lock)
            except GitFailedError as error:
                if not _REFUSES_FILTER.search(error.stderr):
                    raise
                self._mirror.promises.refuse()
            else:
                self._mirror.promises.note_size()
                return
        self._run((*_FETCH, *_ALONE, _WITH_CONTENTS), (refspec,), lock)

    def _run(self, command: tuple[str, ...], refspecs: tuple[str, ...], lock: int, data: bytes = b"") -> None:
        timeout = self._remote.timeout * _TIMEOUT_FACTOR
        self._remote.run(*command, operands=refspecs, data=data, timeout=timeout, keep_open=(lock,))
