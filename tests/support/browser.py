"""
A browser over the page, and what must hold on each page: nothing on the console, no foreign host.

Builds the page and gets Chromium where that is possible; else the tests say why they are left out.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from support.debian import installed

ROOT: Final = Path(__file__).parents[2]
_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
_MISSING: Final = 3
"""How `scripts/page.sh` ends where Node.js cannot be had."""
_PATIENCE_SECONDS: Final = 600
AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def built() -> None:
    """Build the page, or leave the test out."""
    script = [str(ROOT / "scripts" / "page.sh")]
    done = subprocess.run(  # noqa: S603 - our own script
        script, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
    )
    if done.returncode == _MISSING:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert 0 == done.returncode, done.stderr


def chromium() -> str:
    """Return the path of Chromium, which Debian has as a package, or leave the test out."""
    return installed(lambda: next(filter(None, map(shutil.which, _PROGRAMS)), None), "chromium")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start a browser."""
    built()
    program = chromium()
    with sync_playwright() as playwright:
        # Chromium's sandbox needs rights that containers do not give; it sees our own page only.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """What a page has said and asked, all the time."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.said: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._request)
        page.on("dialog", lambda dialog: self.said.append(f"a dialog: {dialog.message}"))

    def go(self, path: str) -> None:
        """Open an address of the page."""
        self.page.goto(f"{self.origin}{path}")

    def violations(self) -> list[str]:
        """Return what axe finds against the page as it is now."""
        self.page.evaluate(f"{AXE.read_text()};0")
        found: list[str] = self.page.evaluate(
            "rules => axe.run({runOnly: rules}).then(result => result.violations.flatMap("
            "one => one.nodes.map(node => `${one.id}: ${node.html}: ${node.failureSummary}`)))",
            RULES,
        )
        return found

    def _console(self, message: ConsoleMessage) -> None:
        self.said.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.foreign.append(request.url)
