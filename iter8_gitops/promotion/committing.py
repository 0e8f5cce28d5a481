"""From what is to be committed to a branch that has it, also while others push."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from iter8_gitops.contracts.git_host import PullRequestDraft
from iter8_gitops.promotion.git.commands import failure, said
from iter8_gitops.promotion.git.reading import read_files
from iter8_gitops.promotion.git.repository import Delivered, Repository
from iter8_gitops.promotion.git.writing import Signing, write_commit
from iter8_gitops.promotion.messages import APPLICATION, REVERTS, SIGNATURE, trailers_of
from iter8_gitops.promotion.proposals import Committed, Make, NothingToDo, OpenHost, Proposal, Rehearsed, Tell
from iter8_gitops.promotion.refusals import MovedOnError, PromotionRefusedError
from iter8_gitops.promotion.tree import Tree
from iter8_gitops.sources.git.process import GitFailedError
from iter8_gitops.spec.kinds import KindTable

MOST_RETRIES = 5
"""How often a lost race is run again."""


class Committer:
    """Commits to `repository`. `kinds`, `scope` and `namespace` are as for `Tree`."""

    def __init__(
        self,
        repository: Repository,
        kinds: KindTable,
        *,
        scope: str = "",
        namespace: str | None = None,
        signing: Signing | None = None,
        tell: Tell = lambda _sentence: None,
    ) -> None:
        self._repository = repository
        self._kinds = kinds
        self._scope = scope
        self._namespace = namespace
        self._signing = signing or Signing()
        self._tell = tell

    def tree(self, commit: str) -> Tree:
        """The files of a commit."""
        return Tree(read_files(self._repository.git, commit), self._kinds, self._scope, self._namespace)

    def rehearse(self, make: Make) -> Rehearsed | NothingToDo:
        """What would be committed."""
        with _explained():
            made = self._made(make)
        if isinstance(made, NothingToDo):
            return made
        base, proposal = made
        files = self.tree(base).files
        return Rehearsed(proposal, {path: files[path].content for path in proposal.files if path in files})

    def commit(self, make: Make) -> Committed | NothingToDo:
        """Commit what `make` says, and deliver it; when others were quicker, on top of what they made of it.

        Raises `PromotionRefusedError`, `NotFoundError`, `ConfigurationError` and `UnavailableError`.
        """
        return self._until_delivered(lambda: self._once(make))

    def propose(self, make: Make, open_host: OpenHost) -> Committed | NothingToDo:
        """Push what `make` says to a branch of its own, and open a pull request for it; each only once."""
        host = open_host(self._repository.remote_url)
        outcome = self._until_delivered(lambda: self._proposed(make))
        if isinstance(outcome, NothingToDo):
            return outcome
        title, _, body = outcome.proposal.message.partition("\n")
        draft = PullRequestDraft(outcome.delivered.branch, self._repository.branch, title, body.strip())
        return Committed(outcome.proposal, outcome.delivered, host.open_pull_request(draft))

    def _until_delivered(self, attempt: Callable[[], Committed | NothingToDo]) -> Committed | NothingToDo:
        with _explained():
            for retry in range(MOST_RETRIES + 1):
                try:
                    return attempt()
                except MovedOnError:
                    if retry < MOST_RETRIES:
                        self._tell("somebody else was quicker: looking at what is there now")
        message = f"others pushed each time, {MOST_RETRIES + 1} times in a row: try again"
        raise PromotionRefusedError(message)

    def _made(self, make: Make) -> tuple[str, Proposal] | NothingToDo:
        base = self._repository.base()
        proposal = make(self.tree(base), base)
        if isinstance(proposal, NothingToDo):
            return proposal
        self._repository.check(proposal.files)
        return base, proposal

    def _once(self, make: Make) -> Committed | NothingToDo:
        made = self._made(make)
        if isinstance(made, NothingToDo):
            return made
        base, proposal = made
        commit = write_commit(self._repository.git, base, proposal.files, proposal.message, self._signing)
        return Committed(proposal, self._repository.deliver(commit))

    def _proposed(self, make: Make) -> Committed | NothingToDo:
        made = self._made(make)
        if isinstance(made, NothingToDo):
            return made
        base, proposal = made
        existing = self._repository.proposed(proposal.branch)
        if existing:
            self._check_same(existing, proposal)
            return Committed(proposal, Delivered(existing, proposal.branch, self._repository.remote))
        commit = write_commit(self._repository.git, base, proposal.files, proposal.message, self._signing)
        return Committed(proposal, self._repository.propose(commit, proposal.branch))

    def _check_same(self, commit: str, proposal: Proposal) -> None:
        """A branch of that name that holds something else must not be taken for ours, nor be overwritten."""
        message = said(self._repository.git.run("log", "-1", "--no-show-signature", "--format=%B", commit))
        theirs, ours = trailers_of(message), trailers_of(proposal.message)
        if any(theirs.get(name) != ours.get(name) for name in (APPLICATION, SIGNATURE, REVERTS)):
            reason = (
                f"there is a branch {proposal.branch} already, which is something else: remove it, "
                "or commit without --pull-request"
            )
            raise PromotionRefusedError(reason)


@contextmanager
def _explained() -> Iterator[None]:
    """What Git says of its own accord, in words for people."""
    try:
        yield
    except GitFailedError as error:
        raise failure("git failed", error) from error
