"""A program over items, with real pods: one Indexed Job an attempt."""

from typing import Any

import pytest

from cluster.story import Story, attempts, condition, shell, task

pytestmark = pytest.mark.cluster

SOON = {"seconds": 0, "jitterPercent": 0}
FRUIT = ["apple", {"name": "fig", "ripe": True}, 3, "date", "elder berry"]
TELL = (
    'item="$(cat $HEADRACE_ITEM_FILE | tr -d \\")";'
    """ printf '{"item": "%s", "index": %s}' "$item" $HEADRACE_INDEX > $HEADRACE_OUTPUTS"""
)
"""Writes the item, without quotes, and its index."""


def over(items: list[Any], script: str, limit: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a task that runs a script for each item."""
    retry = {"limit": limit, "backoff": SOON, **fields.pop("retry", {})}
    each = {"items": items, **fields.pop("each", {})}
    return task("pick", shell(script), forEach=each, retry=retry, **fields)


def names(outputs: dict[str, Any]) -> list[str]:
    """Return what the items wrote, in order."""
    return [each["item"] for each in outputs["items"]]


def test_an_item_that_failed_runs_again_alone_in_its_own_place(story: Story) -> None:
    """Four of five items succeed; the second attempt has one pod, and the index of the item."""
    fails = f'if [ $HEADRACE_INDEX = 3 ] && [ "$HEADRACE_ATTEMPT" = 1 ]; then exit 7; fi; {TELL}'
    story.workflow("fruit", over(FRUIT, fails, limit=1, each={"maxParallel": 3}))

    run = story.ended("fruit-once")
    ended = story.get("taskrun", "fruit-once.pick")

    assert "True" == condition(run)["status"], run
    assert [("ItemsFailed", None), ("Succeeded", None)] == attempts(ended)
    assert "0-4" == ended["status"]["items"]["succeeded"]
    assert ["apple", "{name:fig,ripe:true}", "3", "date", "elder berry"] == names(
        ended["status"]["outputs"]
    )
    second = [
        pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
        for pod in story.of_run("pod", "fruit-once")
        if pod["metadata"]["labels"]["headrace.dev/attempt"] == "2"
    ]
    assert ["3"] == second
    assert "5/5" in story.row("taskrun", "fruit-once.pick")


def test_each_item_has_its_own_rules_and_some_may_fail(story: Story) -> None:
    """Item 1 fails for good at once, item 2 after its retry; the task succeeds all the same."""
    fails = "case $HEADRACE_INDEX in 1) exit 9;; 2) exit 3;; 3) [ $HEADRACE_ATTEMPT = 2 ];; esac"
    rule = {"exitCodes": [9], "action": "Fail"}
    each = {"toleratedFailures": "50%"}
    story.workflow("some", over(FRUIT, fails, limit=1, retry={"rules": [rule]}, each=each))

    run = story.ended("some-once")
    items = story.get("taskrun", "some-once.pick")["status"]["items"]

    assert "True" == condition(run)["status"], run
    assert ("0,3-4", "1-2", "5/5") == (items["succeeded"], items["failed"], items["progress"])
    shown = [(each["index"], each["reason"], each["exitCode"]) for each in items["failures"]]
    assert [(1, "NonZeroExit", 9), (2, "NonZeroExit", 3)] == shown


def test_too_many_failed_items_fail_the_task(story: Story) -> None:
    """The reason says so, and the message names some of them."""
    story.workflow("bad", over(FRUIT, "[ $HEADRACE_INDEX = 0 ]", each={"toleratedFailures": 3}))

    run = story.ended("bad-once")

    assert "ItemsFailed" == condition(story.get("taskrun", "bad-once.pick"))["reason"]
    assert "4 of 5 items failed: 1 NonZeroExit: ended with exit code 1" in condition(run)["message"]
    assert "and 1 more" in condition(run)["message"]


def test_items_come_from_other_items_and_are_counted(story: Story) -> None:
    """A fan-out over the outputs of another, a variable with its numbers; no items: skipped."""
    listed = "tasks.pick.outputs.items.filter(each, each.index > 2).map(each, each.item)"
    again = task("again", shell(TELL), dependsOn=["pick"], forEach={"from": listed})
    number = {
        "name": "N",
        "value": "${{ tasks.pick.items.succeeded }} of ${{ tasks.pick.items.total }}",
    }
    count = task("count", shell('[ "$N" = "5 of 5" ]'), dependsOn=["pick"], env=[number])
    none = task("none", shell("exit 1"), dependsOn=["pick"], forEach={"from": "[]"})
    story.workflow("chain", over(FRUIT, TELL), again, count, none)

    run = story.ended("chain-once")

    assert "True" == condition(run)["status"], run
    assert 1 == run["status"]["tasks"]["skipped"]
    outputs = story.get("taskrun", "chain-once.again")["status"]["outputs"]
    assert [{"item": "date", "index": 0}, {"item": "elder berry", "index": 1}] == outputs["items"]
    about = story.kubectl("get", "configmap", "-o", "jsonpath={.items[*].data['1\\.json']}")
    assert '"index": 1' in about


def test_items_of_a_deleted_job_run_again_if_they_had_not_ended(story: Story) -> None:
    """Item 0 has succeeded, so the second attempt has the others only."""
    lasts = "if [ $HEADRACE_INDEX != 0 ] && [ $HEADRACE_ATTEMPT = 1 ]; then sleep 600 & wait; fi"
    story.workflow("cut", over(FRUIT[:3], lasts))

    def look() -> bool:
        items = story.get("taskrun", "cut-once.pick").get("status", {}).get("items", {})
        return items.get("succeeded") == "0" and items.get("running") == "1-2"

    story.until("item 0 has succeeded, and two run", look)
    (job,) = story.of_run("job", "cut-once")
    story.delete("job", job["metadata"]["name"])
    run = story.ended("cut-once")

    assert "True" == condition(run)["status"], run
    ended = story.get("taskrun", "cut-once.pick")
    assert [("JobDeleted", None), ("Succeeded", None)] == attempts(ended)
    assert 2 == len(story.of_run("pod", "cut-once"))


def test_a_cancelled_run_ends_all_items(story: Story) -> None:
    """Those that wait for their turn never start."""
    story.workflow("stop", over(FRUIT, "sleep 600 & wait", each={"maxParallel": 2}))
    story.until("two items run", lambda: 2 == len(story.running("stop-once")))
    story.steer("stop-once", "Cancel")

    story.ended("stop-once")

    assert "Cancelled" == condition(story.get("taskrun", "stop-once.pick"))["reason"]
    story.until("no pod runs", lambda: not story.running("stop-once"))
