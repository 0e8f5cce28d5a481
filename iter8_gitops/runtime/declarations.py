"""What the sources declare: the newest tree of each, decoded, and merged with what was in force before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from iter8_gitops.contracts.cluster import LoadResources
from iter8_gitops.contracts.source import Feed
from iter8_gitops.core.desired import (
    Declared,
    DecodedTree,
    Desired,
    desired,
    file_problems,
    held_resources,
    standing_resources,
)
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.problem_book import ProblemBook
from iter8_gitops.runtime.triggers import Triggers
from iter8_gitops.spec.files import DecodedResource
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.tree import SourceTree


class Declarations:
    """The routemaps in force. What changes is noted in `triggers`, and what is wrong in `problems`.

    `load_resources` is given when one of the feeds stands for the cluster with its objects.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        intake: Intake,
        last_good: LastGood,
        load_resources: LoadResources | None,
        triggers: Triggers,
        problems: ProblemBook,
    ) -> None:
        self._feeds = {feed.source.name: feed for feed in feeds}
        self._intake = intake
        self._last_good = last_good
        self._load_resources = load_resources
        self._triggers = triggers
        self._problems = problems
        self._trees: dict[str, tuple[SourceTree, DecodedTree]] = {}
        self._held: Mapping[str, Sequence[DecodedResource]] = last_good.load_held()
        self._resources: Mapping[str, Sequence[DecodedResource]] = self._held
        self._removed: set[str] = set()
        saved = last_good.load()
        self._desired = Desired({app: each for app, each in saved.items() if each.origin.source in self._feeds})
        triggers.declare(self._desired.declared)

    def __getitem__(self, application: str) -> Declared:
        return self._desired.declared[application]

    @property
    def applications(self) -> AbstractSet[str]:
        """Every application that is declared now, `namespace/name`."""
        return self._desired.declared.keys()

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
        removed, self._removed = self._removed - self.applications, set()
        return removed

    def take(self, trees: Iterable[SourceTree]) -> None:
        """Take in what sources delivered; a tree that is known already costs nothing."""
        for tree in trees:
            known = self._trees.get(tree.source)
            if known is None or known[0] is not tree:
                self._take(tree)

    def replace_kinds(self, kinds: KindTable) -> None:
        """Other kinds are known now: decode everything anew."""
        self._intake.replace_kinds(kinds)
        for tree, _ in list(self._trees.values()):
            self._take(tree)

    def _take(self, tree: SourceTree) -> None:
        decoded = self._intake.decode(tree)
        self._trees[tree.source] = (tree, decoded)
        feed = self._feeds[tree.source]
        if feed.resources and self._load_resources is not None:
            self._resources = standing_resources(decoded, self._resources)
            self._hold(held_resources(decoded, self._resources))
            loaded = self._load_resources(self._resources)
            self._problems.of_cluster(decoded.source, loaded.problems)
        if feed.routemaps:
            self._redeclare()
            self._problems.of_documents(self._desired.problems)
        else:
            self._problems.of_documents({decoded.source: file_problems(decoded, {})})

    def _hold(self, held: Mapping[str, Sequence[DecodedResource]]) -> None:
        """Remember across a restart what no file shows any more."""
        if held != self._held:
            self._last_good.save_held(held)
            self._held = held

    def _redeclare(self) -> None:
        before = self._desired.declared
        routemap_sources = [name for name, feed in self._feeds.items() if feed.routemaps]
        trees = [self._trees[name][1] for name in routemap_sources if name in self._trees]
        self._desired = desired(trees, before)
        changed = {app: each for app, each in self._desired.declared.items() if before.get(app) != each}
        removed = before.keys() - self._desired.declared.keys()
        self._last_good.save(changed, removed)
        self._triggers.declare(changed)
        self._triggers.withdraw(removed)
        self._removed |= removed
