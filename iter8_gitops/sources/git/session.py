"""One run of a Git source: from the name of a ref to the tree of the commit it leads to."""

from __future__ import annotations

from iter8_gitops.errors import SourceUnavailableError
from iter8_gitops.sources.git.mirror import Mirror
from iter8_gitops.sources.git.reading import CommitReader, DamagedMirrorError
from iter8_gitops.sources.git.refs import GitRef
from iter8_gitops.sources.git.remote import Remote
from iter8_gitops.spec.tree import SourceTree


class GitSession:
    """Follows `ref` of `remote`, keeping the last tree so that an unchanged commit costs one question."""

    def __init__(self, shown: str, ref: GitRef, remote: Remote, mirror: Mirror, reader: CommitReader) -> None:
        self._shown = shown
        self._ref = ref
        self._remote = remote
        self._mirror = mirror
        self._reader = reader
        self._last: SourceTree | None = None
        self._resolved = ("", "")  # What the ref named at the last look, and the commit that leads to.

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

        Raises SourceUnavailableError.
        """
        try:
            commit = self._pinned_commit() if self._ref.commit else self._followed_commit()
        except SourceUnavailableError as error:
            message = f"cannot fetch {self._shown}: {error}"
            raise SourceUnavailableError(message) from error
        if self._last is not None and self._last.revision == commit:
            return self._last
        try:
            tree = self._reader.read(commit, self._last)
        except SourceUnavailableError as error:
            message = f"cannot read {self._shown}: {error}"
            raise SourceUnavailableError(message) from error
        except DamagedMirrorError as error:
            self._mirror.discard()
            self._resolved = ("", "")
            message = f"the cache of {self._shown} is damaged; it is fetched anew"
            raise SourceUnavailableError(message) from error
        self._mirror.remember(commit)
        self._last = tree
        return tree

    def _pinned_commit(self) -> str:
        # A commit never changes, so once it is here the remote need not be asked again.
        commit = self._ref.commit
        if not self._mirror.commit(commit):
            self._remote.fetch_commit(commit)
        return commit

    def _followed_commit(self) -> str:
        tip = self._remote.tip(self._ref)
        if tip.object_id == self._resolved[0]:
            return self._resolved[1]
        if self._mirror.object_id(self._mirror.fetched) != tip.object_id:
            self._remote.fetch(tip)
        commit = self._mirror.commit(self._mirror.fetched)
        if not commit:
            message = f"{self._ref.shown} does not lead to a commit"
            raise SourceUnavailableError(message)
        self._resolved = (tip.object_id, commit)
        return commit
