"""What promotes when the policy of a routemap says so: makes the commit, or proposes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from iter8_gitops.contracts.source import Credentials
from iter8_gitops.core.promotions import Outcome


@dataclass(frozen=True, slots=True)
class PromotionOrder:
    """Promote `content` (a signature), that of the version with the index `version`, of `application`.

    With `propose` a pull request is opened, otherwise the commit is pushed. `source` is the name of the source that
    the routemap was read from, `evidence` why it is done.
    """

    application: str
    version: int
    content: str
    propose: bool
    source: str
    evidence: str


class Promoter(Protocol):
    """Carries out orders, one at a time. May block for as long as Git takes. Doing an order again must do no harm."""

    def promote(self, order: PromotionOrder) -> Outcome:
        """Do it, and say what came of it; a promotion that was made already counts as made.

        Raises `Iter8Error` with what is in the way; it is tried again later.
        """
        ...


@dataclass(frozen=True, slots=True)
class PromotionSettings:
    """How promotions by the controller are made.

    `author` is as Git writes it ("" for Git's own), `credentials` what pushes (None: those that the source is read
    with). `host_type` and `host_url` name the host of pull requests ("" to go by the repository's address), and
    `read_token` gives the token for it; it raises `ConfigurationError` when there is none.
    """

    author: str = ""
    sign: bool = False
    credentials: Credentials | None = None
    host_type: str = ""
    host_url: str = ""
    read_token: Callable[[], str] | None = None
