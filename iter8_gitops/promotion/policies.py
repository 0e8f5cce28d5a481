"""Promotions that the policy of a routemap asks for, made in the repository that the routemap was read from."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from iter8_gitops.contracts.git_host import GitHost
from iter8_gitops.contracts.promoter import PromotionOrder, PromotionSettings
from iter8_gitops.contracts.source import SourceRequest
from iter8_gitops.core.promotions import Outcome
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.committing import Committer
from iter8_gitops.promotion.git.local import LocalRepository, is_bare, is_work_tree
from iter8_gitops.promotion.git.remote import UrlRepository
from iter8_gitops.promotion.git.repository import Goal, Repository
from iter8_gitops.promotion.git.writing import Signing
from iter8_gitops.promotion.hosting import host_request
from iter8_gitops.promotion.messages import Words
from iter8_gitops.promotion.promoting import Promotion
from iter8_gitops.promotion.proposals import Committed, NothingToDo
from iter8_gitops.sources.git.urls import looks_like_url
from iter8_gitops.sources.selection import normalize_subpath
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.steering import PromotionPhase

_COMMIT_SHOWN = 12
_NO_BRANCH = re.compile(r"semver:.*|refs/(?!heads/).*|[0-9a-f]{40}|[0-9a-f]{64}")


class PolicyPromoter:
    """Implements `Promoter`. `sources` are what the controller reads, by name; `namespace` as for a `Tree`."""

    def __init__(
        self,
        sources: Mapping[str, SourceRequest],
        settings: PromotionSettings,
        plugins: Plugins,
        kinds: KindTable,
        namespace: str | None,
    ) -> None:
        self._sources = sources
        self._settings = settings
        self._plugins = plugins
        self._kinds = kinds
        self._namespace = namespace

    def promote(self, order: PromotionOrder) -> Outcome:
        """See `Promoter.promote`."""
        source = self._sources.get(order.source)
        if source is None:
            message = f"{order.application} is not read from Git (source {order.source}): promote it by hand"
            raise ConfigurationError(message)
        with self._opened(source, propose=order.propose) as (repository, scope):
            signing = Signing(self._settings.author, self._settings.sign)
            committer = Committer(repository, self._kinds, scope=scope, namespace=self._namespace, signing=signing)
            evidence = f"{order.evidence}; measured content {order.content}"
            promotion = Promotion(
                order.application, str(order.version), repository, committer, self._plugins, Words("", evidence)
            )
            if order.propose:
                return _outcome(order, committer.propose(promotion, self._host))
            return _outcome(order, committer.commit(promotion))

    @contextmanager
    def _opened(self, source: SourceRequest, *, propose: bool) -> Iterator[tuple[Repository, str]]:
        """The repository of a source, and the folder in it that counts."""
        folder = Path(source.location).expanduser()
        is_url = looks_like_url(source.location) and not folder.exists()
        if not is_url and not is_bare(folder):
            yield _local(folder, source.name, propose=propose), ""
            return
        branch = (source.revision or "").removeprefix("refs/heads/")
        if _NO_BRANCH.fullmatch(branch):
            message = f"the source {source.name} follows {branch}, which is no branch that a commit could go onto"
            raise ConfigurationError(message)
        address = source.location if is_url else str(folder.absolute())
        credentials = self._settings.credentials or source.credentials
        with tempfile.TemporaryDirectory(prefix="iter8-gitops-") as temporary:
            goal = Goal(push=True, propose=propose, onto=branch)
            yield UrlRepository(address, credentials, Path(temporary), goal), normalize_subpath(source.subpath)

    def _host(self, address: str) -> GitHost:
        settings = self._settings
        if settings.read_token is None:
            message = "pull requests need a token: write promotion.host.token in the configuration"
            raise ConfigurationError(message)
        request = host_request(address, token=settings.read_token(), kind=settings.host_type, server=settings.host_url)
        return self._plugins.open_git_host(request)


def _local(folder: Path, name: str, *, propose: bool) -> LocalRepository:
    """The repository around a folder. What is not pushed there is the business of whoever keeps the folder."""
    if not is_work_tree(folder):
        message = f"the source {name} is read from a folder that is no work tree of Git: promote it by hand"
        raise ConfigurationError(message)
    return LocalRepository(folder, Goal(propose=propose))


def _outcome(order: PromotionOrder, made: Committed | NothingToDo) -> Outcome:
    if isinstance(made, NothingToDo):
        return Outcome(order.content, PromotionPhase.COMMITTED, made.reason)
    delivered = made.delivered
    if made.pull_request is not None:
        message = f"proposed as pull request {made.pull_request.number}: {made.pull_request.url}"
        return Outcome(order.content, PromotionPhase.PROPOSED, message, made.pull_request.url)
    place = f"{delivered.branch} at {delivered.remote}" if delivered.remote else delivered.branch
    message = f"promoted by commit {delivered.commit[:_COMMIT_SHOWN]} on {place}"
    return Outcome(order.content, PromotionPhase.COMMITTED, message, delivered.commit)
