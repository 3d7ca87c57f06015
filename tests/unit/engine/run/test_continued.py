"""Tasks that are repeated in part: `headrace.engine.run.continued`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import ChildRun, FanOut
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.places import Places
from headrace.engine.run.continued import continued, without_source
from headrace.engine.run.observed import Inheritance, ObservedRun, RunLog
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.digest import digest_of
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.judgement import Judged
from headrace.engine.task.observed import Attempt, ObservedTask, Sighting, Stage, TaskLog
from headrace.engine.task.verdict import Start
from headrace.manifests.where import in_run
from support.builders import at, calls, start, task, workflow
from support.reruns import earlier, rerun

LIST = ("x", "y", "z")
DEFINITION = workflow(task("each", for_each=ForEach(items=LIST)), calls("call"))
PLANNED = RunLog(started=at(10), inheritance=Inheritance(continued="0-1"))
DONE = ItemsLog(3, succeeded=Places.of([0, 2]), failed=Places.of([1]), digest=digest_of(LIST))
FAILED = TaskLog(outcome=Outcome.FAILED, count=1, items=DONE, outputs={"count": 2})
CALLED = TaskLog(
    outcome=Outcome.FAILED,
    count=1,
    attempts=(Attempt(1, in_run("part-1"), created=at(0), started=at(1), finished=at(2)),),
)


def begun(name: str, source: Any, log: TaskLog | None = None, **more: Any) -> StartAttempt[Any]:
    """Return the start of a task's first attempt in a rerun."""
    defined = DEFINITION.tasks[name]
    run: ObservedRun = rerun(source, DEFINITION, log=PLANNED, **more)
    judged = Judged(defined, Start(1), log or TaskLog(), run.tasks.get(name))
    return continued(run, start(defined), judged)


def test_items_that_succeeded_are_left_out_and_are_on_record_with_their_outputs() -> None:
    """The first log of the task has them."""
    found = begun("each", earlier(DEFINITION, each=FAILED))
    assert isinstance(found.work, FanOut)
    assert "1" == str(found.work.todo)
    log = found.begins_with
    assert log is not None
    assert log.items is not None
    assert ("0,2", "0,2", "") == (
        *(str(log.items.succeeded), str(log.items.taken_over)),
        str(log.items.failed),
    )
    assert ({"count": 2}, "etl-1") == (log.outputs, log.taken_over_from)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(replace(DONE, digest="of others"), id="the list is another one"),
        pytest.param(replace(DONE, succeeded=Places.first(3)), id="nothing is left to do"),
        pytest.param(None, id="no items are on record"),
    ],
)
def test_otherwise_all_items_run(before: ItemsLog | None) -> None:
    """Nothing is on record before."""
    found = begun("each", earlier(DEFINITION, each=replace(FAILED, items=before)))
    assert (None, "0-2") == (found.begins_with, str(found.work.todo))


def test_a_call_repeats_the_run_that_the_earlier_run_called() -> None:
    """If the call is one of the tasks to repeat in part."""
    found = begun("call", earlier(DEFINITION, call=CALLED))
    assert isinstance(found.work, ChildRun)
    assert "part-1" == found.work.rerun_of


@pytest.mark.parametrize(
    ("sighting", "want"),
    [
        pytest.param(
            Sighting(1, Stage.ENDED, in_run("part-2"), started=at(1)), "part-2", id="it ended"
        ),
        pytest.param(Sighting(1, Stage.ENDED, in_run("part-2")), None, id="it never began"),
        pytest.param(
            Sighting(1, Stage.GONE, in_run("part-2"), started=at(1)), None, id="it is gone"
        ),
    ],
)
def test_a_retry_of_a_call_repeats_the_run_of_the_attempt_before(
    sighting: Sighting, want: str | None
) -> None:
    """In any run, if that run had begun and is still there."""
    tasks = {"call": ObservedTask(CALLED, sighting)}
    found = begun("call", None, CALLED, tasks=tasks)
    assert want == found.work.rerun_of


def test_a_start_that_needs_the_earlier_run_fails_if_that_run_is_gone() -> None:
    """Other tasks start all the same, and so do both while the earlier run is there."""
    judged = {name: Judged(each, Start(1), TaskLog()) for name, each in DEFINITION.tasks.items()}
    log = replace(PLANNED, inheritance=Inheritance(continued="0"))
    gone = dict(without_source(rerun(None, DEFINITION, log=log), judged, at(11)))
    assert {"each"} == gone.keys()
    verdict = gone["each"].verdict
    assert isinstance(verdict, Ended)
    assert (Outcome.FAILED, Reason.SOURCE_RUN_DELETED) == (verdict.outcome, verdict.reason)
    there = rerun(earlier(DEFINITION, each=FAILED), DEFINITION, log=log)
    assert {} == dict(without_source(there, judged, at(11)))
