"""The page over runs of this machine, in a real browser."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from headrace.cli.window.options import Window
from headrace.web.places import LaptopPlace
from support.browser import Watched
from support.page_server import Page, page_over
from support.web_stages import PROGRAM, laptop

Open = Callable[..., Watched]
PHONE = {"viewport": {"width": 390, "height": 800}}
DARK = {"color_scheme": "dark"}
PATHS = (
    "/",
    "/workflows",
    "/workflows/hello",
    "/workflows/hello?tab=Graph",
    "/workflows/hello?tab=Definition",
    "/runs",
    "/runs/RUN",
    "/runs/RUN?tab=Graph",
    "/runs/RUN?tab=Gantt",
    "/runs/RUN?tab=Logs",
    "/runs/RUN?tab=Facts",
    "/runs/RUN/tasks/load",
    "/runs/RUN/tasks/load?tab=Attempts",
    "/runs/RUN/tasks/load?tab=Object",
    "/pools",
    "/backfills",
    "/approvals",
    "/nothing",
)
"""An address of each view."""


def first_run(server: Page) -> str:
    """Return the run that the folder began with."""
    name: str = server.get("/api/runs").json["items"][-1]["name"]
    return name


def test_somebody_finds_out_why_last_nights_run_failed(open_at: Open, server: Page) -> None:
    """From the first page over the run and its task to the log, each one click away."""
    page = open_at().page
    assert "token" not in page.url
    run = first_run(server)
    page.get_by_role("link", name=run).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(run)
    expect(page.get_by_role("region", name="Explanation")).to_contain_text("load: NonZeroExit")
    page.get_by_role("table", name="Tasks").get_by_role("link", name="load").click()
    expect(page.get_by_role("log")).to_have_text("bad")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(run)


def test_what_programs_print_is_text(open_at: Open, server: Page) -> None:
    """A tag in a log is no tag of the page."""
    page = open_at(f"/runs/{first_run(server)}/tasks/extract").page
    expect(page.get_by_role("log")).to_have_text("<b>rows</b>")
    assert 0 == page.locator("b").count()


@pytest.mark.parametrize("options", [{}, DARK, PHONE], ids=["light", "dark", "phone"])
def test_each_view_can_be_read_by_everybody(
    open_at: Open, server: Page, options: dict[str, object]
) -> None:
    """Axe finds nothing, in light and dark, and nothing is wider than a phone."""
    watched = open_at(**options)
    found: dict[str, list[str]] = {}
    for path in PATHS:
        watched.go(path.replace("RUN", first_run(server)))
        expect(watched.page.get_by_role("heading", level=1)).to_be_visible()
        for words in ("Loading…", "Drawing…"):
            expect(watched.page.get_by_text(words)).to_have_count(0)
        found[path] = watched.violations()
        if watched.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found[path].append("it is too wide")
    assert {path: [] for path in PATHS} == found


def test_the_keyboard_is_enough(open_at: Open, server: Page) -> None:
    """`g` and a letter goes to a page, arrows from row to row, `/` to the search."""
    page = open_at().page
    expect(page.get_by_role("heading", name="What runs")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(page.get_by_role("link", name=first_run(server))).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("hello-")
    assert "q=hello-" in page.url
    table = page.get_by_role("table", name="Runs")
    table.get_by_role("link").last.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first_run(server))


def test_a_run_is_repeated_from_the_page(open_at: Open, server: Page) -> None:
    """The dialog says the command first; then the page is on the new run, and sees its end."""
    run = first_run(server)
    page = open_at(f"/runs/{run}").page
    page.get_by_role("button", name="Rerun all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"headrace rerun {run} --from all")
    dialog.get_by_role("button", name="Rerun all").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(run)
    expect(page.locator(".title .state")).to_contain_text("Failed", timeout=60_000)


def test_a_workflow_of_a_file_is_started_with_values(open_at: Open, folder: Path) -> None:
    """The form has a field for each parameter; what does not fit is told before the start."""
    params = [
        {"name": "rows", "type": "Integer", "description": "How many."},
        {"name": "mode", "type": "String", "enum": ["fast", "safe"], "default": "safe"},
    ]
    program = {"name": "only", "command": ["sh", "-c", "echo $ROWS $MODE"]}
    env = {name.upper(): f"${{{{ params.{name} }}}}" for name in ("rows", "mode")}
    task = {**program, "env": [{"name": key, "value": value} for key, value in env.items()]}
    spec = {"params": params, "defaults": {"image": "busybox"}, "tasks": [task]}
    manifest = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Workflow"}
    written = {**manifest, "metadata": {"name": "typed"}, "spec": spec}
    (folder / "typed.yaml").write_text(yaml.safe_dump(written))
    page = open_at("/workflows").page
    page.get_by_role("link", name="typed").click()
    page.get_by_role("button", name="Run now").click()
    dialog = page.get_by_role("dialog")
    start = dialog.get_by_role("button", name="Run now")
    expect(dialog.get_by_role("alert")).to_contain_text("rows")
    expect(start).to_be_disabled()
    dialog.get_by_label("rows").fill("many")
    expect(dialog.get_by_role("alert")).to_contain_text("is not a whole number")
    dialog.get_by_label("rows").fill("3")
    dialog.get_by_label("mode").select_option("fast")
    expect(dialog).to_contain_text("--param=mode=fast")
    start.click()
    expect(page.locator(".title .state")).to_contain_text("Succeeded", timeout=60_000)
    page.get_by_role("link", name="only").click()
    expect(page.get_by_role("log")).to_have_text("3 fast")


@contextmanager
def asking(folder: Path) -> Iterator[None]:
    """Run a workflow that asks people, in another process, which ends well in the end."""
    spec = {
        "defaults": {"image": "busybox"},
        "tasks": [
            {"name": "ask", "approval": {"message": "Publish <i>1234</i> rows?"}},
            {"name": "publish", "command": ["true"], "dependsOn": ["ask"]},
            # Without a terminal, a runner that only waits for an answer ends.
            {"name": "hold", "command": ["sh", "-c", "until [ -e go ]; do sleep 0.05; done"]},
        ],
    }
    manifest = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Workflow"}
    file = folder / "gate.yaml"
    file.write_text(yaml.safe_dump({**manifest, "metadata": {"name": "gate"}, "spec": spec}))
    words = ["run", str(file), "--runner", "process", "--plain"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*PROGRAM, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        yield
        (folder / "go").touch()
        assert 0 == process.wait(60)
    finally:
        process.kill()


def test_a_question_is_answered_on_the_page(open_at: Open, folder: Path) -> None:
    """It appears without a reload, and the run goes on at once."""
    page = open_at().page
    expect(page.get_by_role("heading", name="What runs")).to_be_visible()
    with asking(folder):
        need = page.locator(".needs").get_by_text("Publish <i>1234</i> rows?")
        expect(need).to_be_visible(timeout=30_000)
        page.locator(".needs").get_by_role("link", name="ask").click()
        page.get_by_role("button", name="approve").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Comment").fill("looks right")
        expect(dialog).to_contain_text("headrace approve")
        dialog.get_by_role("button", name="approve").click()
        expect(page.locator(".title .state")).to_contain_text("Succeeded", timeout=30_000)


def test_a_large_graph_is_folded(open_at: Open, tmp_path: Path) -> None:
    """A level of quiet tasks is one node; the table scrolls through all of them."""
    tasks = [{"name": f"t{number}", "command": ["true"]} for number in range(210)]
    last = {
        "name": "join",
        "command": ["false"],
        "dependsOn": [task["name"] for task in tasks[:99]],
    }
    manifest = {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "wide"},
        "spec": {"defaults": {"image": "busybox"}, "tasks": [*tasks, last]},
    }
    run = laptop(tmp_path, manifest)
    with page_over(LaptopPlace(Window(state=tmp_path / ".headrace"))) as server:
        page = open_at(f"/runs/{run}?tab=Graph", origin=server.origin).page
        graph = page.get_by_role("region", name="Graph")
        expect(graph.get_by_text("210 tasks: 210 Succeeded")).to_be_visible()
        expect(graph.get_by_role("link", name="join")).to_be_visible()
        page.get_by_role("tab", name="Tasks").click()
        rows = page.get_by_role("rowgroup", name="Tasks: rows")
        rows.evaluate("element => element.scrollTo(0, element.scrollHeight)")
        expect(rows.get_by_role("link", name="join")).to_be_visible()
        page.goto("about:blank")


def test_a_server_that_goes_away_is_told_and_comes_back(open_at: Open, folder: Path) -> None:
    """What is shown stays, says that it may be old, and is right again later."""
    place = LaptopPlace(Window(state=folder / ".headrace"))
    with page_over(place) as server:
        watched = open_at("/runs", origin=server.origin)
        expect(watched.page.get_by_role("table", name="Runs")).to_be_visible()
    away = watched.page.get_by_text("No news")
    expect(away).to_be_visible(timeout=20_000)
    expect(watched.page.get_by_role("table", name="Runs")).to_be_visible()
    with page_over(place, server.port):
        expect(away).to_have_count(0, timeout=20_000)
        watched.page.goto("about:blank")
    # That the server did not answer is what the browser itself writes.
    watched.said = [words for words in watched.said if "ERR_" not in words]
