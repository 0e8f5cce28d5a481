"""One run of a Git source: from the name of a ref to the tree of the commit it leads to."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.fetching import Fetcher, ObjectsRefusedError
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.reading import CommitReader, DamagedMirrorError
from iter8_gitops.sources.git.refs import GitRef
from iter8_gitops.sources.git.remote import Remote, RemoteError
from iter8_gitops.sources.git.tips import Tip, find_tip
from iter8_gitops.sources.git.verification import Verifier
from iter8_gitops.spec.tree import SourceTree


class UnusableCommitError(SourceUnavailableError):
    """The remote answered, but what it has cannot take effect; only another commit will help, or another key."""


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What the ref named at a look, and the commit that leads to."""

    tip: Tip
    commit: str


class GitSession:
    """Follows `ref` of `remote`, keeping the last tree so that an unchanged commit costs one question.

    `shown` names the repository in messages. Without `verifier`, every commit is good.
    """

    def __init__(
        self,
        shown: str,
        ref: GitRef,
        remote: Remote,
        mirror: Mirror,
        fetcher: Fetcher,
        reader: CommitReader,
        verifier: Verifier | None,
    ) -> None:
        self._shown = shown
        self._ref = ref
        self._remote = remote
        self._mirror = mirror
        self._fetcher = fetcher
        self._reader = reader
        self._verifier = verifier
        self._last: SourceTree | None = None
        self._resolved: _Resolved | None = None

    def last_good(self) -> SourceTree | None:
        """Return the tree that an earlier run delivered last, if the cache still has it."""
        commit = self._mirror.delivered()
        if not commit:
            return None
        try:
            self._last = self._reader.read(commit, None)
        except (SourceUnavailableError, DamagedMirrorError):
            return None
        return self._last

    def look(self) -> SourceTree:
        """Return the tree that the ref leads to now, the identical object when that is the last one.

        Raises SourceUnavailableError, as UnusableCommitError when the remote could be asked.
        """
        try:
            return self._look()
        except ObjectsRefusedError:
            # Seen only once: from now on, this remote's commits are fetched with their contents.
            self._mirror.promises.refuse()
            self._start_anew()
            return self._look()
        except DamagedMirrorError as error:
            self._start_anew()
            message = f"the cache of {self._shown} is damaged; it is fetched anew"
            raise SourceUnavailableError(message) from error

    def _look(self) -> SourceTree:
        try:
            resolved = self._pinned() if self._ref.commit else self._followed()
        except SourceUnavailableError as error:
            message = f"cannot fetch {self._shown}: {error}"
            raise SourceUnavailableError(message) from error
        if self._last is not None and self._last.revision == resolved.commit:
            return self._last
        self._verify(resolved)
        tree = self._read(resolved.commit)
        self._mirror.remember(resolved.commit)
        self._last = tree
        return tree

    def _verify(self, resolved: _Resolved) -> None:
        if self._verifier is None:
            return
        try:
            self._verifier.check(resolved.commit, resolved.tip.name, resolved.tip.object_id)
        except SourceUnavailableError as error:
            message = f"cannot use {self._shown}: {error}"
            raise UnusableCommitError(message) from error

    def _read(self, commit: str) -> SourceTree:
        try:
            return self._reader.read(commit, self._last, self._fetcher.fetch_objects)
        except RemoteError as error:
            message = f"cannot fetch {self._shown}: {error}"
            raise SourceUnavailableError(message) from error
        except SourceUnavailableError as error:
            message = f"cannot read {self._shown}: {error}"
            raise UnusableCommitError(message) from error

    def _start_anew(self) -> None:
        with self._mirror.locked():
            self._mirror.discard()
        self._resolved = None

    def _pinned(self) -> _Resolved:
        # A commit never changes, so once it is here the remote need not be asked again.
        commit = self._ref.commit
        if not self._mirror.commit(commit):
            self._fetcher.fetch_commit(commit)
        return _Resolved(Tip("", commit), commit)

    def _followed(self) -> _Resolved:
        tip = find_tip(self._remote, self._ref)
        if self._resolved is not None and tip == self._resolved.tip:
            return self._resolved
        if self._mirror.object_id(self._mirror.fetched) != tip.object_id:
            self._fetcher.fetch(tip)
        named = self._mirror.object_id(self._mirror.fetched)
        commit = self._mirror.commit(self._mirror.fetched)
        if not commit:
            if not self._mirror.holds(named):
                raise DamagedMirrorError
            message = f"{self._ref.shown} does not lead to a commit"
            raise RemoteError(message)
        # The ref may have moved since it was asked about, so what counts is what was fetched.
        self._resolved = _Resolved(Tip(tip.name, named), commit)
        return self._resolved
