"""
A controller that is struck at each write, whose answers get lost, or whose watches break.

HEADRACE_ALL_CRASH_POINTS makes the first test strike at every write of a run, not at some.
"""

import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cluster.control import Stage
from cluster.story import SUCCEED, Story, attempts, condition, task
from cluster.strikes import Faults, struck
from cluster.witness import Witness
from support.fault_proxy import Fate, passing

pytestmark = pytest.mark.cluster

ALL_VARIABLE = "HEADRACE_ALL_CRASH_POINTS"
STRIDE = 1 if os.environ.get(ALL_VARIABLE) else 6
"""Without that variable a strike at each so many writes: about eight."""
FEWEST = 12
"""A diamond is at least so many writes: TaskRun, Job and end of four tasks."""

AWAY_SECONDS = 6.0
"""Less than a leader may lead without renewing its Lease."""

TASKS = ("top", "left", "right", "bottom")


@pytest.fixture(scope="module")
def faults(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """Return a namespace with a diamond that no trigger starts."""
    with struck(shared_stage, tmp_path_factory.mktemp("faults")) as faults:
        story = faults.story
        story.workflow(
            "diamond",
            task("top", SUCCEED),
            task("left", SUCCEED, dependsOn=["top"]),
            task("right", SUCCEED, dependsOn=["top"]),
            task("bottom", SUCCEED, dependsOn=["left", "right"]),
            suspend=True,
            history={"successfulRuns": 1000},
        )
        story.until("Ready", lambda: condition(story.get("workflow", "diamond"), "Ready"))
        yield faults


@pytest.fixture
def witness(shared_stage: Stage, faults: Faults, tmp_path: Path) -> Iterator[Witness]:
    """Return an eye on the Jobs."""
    with shared_stage.witness(faults.story.namespace, tmp_path / "jobs") as it:
        yield it


def is_as_without(story: Story, run: str, witness: Witness) -> None:
    """Check that a run ended as it does where nothing goes wrong, each Job made once."""
    ended = story.ended(run)
    assert "True" == condition(ended)["status"], story.row("workflowrun", run)
    assert "4/4" == ended["status"]["progress"]
    assert dict.fromkeys(TASKS, "Succeeded") == story.outcomes(run)
    for record in story.of_run("taskrun", run):
        assert [("Succeeded", 0)] == attempts(record)
    story.until("every Job seen", lambda: len(witness.uids(run)) == len(TASKS))
    assert {(name, "1"): 1 for name in TASKS} == {
        attempt: len(uids) for attempt, uids in witness.uids(run).items()
    }


@pytest.mark.parametrize("fate", [Fate.STRIKE_BEFORE, Fate.STRIKE_AFTER], ids=lambda f: f.value)
def test_a_controller_struck_at_any_write_goes_on_where_it_was(
    faults: Faults, witness: Witness, fate: Fate
) -> None:
    """Before or after the k-th write of a run, for each k: the end is the same, each Job is one."""
    story = faults.story
    point = 1 if fate is Fate.STRIKE_BEFORE else 1 + STRIDE // 2
    hit = True
    while hit:
        run = f"run-{fate.name.lower().replace('_', '-')}-{point}"
        strike = faults.strike_at(point, fate)
        story.start("diamond", run)
        story.until("a strike, or the end", partial(_struck_or_over, strike, faults, run))
        hit = strike.is_set()
        if hit:
            faults.go_on()
        faults.proxy.decide = passing
        is_as_without(story, run, witness)
        point += STRIDE

    assert FEWEST < point


def test_every_answer_to_a_write_that_gets_lost_is_harmless(
    faults: Faults, witness: Witness
) -> None:
    """Each write is tried again, meets what the first try did, and makes nothing twice."""
    tries = faults.lose_first_answers()
    faults.story.start("diamond", "run-lost")

    is_as_without(faults.story, "run-lost", witness)
    faults.proxy.decide = passing
    assert FEWEST <= tries.total()


def test_watches_that_break_all_the_time_lose_nothing(faults: Faults, witness: Witness) -> None:
    """The controller goes on from where each watch was, and no list finds that it missed any."""
    faults.proxy.watch_seconds = 1.5
    faults.controller.end()  # Its watches are old, and whole.
    faults.controller.start()
    faults.story.start("diamond", "run-cut")

    is_as_without(faults.story, "run-cut", witness)
    faults.proxy.watch_seconds = None
    assert 0 == faults.controller.metric("headrace_cache_repairs")


def test_an_api_server_that_is_away_for_a_while_is_waited_for(
    faults: Faults, witness: Witness
) -> None:
    """The controller does not end, and goes on when the API server is back."""
    story, controller, proxy = faults.story, faults.controller, faults.proxy
    story.start("diamond", "run-away")
    story.until("a Job", lambda: story.of_run("job", "run-away"))

    proxy.go_away()
    time.sleep(AWAY_SECONDS)
    proxy.come_back()

    is_as_without(story, "run-away", witness)
    assert controller.running
    assert 0 == controller.metric("headrace_cache_repairs")


def test_a_leader_that_cannot_reach_the_api_server_for_long_stands_by(
    faults: Faults, witness: Witness
) -> None:
    """It cannot know whether another leads by now, so it does nothing until it is elected again."""
    story, controller, proxy = faults.story, faults.controller, faults.proxy
    story.start("diamond", "run-lonely")
    story.until("a Job", lambda: story.of_run("job", "run-lonely"))

    proxy.go_away()
    story.until("it stands by", lambda: controller.metric("headrace_leading") == 0)
    proxy.come_back()
    story.until("it leads again", lambda: controller.metric("headrace_leading") == 1)

    is_as_without(story, "run-lonely", witness)
    assert controller.running
    assert 0 == controller.metric("headrace_cache_repairs")


def _struck_or_over(strike: threading.Event, faults: Faults, run: str) -> bool:
    return strike.is_set() or faults.over(run)
