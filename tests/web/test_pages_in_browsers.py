"""The pages in a real Chromium: for every eye, for the keyboard, live, and without JavaScript."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.spec.metric import EpochWeights
from iter8_gitops.spec.snapshot import RoutemapState, SourceStatus
from iter8_gitops.spec.state_folder import StateFolder
from tests.serving.servers import Server
from tests.web.browsing import Visit
from tests.web.conftest import Shop
from tests.web.story import routemap, version

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PAGES = (
    "/",
    "/?show=attention",
    "/?q=nothing-is-called-so",
    "/applications/shop/checkout",
    "/applications/shop/search",
    "/applications/shop/recommender",
    "/applications/shop/fraud",
    "/applications/shop/ranking",
    "/applications/shop/images",
    "/applications/shop/nobody",
)


def weights(state: RoutemapState, *new: int) -> RoutemapState:
    versions = tuple(replace(each, weight=w, declared_weight=w) for each, w in zip(state.versions, new, strict=True))
    return replace(state, versions=versions)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(shop: Shop, visit: Callable[..., Visit], axe: Path, scheme: str) -> None:
    seen = visit(shop.url, color_scheme=scheme, bypass_csp=True)
    for path in PAGES:
        page = seen.open(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert seen.violations(axe) == [], path


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_telephone(shop: Shop, visit: Callable[..., Visit], path: str) -> None:
    page = visit(shop.url, viewport={"width": 360, "height": 740}).open(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_browser_has_nothing_to_complain_of(shop: Shop, visit: Callable[..., Visit]) -> None:
    seen = visit(shop.url)
    for path in PAGES[:-1]:
        expect(seen.open(path).locator("#connection")).to_have_text("Live")
    assert seen.complaints == []


def test_one_look_says_who_is_ahead_how_sure_and_what_to_do(shop: Shop, visit: Callable[..., Visit]) -> None:
    page = visit(shop.url, viewport={"width": 1100, "height": 800}).open("/applications/shop/checkout")
    answer = page.get_by_role("region", name="candidate is better than primary")
    expect(answer).to_be_in_viewport(ratio=1)
    expect(answer).to_contain_text("sure that it is from +")
    expect(answer).to_contain_text("iter8-gitops promote shop/checkout --version candidate")


def test_everything_is_there_without_javascript(shop: Shop, visit: Callable[..., Visit]) -> None:
    page = visit(shop.url, java_script_enabled=False).open("/")
    page.get_by_role("link", name="Need attention").click()
    page.get_by_role("link", name="shop/ranking").click()
    expect(page.get_by_text("routemaps/ranking.yaml:9:7")).to_be_visible()
    page.get_by_role("link", name="Applications", exact=True).click()
    page.get_by_label("Name contains").fill("check")
    page.get_by_role("button", name="Find").click()
    assert page.locator(".applications li").count() == 1
    page.get_by_role("link", name="shop/checkout").click()
    expect(page.get_by_role("img", name="The lift of revenue of candidate against primary over time")).to_be_visible()
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
    expect(page.get_by_text(" UTC", exact=False).first).to_be_visible()


def test_the_keyboard_alone_is_enough(shop: Shop, visit: Callable[..., Visit]) -> None:
    page = visit(shop.url).open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, "shop/checkout")
    page.keyboard.press("Enter")
    expect(page).to_have_title("shop/checkout · iter8-gitops")
    tab_to(page, "Resources, and what each waits for")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="InferenceService shop/primary-model")).to_be_visible()


def tab_to(page: Page, text: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if text in page.evaluate("document.activeElement.closest('a, summary')?.textContent || ''"):
            return
    raise AssertionError(f"Tab never came to {text}")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[tuple[BoardPublisher, StateFolder]]:
    """A board on which nothing was published."""
    folder = StateFolder(tmp_path / "state")
    publisher = BoardPublisher(folder.board)
    yield publisher, folder
    publisher.close()


@pytest.fixture
def live(board: tuple[BoardPublisher, StateFolder], start: Callable[..., Server]) -> Server:
    return start("serve_http", board[1], http_port=0, workers=1)


def publish(publisher: BoardPublisher, *states: RoutemapState) -> None:
    now = time.time()
    source = SourceStatus("shop", "/shop", "0123abc", read_at=now)
    publisher.publish({state.application: state for state in states}, (), (source,), now)


def test_a_page_follows_the_board_from_nothing_on(
    board: tuple[BoardPublisher, StateFolder], live: Server, visit: Callable[..., Visit]
) -> None:
    publisher, _ = board
    page = visit(live.url).open("/")
    expect(page.get_by_role("heading", name="Nothing to show yet")).to_be_visible()

    publisher.publish({}, (), (SourceStatus("shop", "/shop", read_at=time.time()),), time.time())
    expect(page.get_by_role("heading", name="No applications yet")).to_be_visible()

    began = time.time()
    publish(publisher, routemap("web", [version(0, "primary", 90), version(1, "candidate", 10)], began))
    expect(page.get_by_role("link", name="shop/web")).to_be_visible()
    expect(page.locator(".labels")).to_contain_text("candidate 10%")


def test_what_people_had_opened_and_were_at_stays_when_news_come(
    board: tuple[BoardPublisher, StateFolder], live: Server, visit: Callable[..., Visit]
) -> None:
    publisher, _ = board
    state = routemap("web", [version(0, "primary", 90), version(1, "candidate", 10)], time.time())
    publish(publisher, state)
    page = visit(live.url).open("/applications/shop/web")
    page.get_by_text("Resources, and what each waits for").click()
    expect(page.locator("#resources summary")).to_be_focused()

    publish(publisher, replace(weights(state, 40, 60), epochs=(EpochWeights(state.experiment, (40, 60)),)))

    expect(page.locator(".labels").first).to_contain_text("candidate 60%")
    expect(page.locator("#resources")).to_have_attribute("open", "")
    expect(page.locator("#resources summary")).to_be_focused()


def test_a_server_that_is_away_is_told_and_what_was_known_stays(
    board: tuple[BoardPublisher, StateFolder], live: Server, visit: Callable[..., Visit]
) -> None:
    publish(board[0], routemap("web", [version(0, "primary", 1)], time.time()))
    page = visit(live.url).open("/applications/shop/web")
    expect(page.locator("#connection")).to_have_text("Live")
    os.killpg(live.process.pid, signal.SIGKILL)
    expect(page.locator("#connection")).to_contain_text("No connection: this is what was known at")
    expect(page.get_by_role("heading", name="Only primary is declared")).to_be_visible()


def test_a_silent_controller_is_told(
    board: tuple[BoardPublisher, StateFolder], live: Server, visit: Callable[..., Visit]
) -> None:
    long_ago = time.time() - 3600
    state = routemap("web", [version(0, "primary", 1)], long_ago)
    source = SourceStatus("shop", "/shop", "0123abc", read_at=long_ago)
    board[0].publish({state.application: state}, (), (source,), long_ago)
    page = visit(live.url).open("/applications/shop/web")
    expect(page.get_by_text("This may be out of date.")).to_be_visible()


def test_the_command_can_be_copied(shop: Shop, visit: Callable[..., Visit]) -> None:
    seen = visit(shop.url, permissions=["clipboard-read", "clipboard-write"])
    page = seen.open("/applications/shop/checkout")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied: Any = page.evaluate("navigator.clipboard.readText()")
    assert copied == "iter8-gitops promote shop/checkout --version candidate"
