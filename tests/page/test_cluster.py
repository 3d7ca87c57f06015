"""The page over a real cluster: a run is started, looked at, steered and repeated with clicks."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from cluster.alone import ALONE
from cluster.control import Stage
from cluster.story import Story, lasting, shell, task
from headrace.cli.window.options import Window
from headrace.web.places import place_of
from support.browser import Watched, browsing
from support.page_server import SECRET, page_over

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("controller")]

namespace, controller, story = ALONE

SECOND = 1000
YEARLY = [{"schedule": {"cron": "0 0 1 1 *"}}]
"""So that a workflow does not run at once."""


@pytest.fixture
def watched(stage: Stage, namespace: str) -> Iterator[Watched]:
    """Return the first page, with the rights of the cluster's kubeconfig."""
    kubeconfig = stage.cluster.variables()["KUBECONFIG"]
    window = Window(kubeconfig=kubeconfig, namespace=namespace)
    with browsing() as browser, page_over(place_of(window, window.cluster())) as server:
        opened = Watched(browser.new_page(), server.origin)
        opened.go(f"/?token={SECRET}")
        yield opened
        opened.page.close()


def test_a_run_is_started_watched_cancelled_and_repeated(story: Story, watched: Watched) -> None:
    """Each step by a click. What changes in the cluster appears by itself."""
    page = watched.page
    page.get_by_role("link", name="Workflows").click()
    steps = [
        task("first", shell("echo '<b>42</b> rows'")),
        task("second", lasting(), dependsOn=["first"]),
        task("third", shell("true"), dependsOn=["second"]),
    ]
    params = [{"name": "rows", "type": "Integer"}]
    story.workflow("etl", *steps, params=params, triggers=YEARLY)
    page.get_by_role("table", name="Workflows").get_by_role("link", name="etl").click()
    expect(page.locator(".title .state")).not_to_contain_text("Pending", timeout=30 * SECOND)

    page.get_by_role("button", name="Run now").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("rows")
    dialog.get_by_label("rows").fill("3")
    expect(dialog).to_contain_text("create --filename=-")
    dialog.get_by_role("button", name="Run now").click()
    tasks = page.get_by_role("table", name="Tasks")
    expect(tasks.get_by_text("Running")).to_be_visible(timeout=120 * SECOND)
    run = page.get_by_role("heading", level=1).inner_text()
    assert [{"name": "rows", "value": 3}] == story.get("workflowrun", run)["spec"]["params"]

    page.get_by_role("tab", name="Graph").click()
    expect(page.get_by_role("region", name="Graph").get_by_role("link")).to_have_count(3)
    page.get_by_role("tab", name="Gantt").click()
    expect(page.get_by_role("img", name="running").last).to_be_visible()
    page.get_by_role("tab", name="Tasks").click()
    tasks.get_by_role("link", name="first").click()
    expect(page.get_by_role("log")).to_have_text("<b>42</b> rows")
    page.go_back()

    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(dialog).to_contain_text(f"patch workflowrun {run}")
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    state = page.locator(".title .state")
    expect(state).to_contain_text("Cancelled", timeout=120 * SECOND)
    page.get_by_role("button", name="Rerun what failed").click()
    dialog.get_by_role("button", name="Rerun what failed").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(run)
    expect(tasks.get_by_text("TakenOver")).to_be_visible(timeout=120 * SECOND)
    assert [] == [*watched.said, *watched.foreign, *watched.violations()]
