"""A workflow over its runs, in a real browser: grid, calendar, changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from support.browser import Watched
from support.page_server import Page
from support.web_stages import HELLO, laptop

Open = Callable[..., Watched]
TABS = ("Grid", "Calendar", "Changes", "Schedule")


@pytest.fixture(scope="module")
def changed(folder: Path) -> str:
    """Run the workflow again with a definition that succeeds; return the run's name."""
    first, load, *rest = HELLO["spec"]["tasks"]
    triggers = [{"schedule": {"cron": "0 4 * * *", "timeZone": "Europe/Berlin"}}]
    spec = {
        **HELLO["spec"],
        "triggers": triggers,
        "tasks": [first, {**load, "command": ["true"]}, *rest],
    }
    return laptop(folder, {**HELLO, "spec": spec})


def test_a_cell_of_the_grid_leads_to_its_task(open_at: Open, server: Page, changed: str) -> None:
    """With the mouse, and with the arrows; each cell says in words what its sign means."""
    failed = server.get("/api/runs").json["items"][-1]["name"]
    page = open_at("/workflows/hello").page
    grid = page.get_by_role("grid", name="Runs and tasks")
    expect(grid.get_by_role("link", name=f"load of {changed}: Succeeded")).to_have_text("✓")
    expect(grid.get_by_role("link", name=f"{failed}: Failed")).to_be_visible()
    grid.get_by_role("link", name=f"load of {failed}: NonZeroExit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("load")
    assert f"/runs/{failed}/tasks/load" in page.url
    page.go_back()
    grid.get_by_role("link", name=f"extract of {changed}: Succeeded").focus()
    for key in ("ArrowLeft", "ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(grid.get_by_role("link", name=f"report of {changed}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("report")


def test_what_changed_between_two_runs_is_shown(open_at: Open, changed: str) -> None:
    """Field by field, in the tab of changes; the address has both revisions."""
    assert changed
    page = open_at("/workflows/hello?tab=Changes").page
    region = page.get_by_role("region", name="Changes")
    row = region.get_by_role("row", name="tasks[load].command")
    expect(row).to_contain_text("exit 3")
    expect(row).to_contain_text("true")
    newest = page.get_by_label("After").input_value()
    page.get_by_label("Before").select_option(newest)
    expect(page.get_by_text("They are the same.")).to_be_visible()
    assert f"before={newest}" in page.url


def test_the_calendar_and_the_schedule_can_be_read(open_at: Open, changed: str) -> None:
    """A day has its runs; the next ticks stand in the zone of the schedule."""
    assert changed
    page = open_at("/workflows/hello?tab=Calendar").page
    page.get_by_role("link", name="1 failed").click()
    expect(page.get_by_role("table", name="Runs").get_by_role("row")).to_have_count(3)
    page.get_by_role("tab", name="Schedule").click()
    ticks = page.get_by_role("table", name="Next ticks")
    expect(ticks.get_by_text("04:00:00 Europe/Berlin").first).to_be_visible()
    expect(page.get_by_text("the clocks of Europe/Berlin change by")).to_be_visible()


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}],
    ids=["light", "dark", "phone"],
)
def test_each_tab_can_be_read_by_everybody(
    open_at: Open, changed: str, options: dict[str, Any]
) -> None:
    """Axe finds nothing, and nothing is wider than a phone."""
    assert changed
    watched = open_at("/workflows/hello", **options)
    found: dict[str, list[str]] = {}
    for tab in TABS:
        watched.page.get_by_role("tab", name=tab).click()
        expect(watched.page.get_by_text("Loading…")).to_have_count(0)
        found[tab] = watched.violations()
        if watched.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found[tab].append("it is too wide")
    assert {tab: [] for tab in TABS} == found
