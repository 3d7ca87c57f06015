"""A browser over the runs of a laptop."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from headrace.cli.window.options import Window
from headrace.web.places import LaptopPlace
from support.browser import Watched, browsing
from support.page_server import SECRET, Page, page_over
from support.web_stages import HELLO, laptop

Open = Callable[..., Watched]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser. While it is there, an event loop runs, so no other module may have it."""
    with browsing() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which `hello` has run, and failed."""
    made = tmp_path_factory.mktemp("laptop")
    laptop(made, HELLO)
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Page]:
    """Return the server over that folder."""
    with page_over(LaptopPlace(Window(state=folder / ".headrace"))) as page:
        yield page


@pytest.fixture
def open_at(browser: Browser, server: Page) -> Iterator[Open]:
    """Return what opens a page. In the end, no page has said anything, or asked another host."""
    opened: list[Watched] = []
    contexts = []

    def open_page(path: str = "/", origin: str = server.origin, **options: Any) -> Watched:
        context = browser.new_context(**options)
        contexts.append(context)
        watched = Watched(context.new_page(), origin)
        opened.append(watched)
        separator = "&" if "?" in path else "?"
        watched.go(f"{path}{separator}token={SECRET}")
        return watched

    yield open_page
    for context in contexts:
        context.close()
    assert [] == [words for each in opened for words in (*each.said, *each.foreign)]
