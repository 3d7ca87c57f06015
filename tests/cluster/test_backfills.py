"""Backfills on a real cluster: each night once, and a pause holds."""

import pytest

from cluster.story import SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster

NIGHTLY = {"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}
SPAN = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-04T12:00:00Z"}
MINE = "headrace.dev/backfill=january"


def test_a_backfill_runs_each_night_once_and_skips_what_ran(story: Story) -> None:
    """It is paused in between; the run of the fourth night was made by hand before."""
    story.workflow("stock", task("load", SUCCEED), triggers=[NIGHTLY])
    fourth = "stock-29458170"  # 2026-01-04T02:30 in Berlin, in minutes since 1970
    story.start("stock", fourth)
    spec = {"workflow": "stock", **SPAN, "desiredState": "Pause"}
    meta = {"name": "january", "namespace": story.namespace}
    story.apply(
        {
            "apiVersion": "headrace.dev/v1alpha1",
            "kind": "Backfill",
            "metadata": meta,
            "spec": spec,
        }
    )
    story.until("paused", lambda: "Paused" in story.row("backfill", "january"))
    assert [] == story.all("workflowrun", MINE)
    story.patch("backfill", "january", {"spec": {"desiredState": "Run"}})
    story.until("succeeded", lambda: "Succeeded" in story.row("backfill", "january"))
    status = story.get("backfill", "january")["status"]
    assert ("4/4", 3, 1, 0) == tuple(
        status[field] for field in ("progress", "done", "skipped", "failed")
    )
    runs = story.all("workflowrun", MINE)
    assert {"Backfill"} == {run["spec"]["trigger"] for run in runs}
    assert 3 == len(runs)


def test_a_backfill_repeats_what_failed_once(story: Story) -> None:
    """With a parameter that mends it. What succeeded is taken over; a night without a run runs."""
    env = [{"name": "OK", "value": "${{ params.ok }}"}]
    fails = task("load", shell('test "$OK" = yes'), dependsOn=["fetch"], env=env)
    params = [{"name": "ok", "default": "no"}]
    story.workflow("prices", task("fetch", SUCCEED), fails, params=params, triggers=[NIGHTLY])
    fourth = "prices-29458170"
    story.start("prices", fourth)
    assert "False" == condition(story.ended(fourth))["status"]
    spec = {
        "workflow": "prices",
        "from": "2026-01-03T00:00:00Z",
        "to": SPAN["to"],
        "existing": "RerunFailed",
        "params": [{"name": "ok", "value": "yes"}],
    }
    meta = {"name": "mended", "namespace": story.namespace}
    kind = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Backfill"}
    story.apply({**kind, "metadata": meta, "spec": spec})
    story.until("succeeded", lambda: "Succeeded" in story.row("backfill", "mended"))
    assert 2 == story.get("backfill", "mended")["status"]["done"]
    (again,) = (
        run
        for run in story.all("workflowrun", "headrace.dev/backfill=mended")
        if "rerunOf" in run["spec"]
    )
    name = again["metadata"]["name"]
    assert (fourth, True) == (again["spec"]["rerunOf"]["name"], name.startswith(f"{fourth}-"))
    assert fourth == story.get("taskrun", f"{name}.fetch")["status"]["takenOverFrom"]
    assert "Succeeded" == story.get("taskrun", f"{name}.load")["status"]["outcome"]
