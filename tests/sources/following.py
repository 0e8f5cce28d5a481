"""Following a source in a test, with what tests of the project's own sources ask besides."""

from __future__ import annotations

from collections.abc import Callable

from iter8_gitops.spec.tree import SourceFailure, SourceTree
from iter8_gitops.testing.following import Following as ContractFollowing


class Following(ContractFollowing):
    """Everything that a source delivers while the block runs."""

    def tree_after(self, last: SourceTree) -> SourceTree:
        """The next tree with another revision than `last`."""
        return self.tree_that(lambda tree: tree.revision != last.revision)

    def failure_that(self, fits: Callable[[SourceFailure], bool]) -> SourceFailure:
        """The next failure that fits."""
        while not fits(found := self.failure()):
            pass
        return found


def contents(tree: SourceTree) -> dict[str, str]:
    """Return the files of a tree, by path, as text."""
    return {file.path: file.content.decode() for file in tree.files if not file.refusal}


def refusals(tree: SourceTree) -> dict[str, str]:
    """Return why files of a tree were refused, by path."""
    return {file.path: file.refusal for file in tree.files if file.refusal}
