"""
Each page over a cluster with something to show; with HEADRACE_PICTURES, its picture for the docs.

`make pictures` makes them.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from headrace.cli.window.options import Window
from headrace.web.places import place_of
from support.browser import Watched
from support.demo import FAILED, demo
from support.page_server import Page, page_over

Open = Callable[..., Watched]
RUN, TASK = FAILED
PICTURES = {
    "now": ("/", "Now"),
    "workflows": ("/workflows", "Workflows"),
    "grid": ("/workflows/sales", "sales"),
    "calendar": ("/workflows/sales?tab=Calendar", "sales"),
    "changes": ("/workflows/sales?tab=Changes", "sales"),
    "schedule": ("/workflows/sales?tab=Schedule", "sales"),
    "run": (f"/runs/{RUN}", RUN),
    "graph": (f"/runs/{RUN}?tab=Graph", RUN),
    "bars": (f"/runs/{RUN}?tab=Gantt", RUN),
    "task": (f"/runs/{RUN}/tasks/{TASK}", TASK),
    "pools": ("/pools", "Pools"),
    "backfills": ("/backfills", "Backfills"),
    "approvals": ("/approvals", "Approvals"),
}
"""The name of each picture, and the address and title of its page."""
MOST_BYTES = 100_000
SIZE = {"width": 1080, "height": 600}
FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Return the page over that cluster."""
    now = datetime.now(UTC)  # noqa: TID251 - the page has the clock of this machine
    with demo(tmp_path_factory.mktemp("demo"), now) as cluster:
        window = Window(kubeconfig=str(cluster.kubeconfig))
        with page_over(place_of(window, window.cluster())) as page:
            yield page


def test_each_page_has_something_to_show(open_at: Open) -> None:
    """Axe finds nothing on a page that is full, either."""
    watched = open_at(viewport=SIZE)
    page = watched.page
    found: dict[str, list[str]] = {}
    for name, (path, title) in PICTURES.items():
        watched.go(path)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        for words in ("Loading…", "Drawing…"):
            expect(page.get_by_text(words)).to_have_count(0)
        assert "There is nothing" not in page.inner_text("main"), name
        found[name] = watched.violations()
        if os.environ.get("HEADRACE_PICTURES"):
            page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
    assert {name: [] for name in PICTURES} == found


def test_somebody_finds_out_in_a_minute_why_last_nights_run_failed(open_at: Open) -> None:
    """Now, the run, its task, its log: the tour of the documentation, each step a click."""
    page = open_at().page
    need = page.locator(".needs li", has_text=RUN)
    expect(need).to_contain_text("check failed: exit code 3")
    need.get_by_role("link", name=RUN).click()
    expect(page.get_by_role("region", name="Explanation")).to_contain_text("check: NonZeroExit")
    page.get_by_role("table", name="Tasks").get_by_role("link", name=TASK).click()
    expect(page.get_by_role("log")).to_contain_text("check 12: total of region eu")
    page.get_by_label("Attempt").select_option("2")
    expect(page.get_by_role("log")).to_contain_text("1 check failed")
    page.get_by_role("button", name="Rerun from here").click()
    expect(page.get_by_role("dialog")).to_contain_text("create --filename=-")


def test_the_pictures_are_small() -> None:
    """Each page of the documentation stays light, and each picture is there."""
    sizes = {file.stem: file.stat().st_size for file in FOLDER.glob("*.png")}
    assert PICTURES.keys() == sizes.keys()
    assert {} == {name: size for name, size in sizes.items() if size > MOST_BYTES}
