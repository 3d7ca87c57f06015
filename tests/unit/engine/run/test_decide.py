"""The one entry to a run: `headrace.engine.run.decide`. The rest of it is told in scenarios."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState, Interval
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import Definition, single_task
from headrace.engine.outcome import Outcome
from headrace.engine.run.decide import Decision, decide
from headrace.engine.run.observed import Counts, ObservedRun, RunKey, RunKind, RunLog
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import ObservedTask
from support.builders import (
    at,
    chain,
    ended,
    exited,
    last,
    limits,
    log,
    param,
    retries,
    running,
    starting,
    task,
    workflow,
)

BEGUN = RunLog(started=at(0))
RUNS = ObservedTask(log(), running())


def observed(definition: Definition | None, **more: Any) -> ObservedRun:
    """Return a run that began at noon."""
    fields = {"log": BEGUN, "workflow": "etl", **more}
    return ObservedRun(RunKey("default", "etl-1"), "uid-1", at(0), definition, **fields)


def test_a_start_tells_the_task_all_it_may_know() -> None:
    """Names, time, interval and parameters of the run; the task with its defaults filled in."""
    interval = Interval(start=at(-60), end=at(0))
    definition = workflow(task("a"), params=(param("region", default="eu"), param("table")))
    run = observed(definition, given={"table": "t"}, logical_time=at(0), interval=interval)
    (start,) = decide(run, at(1)).actions
    assert isinstance(start, StartAttempt)
    assert ("a", 1, "busybox:1.37") == (start.task, start.number, start.work.body.image)
    context = start.context
    assert ("default", "etl-1", "uid-1", "etl") == (
        *(context.namespace, context.run, context.run_uid, context.workflow),
    )
    assert "2030-01-01T12:00:00Z" == context.logical_time
    assert interval == context.interval
    assert {"region": "eu", "table": "t"} == context.params


def test_without_a_logical_time_a_run_stands_for_its_creation() -> None:
    """A run made by hand has a time too."""
    (start,) = decide(observed(chain("a")), at(100)).actions
    assert isinstance(start, StartAttempt)
    assert "2030-01-01T12:00:00Z" == start.context.logical_time


def test_what_is_over_is_ended_before_what_is_next_starts() -> None:
    """In the order in which a world carries it out."""
    definition = workflow(task("a", retry=retries(1, seconds=0)), task("b"))
    over = ObservedTask(ended(Outcome.SUCCEEDED), running())
    decision = decide(observed(definition, tasks={"a": over}), at(10))
    assert EndAttempt("a", 1) == decision.actions[0]
    assert isinstance(decision.actions[1], StartAttempt)


def test_the_status_is_told_once_a_second() -> None:
    """Later news is kept for the next look."""
    run = observed(chain("a"), tasks={"a": RUNS}, log=replace(BEGUN, reason=Reason.RUNNING))
    assert decide(replace(run, logged_at=at(8)), at(10)).status is not None
    held = decide(replace(run, logged_at=at(9.5)), at(10))
    assert held.status is None
    assert at(10.5) == held.look_again_at


def test_an_end_without_a_task_run_is_told_when_a_start_follows_from_it() -> None:
    """`b` is left out, so `z` starts: were `a` deleted now, nothing else would say that of `b`."""
    definition = workflow(task("a"), task("b", "a", rule="AllFailed"), last("z"))
    over = ObservedTask(ended(Outcome.SUCCEEDED), exited(0))
    told = replace(BEGUN, reason=Reason.RUNNING, positions="0")
    run = observed(definition, tasks={"a": over}, log=told, logged_at=at(9.9))
    decision = decide(run, at(10))
    (start,) = decision.actions
    assert isinstance(start, StartAttempt)
    assert "z" == start.task
    assert decision.status is not None
    assert decision.status.marks
    assert decision.status_first


def test_a_status_without_a_new_end_is_written_last() -> None:
    """It tells of what the turn did, and no start relies on it."""
    decision = decide(observed(chain("a")), at(10))
    assert (1, False) == (len(decision.actions), decision.status_first)
    assert decision.status is not None


def test_a_run_says_since_when_it_stands_so() -> None:
    """Since the moment at which the reason became this one, however often it is told again."""
    paused = observed(chain("a"), desired=DesiredState.PAUSE)
    first = decide(paused, at(10)).status
    assert first is not None
    assert (Reason.PAUSED, at(10)) == (first.reason, first.since)
    assert decide(replace(paused, log=first), at(20)).status is None
    on = decide(replace(paused, log=first, desired=DesiredState.RUN), at(30)).status
    assert on is not None
    assert at(30) == on.since


def test_a_time_of_the_last_write_that_has_not_come_yet_holds_nothing_up() -> None:
    """The clock went backwards."""
    told = replace(BEGUN, reason=Reason.RUNNING)
    run = observed(chain("a"), tasks={"a": RUNS}, log=told, logged_at=at(3600))
    assert decide(run, at(10)).status is not None


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        pytest.param(ObservedTask(log(), starting()), 3600, id="at the attempt's pendingSeconds"),
        pytest.param(ObservedTask(log(), running()), 7200, id="at the task's totalSeconds"),
        pytest.param(None, 11, id="soon after a start whose result is unknown"),
    ],
)
def test_when_to_look_again(seen: ObservedTask | None, want: float) -> None:
    """The next moment at which something is due although nothing happens."""
    definition = workflow(task("a", timeouts=limits(total=7200)))
    run = observed(definition, tasks={} if seen is None else {"a": seen})
    first = decide(run, at(10))
    assert first.status is not None
    settled = {"a": replace(seen, log=first.records.get("a", seen.log))} if seen else {}
    again = decide(replace(run, tasks=settled, log=first.status), at(10))
    assert at(want) == again.look_again_at


def test_where_nothing_is_due_nobody_looks() -> None:
    """The world tells when something happens."""
    told = replace(BEGUN, reason=Reason.RUNNING)
    run = observed(chain("a"), tasks={"a": RUNS}, log=told)
    first = decide(run, at(10))
    assert first.status is not None
    settled = replace(run, tasks={"a": replace(RUNS, log=first.records["a"])}, log=first.status)
    assert decide(settled, at(10)).look_again_at is None


def test_a_run_of_thousands_in_which_nothing_happens_asks_for_nothing() -> None:
    """However many tasks have ended, run and wait: no record, no action, no status."""
    layers = [[f"t{layer}-{n}" for n in range(100)] for layer in range(50)]
    pairs = zip([[], *layers], layers, strict=False)
    definition = workflow(*(task(name, *before[:3]) for before, layer in pairs for name in layer))
    done = ObservedTask(ended(Outcome.SUCCEEDED), exited(0))
    first = {name: done for layer in layers[:20] for name in layer}
    run = observed(definition, tasks={**first, **dict.fromkeys(layers[20], RUNS)})
    told = decide(run, at(10))
    assert told.status is not None
    known = {
        name: replace(seen, log=told.records.get(name, seen.log))
        for name, seen in run.tasks.items()
    }
    again = decide(replace(run, tasks=known, log=told.status, logged_at=at(10)), at(60))
    assert Decision() == again


# --- after the end ----------------------------------------------------------------------------

OVER = RunLog(
    succeeded=False,
    reason=Reason.CANCELLED,
    started=at(0),
    finished=at(9),
    observed_generation=1,
)


def test_a_run_that_ended_leaves_nothing_running_and_no_record_open() -> None:
    """Whatever was cut off while it was being ended is done now."""
    run = observed(chain("a", "b"), log=OVER, tasks={"a": RUNS})
    decision = decide(run, at(10))
    assert (EndAttempt("a", 1),) == decision.actions
    assert Outcome.CANCELLED == decision.records["a"].outcome
    assert decision.status is None


def test_jobs_of_succeeded_tasks_go_when_their_time_is_over() -> None:
    """All attempts of them, and each is asked once."""
    done = replace(ended(Outcome.SUCCEEDED), count=3)
    run = observed(chain("a"), log=OVER, tasks={"a": ObservedTask(done, exited(0, number=3))})
    assert at(3609) == decide(run, at(10)).look_again_at
    late = decide(run, at(3609))
    assert [1, 2, 3] == [each.number for each in late.actions]
    assert late.look_again_at is None


def test_a_run_without_a_definition_keeps_its_counts() -> None:
    """It began; that somebody took something away does not undo that."""
    counts = Counts(total=2, running=1, pending=1)
    run = observed(
        None, log=replace(BEGUN, counts=counts), hindrance=(Reason.FORBIDDEN, "no right")
    )
    status = decide(run, at(10)).status
    assert status is not None
    assert (counts, Reason.FORBIDDEN) == (status.counts, status.reason)


# --- a TaskRun on its own ---------------------------------------------------------------------


def alone(seen: ObservedTask | None, **more: Any) -> ObservedRun:
    """Return a TaskRun on its own."""
    definition = single_task("hello", TaskBody(image="busybox"))
    run = observed(definition, tasks={"hello": seen} if seen else {}, **more)
    return replace(run, key=RunKey("default", "hello", RunKind.TASK_RUN), workflow="")


def test_a_task_run_on_its_own_has_no_status_but_its_log() -> None:
    """Nothing is told twice."""
    decision = decide(alone(ObservedTask(log(), exited(0))), at(10))
    assert Outcome.SUCCEEDED == decision.records["hello"].outcome
    assert decision.status is None


def test_a_task_run_that_cannot_run_says_why() -> None:
    """There is no log of it, so the end is told as a run's."""
    decision = decide(alone(None, refusal=(Reason.INVALID_DEFINITION, "image: name one")), at(10))
    assert decision.status is not None
    assert (False, Reason.INVALID_DEFINITION) == (
        decision.status.succeeded,
        decision.status.reason,
    )


def test_a_spec_that_changed_after_the_end_is_told_to_be_seen() -> None:
    """Tools that wait for `observedGeneration` come to an end; nothing else of the status moves."""
    run = observed(chain("a"), log=OVER, generation=2)
    told = decide(run, at(10)).status
    assert replace(OVER, observed_generation=2) == told
    assert decide(replace(run, log=told), at(10)).status is None


@pytest.mark.parametrize("finished", [None, at(20)])
def test_what_goes_on_beside_a_success_is_ended_in_time(finished: datetime | None) -> None:
    """While the run goes on, and when it has ended; and the run is looked at for that."""
    over = ObservedTask(
        ended(Outcome.SUCCEEDED), replace(exited(0), alive=False, crowded_since=at(5))
    )
    tasks = {"a": over} if finished else {"a": over, "b": RUNS}
    known = replace(BEGUN, finished=finished, succeeded=True if finished else None)
    run = observed(workflow(task("a"), task("b")), tasks=tasks, log=known)
    before, after = decide(run, at(34)), decide(run, at(35))
    assert (at(35), ()) == (before.look_again_at, before.actions)
    assert (EndAttempt("a", 1),) == after.actions
