"""
A run with a task of every kind, whose controller is struck at some of its writes.

The world in memory is struck at every write: `tests/scenarios/test_everything.py`. Here is a sample
on a real API server; HEADRACE_ALL_CRASH_POINTS strikes at each write here too.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.control import Stage
from cluster.looking import Manifest
from cluster.story import SUCCEED, Story, attempts, condition, shell, task
from cluster.strikes import Faults, struck
from support.fault_proxy import Fate, passing

pytestmark = pytest.mark.cluster

LONGEST = 240.0
"""Seconds after which a test gives up waiting for a run."""
WRITES = 60
"""So many writes, about, a controller makes of this run."""
POINTS = range(1, WRITES + 1) if os.environ.get("HEADRACE_ALL_CRASH_POINTS") else (14, 23, 34, 47)
STRIKES = [
    (point, (Fate.STRIKE_BEFORE, Fate.STRIKE_AFTER)[place % 2])
    for place, point in enumerate(POINTS)
]
OUTPUTS = {"rows": 8, "sizes": [1, 2, 3], "choice": "approve"}
SOON = {"limit": 1, "backoff": {"seconds": 0, "jitterPercent": 0}}
NAMES = shell('echo "{\\"names\\": [\\"x\\", \\"y\\", \\"z\\"]}" > $HEADRACE_OUTPUTS')
SIZES = shell(
    'if [ "$HEADRACE_INDEX$HEADRACE_ATTEMPT" = 11 ]; then exit 7; fi;'
    ' echo "{\\"size\\": $((HEADRACE_INDEX + 1))}" > $HEADRACE_OUTPUTS'
)
ROWS = shell('echo "{\\"rows\\": 5}" > $HEADRACE_OUTPUTS')
EVERYTHING: list[Manifest] = [
    task("list", NAMES),
    task(
        "each", SIZES, dependsOn=["list"], forEach={"from": "tasks.list.outputs.names"}, retry=SOON
    ),
    task("yes", SUCCEED, dependsOn=["each"], when="tasks.each.items.failed == 0"),
    task("no", SUCCEED, dependsOn=["each"], when="tasks.each.items.failed > 0"),
    {
        "name": "call",
        "dependsOn": ["each"],
        "workflow": {
            "name": "inner",
            "params": [{"name": "n", "value": "${{ tasks.each.outputs.count }}"}],
        },
    },
    {"name": "rest", "dependsOn": ["call"], "wait": {"seconds": 1}},
    {"name": "ask", "dependsOn": ["rest"], "approval": {"message": "Publish?"}},
    task("publish", SUCCEED, dependsOn=["ask"], when="tasks.ask.outputs.choice == 'approve'"),
]
READ = {
    "rows": "tasks.call.outputs.rows",
    "sizes": "tasks.each.outputs.items.map(item, item.size)",
    "choice": "tasks.ask.outputs.choice",
}
STARTED = ("list", "each", "yes", "call", "rest", "ask", "publish")


@pytest.fixture(scope="module")
def faults(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """Return a namespace with the workflow, which no trigger starts."""
    with struck(shared_stage, tmp_path_factory.mktemp("everything")) as faults:
        rows = {"name": "rows", "expression": "tasks.size.outputs.rows + params.n"}
        faults.story.workflow(
            *("inner", task("size", ROWS)),
            params=[{"name": "n", "type": "Integer"}],
            outputs=[rows],
            suspend=True,
        )
        outputs = [{"name": name, "expression": source} for name, source in READ.items()]
        faults.story.workflow("all", *EVERYTHING, outputs=outputs, suspend=True)
        yield faults


def live(faults: Faults, run: str, strike: threading.Event | None = None) -> None:
    """Let a run live to its end: say yes when it asks, start another controller after a strike."""
    faults.story.start("all", run)
    strikes = [] if strike is None else [strike]

    def look() -> bool:
        if strikes and strikes[0].is_set():
            strikes.clear()
            faults.go_on()
        _say_yes(faults.story, run)
        return faults.over(run) and not (strikes and strikes[0].is_set())

    faults.story.until(f"the end of {run}", look, LONGEST)
    faults.proxy.decide = passing


def _say_yes(story: Story, run: str) -> None:
    for each in story.all("approval"):
        recorded = each.get("status", {}).get("conditions")
        if each["spec"]["run"] == run and recorded and "answer" not in each["spec"]:
            answer = {"spec": {"answer": {"choice": "approve"}}}
            story.patch("approval", each["metadata"]["name"], answer)


def is_as_without(story: Story, run: str) -> None:
    """Check that a run ends as it does where nothing goes wrong, with nothing made twice."""
    ended = story.get("workflowrun", run)
    assert "True" == condition(ended)["status"], story.row("workflowrun", run)
    assert OUTPUTS == ended["status"]["outputs"]
    assert dict.fromkeys(STARTED, "Succeeded") == story.outcomes(run)
    records = {each["spec"]["task"]: each for each in story.of_run("taskrun", run)}
    made = {name: len(record["status"]["attempts"]) for name, record in records.items()}
    assert {name: 2 if name == "each" else 1 for name in STARTED} == made
    assert [("ItemsFailed", None), ("Succeeded", None)] == attempts(records["each"])
    jobs = Counter(
        each["metadata"]["labels"]["headrace.dev/task"] for each in story.of_run("job", run)
    )
    assert {"list": 1, "each": 2, "yes": 1, "publish": 1} == jobs
    for kind in ("workflowrun", "approval"):
        (only,) = (each for each in story.all(kind) if _is_of(each, records.values()))
        assert only["metadata"]["name"]
    maps = json.loads(story.kubectl("get", "configmaps", "-o", "json"))["items"]
    assert 1 == sum(_is_of(each, records.values()) for each in maps)


def _is_of(item: Manifest, records: Any) -> bool:
    uids = {record["metadata"]["uid"] for record in records}
    return any(each["uid"] in uids for each in item["metadata"].get("ownerReferences", ()))


@pytest.mark.parametrize(("point", "fate"), STRIKES)
def test_a_controller_struck_at_a_write_goes_on_where_it_was(
    faults: Faults, point: int, fate: Fate
) -> None:
    """Before the write, or after it and before its answer."""
    run = f"run-{point}"
    live(faults, run, faults.strike_at(point, fate))
    is_as_without(faults.story, run)


def test_every_answer_to_a_write_that_gets_lost_is_harmless(faults: Faults) -> None:
    """Each write is tried again, meets what the first try did, and makes nothing twice."""
    tries = faults.lose_first_answers()
    live(faults, "run-lost")
    is_as_without(faults.story, "run-lost")
    assert WRITES // 3 <= len(tries)  # Those of one object count once.
