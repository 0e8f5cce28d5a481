"""Promotions by the controller's own hand: over HTTP, in a folder, as a pull request, again, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from iter8_gitops.contracts.promoter import PromotionOrder, PromotionSettings
from iter8_gitops.contracts.source import Credentials, SourceRequest
from iter8_gitops.core.promotions import Outcome
from iter8_gitops.errors import ConfigurationError, Iter8Error
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.messages import EVIDENCE, trailers_of
from iter8_gitops.promotion.policies import PolicyPromoter
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.steering import PromotionPhase
from tests.plugins.receivers import without_proxies
from tests.promotion.hosts import HOSTS, TOKEN, Host, hosting
from tests.promotion.shops import APPLICATION, PRIMARY, PROMOTED, Shop, run
from tests.sources.servers import GitHttpServer, serve_http

ORDER = PromotionOrder(APPLICATION, 1, "abc123", propose=False, source="routemaps", evidence="v1 wins on revenue")
SETTINGS = PromotionSettings(author="Iter8 <iter8@example.org>")


class Hand:
    """A promoter for a source at `location`, as the controller has it."""

    def __init__(self, plugins: Plugins, kinds: KindTable, cache: Path) -> None:
        self._plugins, self._kinds, self._cache = plugins, kinds, cache

    def __call__(
        self,
        location: str,
        *,
        order: PromotionOrder = ORDER,
        settings: PromotionSettings = SETTINGS,
        revision: str | None = None,
        credentials: Credentials | None = None,
    ) -> Outcome:
        request = SourceRequest(
            location, name="routemaps", cache=self._cache, revision=revision, credentials=credentials
        )
        promoter = PolicyPromoter({"routemaps": request}, settings, self._plugins, self._kinds, None)
        return promoter.promote(order)


@pytest.fixture
def hand(plugins: Plugins, kinds: KindTable, tmp_path: Path) -> Hand:
    return Hand(plugins, kinds, tmp_path / "cache")


@pytest.fixture
def server(shop: Shop) -> Iterator[GitHttpServer]:
    with serve_http(shop.origin.parent, username="ada", password="s3cr3t") as server:
        yield server


LOGIN = Credentials("ada", "s3cr3t")


def test_a_commit_is_pushed_and_says_why(shop: Shop, hand: Hand, server: GitHttpServer) -> None:
    outcome = hand(f"{server.url}/shop.git", credentials=LOGIN)
    assert (outcome.phase, outcome.content, outcome.reference) == (PromotionPhase.COMMITTED, "abc123", shop.tip())
    assert shop.read("backend-0.yaml") == PROMOTED
    assert run("log", "-1", "--format=%an <%ae>", "main", folder=shop.origin) == SETTINGS.author
    assert trailers_of(shop.message())[EVIDENCE] == ["v1 wins on revenue; measured content abc123"]


def test_what_pushes_may_be_another_login_than_what_reads(shop: Shop, hand: Hand, server: GitHttpServer) -> None:
    url = f"{server.url}/shop.git"
    with pytest.raises(Iter8Error, match="auth"):
        hand(url, credentials=Credentials("reader", "r3ad0nly"))
    pushes = replace(SETTINGS, credentials=LOGIN)
    assert hand(url, credentials=Credentials("reader", "r3ad0nly"), settings=pushes).reference == shop.tip()


def test_doing_it_again_makes_no_second_commit(shop: Shop, hand: Hand, server: GitHttpServer) -> None:
    url = f"{server.url}/shop.git"
    hand(url, credentials=LOGIN)
    tip = shop.tip()
    again = hand(url, credentials=LOGIN)
    assert again.phase is PromotionPhase.COMMITTED
    assert "is promoted already, by commit" in again.message
    assert shop.tip() == tip


def test_it_goes_onto_the_branch_that_the_source_follows(shop: Shop, hand: Hand, server: GitHttpServer) -> None:
    shop.mine.git("push", "--quiet", "origin", "main:production")
    outcome = hand(f"{server.url}/shop.git", credentials=LOGIN, revision="production")
    assert outcome.reference == shop.tip("production")
    assert (shop.read("backend-0.yaml"), shop.read("backend-0.yaml", "production")) == (PRIMARY, PROMOTED)


@pytest.mark.parametrize("revision", ["semver:^1.0", "a" * 40, "refs/tags/v1"])
def test_a_source_that_follows_no_branch_is_refused(hand: Hand, server: GitHttpServer, revision: str) -> None:
    with pytest.raises(ConfigurationError, match="is no branch that a commit could go onto"):
        hand(f"{server.url}/shop.git", credentials=LOGIN, revision=revision)


def test_a_tag_is_not_taken_for_a_branch(shop: Shop, hand: Hand, server: GitHttpServer) -> None:
    shop.mine.git("tag", "v1")
    shop.mine.git("push", "--quiet", "origin", "v1")
    with pytest.raises(Iter8Error, match="has no branch v1, and only a branch can be committed to"):
        hand(f"{server.url}/shop.git", credentials=LOGIN, revision="v1")
    assert shop.subjects() == ["begin"]


def test_in_a_folder_the_commit_is_made_there_and_not_pushed(shop: Shop, hand: Hand) -> None:
    outcome = hand(str(shop.mine.path))
    assert outcome.phase is PromotionPhase.COMMITTED
    assert (shop.mine.path / "backend-0.yaml").read_text() == PROMOTED
    assert shop.mine.git("rev-parse", "HEAD").strip() == outcome.reference
    assert shop.subjects() == ["begin"]


def test_a_routemap_that_is_not_in_git_is_refused_with_what_to_do(hand: Hand, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is not read from Git \(source configmaps\): promote it by hand"):
        hand(str(tmp_path), order=replace(ORDER, source="configmaps"))


def test_a_plain_folder_is_refused(hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(
        ConfigurationError, match="is read from a folder that is no work tree of Git: promote it by hand"
    ):
        hand(str(tmp_path / "plain"))


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    without_proxies(monkeypatch)
    with hosting(request.param) as host:
        yield host


@pytest.fixture
def hosted(shop: Shop) -> Iterator[str]:
    """The URL of the repository, by the path that the host knows it by."""
    (shop.origin.parent / "you").mkdir()
    shop.origin = shop.origin.rename(shop.origin.parent / "you" / "shop.git")
    with serve_http(shop.origin.parent.parent) as server:
        yield f"{server.url}/you/shop.git"


def test_a_pull_request_is_opened_once(shop: Shop, hand: Hand, hosted: str, host: Host) -> None:
    settings = replace(SETTINGS, host_type=host.type, host_url=host.url, read_token=lambda: TOKEN)
    proposes = replace(ORDER, propose=True)
    first = hand(hosted, order=proposes, settings=settings)
    again = hand(hosted, order=proposes, settings=settings)
    assert first.phase is again.phase is PromotionPhase.PROPOSED
    assert first.reference == again.reference
    assert first.reference.startswith("http")
    assert len(host.opened) == 1
    assert shop.subjects() == ["begin"]


def test_a_pull_request_without_a_token_says_where_to_write_it(hand: Hand, hosted: str, host: Host) -> None:
    with pytest.raises(ConfigurationError, match=r"write promotion\.host\.token in the configuration"):
        hand(hosted, order=replace(ORDER, propose=True))
