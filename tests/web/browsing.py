"""A real browser, and what pages are held to in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

PROGRAM = "chromium"


def start_browser(playwright: Playwright) -> Browser:
    """Chromium, as it is installed, for containers too: without a sandbox, as root, and with little shared memory."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    return playwright.chromium.launch(executable_path=shutil.which(PROGRAM), args=arguments)


class Visit:
    """A page in a context of its own, with all that the browser complained of."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url.rstrip("/")
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        """Go to a path of the server."""
        self.page.goto(self.url + path)
        return self.page

    def violations(self, axe: Path) -> list[str]:
        """What axe-core finds, as `rule: element` lines."""
        self.page.add_script_tag(path=axe)
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules})",
            ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        )
        assert found["passes"], "axe-core has looked at nothing"
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]
