"""A server on the shop of `story`, and a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.spec.state_folder import StateFolder
from tests.clients.fixtures import require
from tests.serving.conftest import start
from tests.serving.servers import Server, end, launch, wait_until_ready
from tests.web.browsing import PROGRAM, Visit, start_browser
from tests.web.story import play

__all__ = ["start"]


@dataclass
class Shop:
    """A server, and the board that it shows."""

    server: Server
    publisher: BoardPublisher
    folder: StateFolder

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while it runs, no other event loop can run in this thread."""
    require(PROGRAM, PROGRAM, "pages are looked at in Chromium")
    expect.set_options(timeout=20_000)  # milliseconds, for machines with much else to do
    with sync_playwright() as playwright:
        found = start_browser(playwright)
        yield found
        found.close()


@pytest.fixture(scope="session")
def axe(node_modules: Path) -> Path:
    """axe-core's script."""
    return node_modules / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop, shared by tests that change nothing."""
    folder = StateFolder(tmp_path_factory.mktemp("shop"))
    publisher = play(folder, time.time())
    server = launch("serve_http", folder, folder.root / "http.log", {"http_port": 0, "workers": 1})
    wait_until_ready(server)
    yield Shop(server, publisher, folder)
    end(server.process)
    publisher.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a context with options of Playwright, closed at the end of the test."""
    visits: list[Visit] = []

    def begin(url: str, **options: Any) -> Visit:
        visits.append(Visit(browser.new_context(**options), url))
        return visits[-1]

    yield begin
    for each in visits:
        each.context.close()
