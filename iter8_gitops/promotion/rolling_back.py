"""Rolling back as a question about a tree: what to commit so that promotions are undone."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field

from iter8_gitops.errors import NotFoundError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.checks import check_result
from iter8_gitops.promotion.finding import Finder
from iter8_gitops.promotion.git.history import Event, events, is_ancestor, resolve, standing
from iter8_gitops.promotion.git.repository import Repository
from iter8_gitops.promotion.git.reverting import reverted
from iter8_gitops.promotion.kustomizations import FILE_NAMES
from iter8_gitops.promotion.messages import Words, rollback_message
from iter8_gitops.promotion.proposals import NothingToDo, Proposal
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.rewriting import resalted, without_others
from iter8_gitops.promotion.salts import next_salt
from iter8_gitops.promotion.signatures import Signatures
from iter8_gitops.promotion.tree import Tree

_COMMIT_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Rollback:
    """Undoes the newest promotion of `application`, or all that came after the commit `to`."""

    application: str
    repository: Repository
    plugins: Plugins
    to: str = ""
    words: Words = field(default_factory=Words)

    def __call__(self, tree: Tree, base: str) -> Proposal | NothingToDo:
        """What to commit on `base`. Raises `NotFoundError` and `PromotionRefusedError`."""
        found = Finder(tree).routemap(self.application)
        self.repository.load_history()
        history = events(self.repository.git, base, self.application)
        undone = self._later(history, base) if self.to else self._newest(history)
        if isinstance(undone, NothingToDo):
            return undone
        last = undone[0].commit
        salt = next_salt(self.application, found.routemap.assignment.salt, last)
        files = self._reverted(tree, undone, salt)
        if not files:
            return NothingToDo(f"the files of {self.application} are already as before commit {last[:_COMMIT_SHOWN]}")
        files[found.path] = resalted(tree.with_files(files), self.application, found.path, salt)
        after = tree.with_files(files)
        check_result(tree, after, files)
        finder = Finder(after)
        for resource in sorted(found.routemap.resource_ids):
            finder.only_manifest(resource)  # A candidate that came since may be in another file.
        signature = Signatures(self.plugins, after).of_version(found.routemap.versions[0].resources)
        listed = [(event.commit, event.version, event.subject) for event in undone]
        message = rollback_message(self.application, listed, signature, self.words)
        namespace, _, name = self.application.partition("/")
        return Proposal(files, message, f"iter8/rollback-{namespace}-{name}-{undone[-1].commit[:_COMMIT_SHOWN]}")

    def _newest(self, history: Sequence[Event]) -> list[Event] | NothingToDo:
        """The newest promotion, unless it was rolled back already."""
        promotions = [event for event in history if event.is_promotion]
        if not promotions:
            message = f"no promotion of {self.application} is in the history of this branch"
            raise NotFoundError("application", message)
        newest = promotions[0]
        by = next((event.commit for event in history if newest.commit in event.reverts), None)
        if by is None:
            return [newest]
        return NothingToDo(
            f"the promotion of {newest.version} by commit {newest.commit[:_COMMIT_SHOWN]} was rolled back by commit "
            f"{by[:_COMMIT_SHOWN]} already; --to goes further back"
        )

    def _later(self, history: Sequence[Event], base: str) -> list[Event] | NothingToDo:
        """The promotions after `to` that were not rolled back."""
        git = self.repository.git
        commit = resolve(git, self.to)
        if not commit or not is_ancestor(git, commit, base):
            message = f"--to {self.to} is no commit in the history of this branch"
            raise NotFoundError("to", message)
        later = [event for event in standing(tuple(history)) if not is_ancestor(git, event.commit, commit)]
        return later or NothingToDo(f"nothing of {self.application} was promoted after {self.to}")

    def _reverted(self, tree: Tree, undone: Sequence[Event], salt: str) -> dict[str, bytes | None]:
        """The contents without what these commits did, newest first, of files that change by it."""
        files: dict[str, bytes | None] = {}

        def current(path: str) -> bytes | None:
            return files[path] if path in files else _content(tree, path)

        def level(path: str, content: bytes | None) -> bytes | None:
            # Each commit renewed the salt, and this one will: no conflict may come of it.
            return None if content is None else resalted(tree.alone(path, content), self.application, path, salt)

        def forget(path: str, before: bytes | None, after: bytes | None) -> bytes | None:
            # A candidate that came between two promotions is of no use when both are taken back.
            if before is None or posixpath.basename(path) in FILE_NAMES:
                return after
            return without_others(tree.alone(path, before), tree.alone(path, after or b""), path)

        def keep(_path: str, before: bytes | None, _after: bytes | None) -> bytes | None:
            return before

        for event in undone:
            restore = keep if event is undone[-1] else forget
            changed, conflicts = reverted(self.repository.git, event, current, level, restore)
            if conflicts:
                message = (
                    f"{', '.join(conflicts)} changed since commit {event.commit[:_COMMIT_SHOWN]} in the same places: "
                    "roll back by hand there (git revert)"
                )
                raise PromotionRefusedError(message)
            files |= changed
        return files


def _content(tree: Tree, path: str) -> bytes | None:
    return tree.files[path].content if path in tree.files else None
