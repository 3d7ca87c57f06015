"""The first stage of a rerun: `headrace.engine.run.takeover`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course, Mode
from headrace.engine.outcome import Outcome
from headrace.engine.run.admission import Refused
from headrace.engine.run.observed import Inheritance, RunLog
from headrace.engine.run.takeover import BATCH, Stage, take_over
from headrace.engine.task.observed import ObservedTask
from headrace.engine.task.obstacles import Busy, Denied
from support.builders import at, ended, task, workflow
from support.reruns import earlier, rerun

R = Reason
GO, CANCEL = Course(Mode.GO), Course(Mode.CANCEL, R.CANCELLED, "cancelled")
DEFINITION = workflow(task("a"), task("b", "a"))
SOURCE = earlier(DEFINITION, a=replace(ended(Outcome.SUCCEEDED), outputs={"rows": 3}), b="bad")
PLANNED = RunLog(started=at(10), inheritance=Inheritance(taken_over="0"))


def step(source: Any = SOURCE, course: Course = GO, **more: Any) -> Stage | Refused | None:
    """Return the next step of a rerun."""
    return take_over(rerun(source, DEFINITION, **more), DEFINITION, course, at(11))


def test_the_plan_is_on_record_before_anything_is_taken_over() -> None:
    """After a crash, the same plan goes on."""
    first = step()
    assert isinstance(first, Stage)
    assert () == first.actions
    assert first.status.inheritance is not None
    assert "0" == first.status.inheritance.taken_over
    assert (R.TAKING_OVER, at(11)) == (first.status.reason, first.status.started)


def test_a_task_is_taken_over_with_its_outputs_and_the_name_of_the_run_that_did_the_work() -> None:
    """As a success of this run."""
    second = step(log=PLANNED)
    assert isinstance(second, Stage)
    (action,) = second.actions
    log = action.log
    assert ("a", Outcome.SUCCEEDED, R.TAKEN_OVER) == (action.task, log.outcome, log.reason)
    assert ({"rows": 3}, "etl-1", 0) == (log.outputs, log.taken_over_from, log.count)


def test_a_chain_names_the_first_run() -> None:
    """Not the one in between."""
    first = replace(ended(Outcome.SUCCEEDED), taken_over_from="etl-0")
    second = step(earlier(DEFINITION, a=first, b="bad"), log=PLANNED)
    assert isinstance(second, Stage)
    assert "etl-0" == second.actions[0].log.taken_over_from


@pytest.mark.parametrize(
    ("more", "want"),
    [
        pytest.param({"tasks": {"a": ObservedTask(ended(Outcome.SUCCEEDED))}}, None, id="done"),
        pytest.param({"course": CANCEL}, None, id="somebody cancels the run"),
        pytest.param({"source": None}, R.SOURCE_RUN_DELETED, id="the earlier run is gone"),
        pytest.param(
            {"source": earlier(DEFINITION, b="bad")},
            R.SOURCE_RUN_DELETED,
            id="a TaskRun of the earlier run is gone",
        ),
        pytest.param(
            {"obstacles": {"a": Denied(R.NAME_TAKEN, "taken", at(11))}},
            R.NAME_TAKEN,
            id="somebody else has the name",
        ),
    ],
)
def test_the_stage_ends_or_is_refused(more: dict[str, Any], want: R | None) -> None:
    """A refusal ends the run before any task has started."""
    found = step(**{"log": PLANNED, **more})
    assert want == (found.reason if isinstance(found, Refused) else found)


def test_a_full_quota_holds_the_stage_and_is_shown() -> None:
    """It goes on when the world may have room."""
    found = step(log=PLANNED, obstacles={"a": Busy(R.QUOTA_EXCEEDED, "no room", at(30))})
    assert isinstance(found, Stage)
    assert ((), at(30), R.QUOTA_EXCEEDED) == (found.actions, found.until, found.status.reason)


def test_a_turn_takes_over_a_bounded_number() -> None:
    """Other runs have their turns in between."""
    many = workflow(*(task(f"t{n}") for n in range(BATCH + 5)), task("bad"))
    source = earlier(many, **{f"t{n}": "ok" for n in range(BATCH + 5)}, bad="bad")
    log = RunLog(inheritance=Inheritance(taken_over=f"0-{BATCH + 4}"))
    found = take_over(rerun(source, many, log=log), many, GO, at(11))
    assert isinstance(found, Stage)
    assert BATCH == len(found.actions)
    assert f"{BATCH + 5} of {BATCH + 5} tasks" in found.status.message
