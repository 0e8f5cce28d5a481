"""What the sources declare: the newest tree of each, decoded, and merged with what was in force before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from iter8_gitops.contracts.source import Feed
from iter8_gitops.core.desired import Declared, DecodedChanges
from iter8_gitops.core.document_problems import DocumentProblems
from iter8_gitops.core.merging import Merged
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.live_files import LiveFiles
from iter8_gitops.runtime.problem_book import ProblemBook
from iter8_gitops.runtime.triggers import Triggers
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.tree import SourceTree


class Declarations:
    """The routemaps in force. What changes is noted in `triggers`, and what is wrong in `problems`.

    `live_files` is given when one of the feeds stands for the cluster with its objects.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        intake: Intake,
        last_good: LastGood,
        live_files: LiveFiles | None,
        triggers: Triggers,
        problems: ProblemBook,
    ) -> None:
        self._feeds = {feed.source.name: feed for feed in feeds}
        self._intake = intake
        self._last_good = last_good
        self._live_files = live_files
        self._triggers = triggers
        self._problems = problems
        self._trees: dict[str, SourceTree] = {}
        self._removed: set[str] = set()
        saved = {app: each for app, each in last_good.load().items() if each.origin.source in self._feeds}
        self._merged = Merged([name for name, feed in self._feeds.items() if feed.routemaps], saved)
        self._elsewhere = DocumentProblems()
        triggers.declare(self._merged.declared)

    def __getitem__(self, application: str) -> Declared:
        return self._merged.declared[application]

    @property
    def applications(self) -> AbstractSet[str]:
        """Every application that is declared now, `namespace/name`."""
        return self._merged.declared.keys()

    @property
    def unread(self) -> AbstractSet[str]:
        """The sources of routemaps that were not read in this life."""
        return {name for name, feed in self._feeds.items() if feed.routemaps} - self._trees.keys()

    @property
    def complete(self) -> bool:
        """Whether every source of routemaps was read in this life, so that nothing can be missing."""
        return not self.unread

    def is_certain_of(self, source: str) -> bool:
        """Whether a routemap that came from `source` and is not declared is certainly gone."""
        return source in self._trees if source in self._feeds else self.complete

    def take_removed(self) -> AbstractSet[str]:
        """The applications that are declared no more, since the last call."""
        removed, self._removed = self._removed, set()
        return {application for application in removed if application not in self.applications}

    def take(self, trees: Iterable[SourceTree]) -> None:
        """Take in what sources delivered; a tree that is known already costs nothing."""
        for tree in trees:
            if self._trees.get(tree.source) is not tree:
                self._trees[tree.source] = tree
                self._take(self._intake.take(tree))

    def replace_kinds(self, kinds: KindTable) -> None:
        """Other kinds are known now: decode everything anew."""
        for news in self._intake.replace_kinds(kinds):
            self._take(news)

    def _take(self, news: DecodedChanges) -> None:
        feed = self._feeds[news.source]
        if feed.resources and self._live_files is not None:
            self._problems.of_cluster(news.source, self._live_files.take(news))
        if feed.routemaps:
            self._redeclare(news)
            self._problems.of_documents(self._merged.problems)
        else:
            self._elsewhere.take(news)
            self._problems.of_documents(self._elsewhere.by_source())

    def _redeclare(self, news: DecodedChanges) -> None:
        revised = self._merged.take([news])
        self._last_good.save(revised.changed, revised.removed)
        self._triggers.declare(revised.changed)
        self._triggers.withdraw(revised.removed)
        self._removed |= revised.removed
