"""What a rerun has of the earlier run, and how long it needs it: `engine.run.inheritance`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.engine.outcome import Outcome
from headrace.engine.run.inheritance import inherited, needs_source, untaken
from headrace.engine.run.observed import Inheritance, RunLog
from headrace.engine.task.observed import ObservedTask, TaskLog
from support.builders import at, chain, ended, param, task, workflow
from support.reruns import earlier, rerun

DEFINITION = chain("a", "b", "c")
PLANNED = Inheritance(taken_over="0", continued="1")
DONE = ObservedTask(ended(Outcome.SUCCEEDED))


def test_parameters_and_instants_come_from_the_earlier_run() -> None:
    """The run's own parameters stand over them; one that no longer exists is left out."""
    old = workflow(task("a"), params=(param("region"), param("day"), param("gone")))
    new = workflow(task("a"), params=(param("region"), param("day")))
    given = {"region": "eu", "day": "1", "gone": "x"}
    source = replace(earlier(old, a="bad"), given=given)
    run = inherited(rerun(source, new, given={"day": "2"}))
    assert {"region": "eu", "day": "2"} == run.given
    assert at(0) == run.logical_time


def test_what_is_on_record_counts_from_then_on() -> None:
    """The earlier run may be gone."""
    log = RunLog(inheritance=Inheritance({"region": "eu"}, at(-5)))
    run = inherited(rerun(None, DEFINITION, log=log))
    assert ({"region": "eu"}, at(-5)) == (run.given, run.logical_time)


def test_another_run_under_the_name_of_the_earlier_one_does_not_count() -> None:
    """Somebody deleted that one, and created a run of its name."""
    other = replace(earlier(DEFINITION, a="ok"), uid="uid-9")
    log = RunLog(inheritance=replace(PLANNED, source_uid="uid-1"))
    assert inherited(rerun(other, DEFINITION, log=log)).source is None
    same = earlier(DEFINITION, a="ok")
    assert inherited(rerun(same, DEFINITION, log=log)).source is same


@pytest.mark.parametrize(
    ("log", "tasks", "want"),
    [
        pytest.param(RunLog(), {}, True, id="there is no plan"),
        pytest.param(RunLog(inheritance=PLANNED), {}, True, id="nothing is taken over"),
        pytest.param(
            RunLog(inheritance=PLANNED), {"a": DONE}, True, id="a part of a task is not taken over"
        ),
        pytest.param(
            RunLog(inheritance=PLANNED),
            {"a": DONE, "b": ObservedTask(TaskLog(count=1))},
            False,
            id="everything is taken over",
        ),
        pytest.param(
            RunLog(inheritance=PLANNED),
            {"a": ObservedTask(), "b": DONE},
            True,
            id="a TaskRun has no log yet",
        ),
        pytest.param(
            RunLog(inheritance=PLANNED, finished=at(9)), {}, False, id="the run has ended"
        ),
    ],
)
def test_the_earlier_run_is_needed_until_all_is_taken_over(
    log: RunLog, tasks: dict[str, Any], *, want: bool
) -> None:
    """Later, nobody reads it."""
    assert want is needs_source(rerun(None, DEFINITION, log=log, tasks=tasks))


def test_a_taken_over_task_whose_taskrun_was_deleted_is_not_taken_over_again() -> None:
    """It counts as lost, like a task that ran."""
    run = rerun(None, DEFINITION, log=RunLog(inheritance=PLANNED, positions="0"))
    assert [] == list(untaken(run, DEFINITION, PLANNED))
    run = rerun(None, DEFINITION, deleted=frozenset({"a"}))
    assert [] == list(untaken(run, DEFINITION, PLANNED))
