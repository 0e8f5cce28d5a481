"""Takes the pictures of the docs: `make screenshots`. The shop is seeded, so only times differ from one to the next."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from iter8_gitops.spec.state_folder import StateFolder
from tests.serving.servers import end, launch, wait_until_ready
from tests.web.browsing import start_browser
from tests.web.story import play

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WIDTH = 1000
PICTURES = {
    "overview-light": ("/", "light", 720),
    "application-light": ("/applications/shop/checkout", "light", 1420),
    "application-dark": ("/applications/shop/checkout", "dark", 720),
    "harm-light": ("/applications/shop/recommender", "light", 560),
    "problem-light": ("/applications/shop/ranking", "light", 560),
}
"""Name -> path, colours and height of a picture."""


def take(page: Page, name: str) -> None:
    expect(page.locator("#connection")).to_have_text("Live", timeout=20_000)
    page.screenshot(path=FOLDER / f"{name}.png")
    sys.stdout.write(f"docs/images/{name}.png\n")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        state = StateFolder(Path(folder))
        publisher = play(state, time.time())
        server = launch("serve_http", state, state.root / "http.log", {"http_port": 0, "workers": 1})
        try:
            wait_until_ready(server)
            browser = start_browser(playwright)
            for name, (path, scheme, height) in PICTURES.items():
                size = {"width": WIDTH, "height": height}
                context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
                page = context.new_page()
                publisher.heartbeat(time.time())
                page.goto(server.url + path)
                take(page, name)
                context.close()
            browser.close()
        finally:
            end(server.process)
            publisher.close()


if __name__ == "__main__":
    main()
