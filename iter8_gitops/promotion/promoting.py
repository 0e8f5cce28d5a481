"""Promotion as a question about a tree: what to commit so that a version becomes the primary."""

from __future__ import annotations

from dataclasses import dataclass, field

from iter8_gitops.errors import NotFoundError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.committing import Committer
from iter8_gitops.promotion.finding import Finder, find_version
from iter8_gitops.promotion.git.history import Event, events, standing
from iter8_gitops.promotion.git.repository import Repository
from iter8_gitops.promotion.messages import Words, promotion_message
from iter8_gitops.promotion.pairing import pairs
from iter8_gitops.promotion.planning import plan_promotion
from iter8_gitops.promotion.proposals import NothingToDo, Proposal
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.signatures import Signatures
from iter8_gitops.promotion.tree import Tree

_COMMIT_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Promotion:
    """Promotes `version` (a name or an index) of `application`, as `Committer` asks for."""

    application: str
    version: str
    repository: Repository
    committer: Committer
    plugins: Plugins
    words: Words = field(default_factory=Words)

    def __call__(self, tree: Tree, base: str) -> Proposal | NothingToDo:
        """What to commit on `base`. Raises `NotFoundError` and `PromotionRefusedError`."""
        try:
            plan = plan_promotion(tree, self.plugins, self.application, self.version)
        except NotFoundError as error:
            if error.field != "resource":
                raise
            return self._already_done(tree, base, error)
        namespace, _, name = plan.application.partition("/")
        branch = f"iter8/promote-{namespace}-{name}-{plan.signature}"
        return Proposal(plan.files, promotion_message(plan, self.words), branch, plan.notes)

    def _already_done(self, tree: Tree, base: str, error: NotFoundError) -> NothingToDo:
        """That the version was promoted, when the history says so; raises `error` otherwise."""
        finder = Finder(tree)
        routemap = finder.routemap(self.application).routemap
        index = find_version(routemap, self.version)
        if any(finder.exists(pair.candidate) for pair in pairs(routemap, index)):
            raise NotFoundError(error.field, f"{error.message}{self.repository.uncommitted_hint()}")
        self.repository.load_history()
        found = standing(events(self.repository.git, base, self.application))
        name = routemap.versions[index].name
        if not found or found[0].version != name:
            raise NotFoundError(error.field, f"{error.message}{self.repository.uncommitted_hint()}")
        if not self._has_signature(tree, found[0]):
            by = found[0].commit[:_COMMIT_SHOWN]
            message = f"{error.message}; {name} was promoted by commit {by}, and the primary has changed since"
            raise NotFoundError(error.field, message)
        return NothingToDo(
            f"{name} of {self.application} is promoted already, by commit {found[0].commit[:_COMMIT_SHOWN]}"
        )

    def _has_signature(self, tree: Tree, event: Event) -> bool:
        """Whether the primary still is what that commit made of it."""
        now = self._signature(tree)
        return now == event.signature or now == self._signature(self.committer.tree(event.commit))

    def _signature(self, tree: Tree) -> str:
        try:
            primary = Finder(tree).routemap(self.application).routemap.versions[0]
            return Signatures(self.plugins, tree).of_version(primary.resources)
        except (NotFoundError, PromotionRefusedError) as error:
            return str(error)
