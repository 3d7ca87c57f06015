"""All tasks of a run in one turn: `headrace.engine.run.survey`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine.course import Course, Mode
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.run.survey import Survey, lost, survey
from headrace.engine.task.observed import ObservedTask
from headrace.engine.task.verdict import Start, Wait
from support.builders import at, chain, ended, exited, gone, last, log, running, task, workflow

GO = Course(Mode.GO)
DONE, FAILED = ObservedTask(ended(Outcome.SUCCEEDED)), ObservedTask(ended(Outcome.FAILED))
RUNS = ObservedTask(log(), running())


def observed(definition: Definition, positions: str = "", **more: Any) -> ObservedRun:
    """Return a run that began at noon."""
    status = RunLog(started=at(0), positions=positions)
    return ObservedRun(RunKey("d", "r"), "uid-1", at(0), definition, log=status, **more)


def found(definition: Definition, course: Course = GO, **tasks: ObservedTask) -> Survey:
    """Survey a run of which these tasks have a TaskRun."""
    return survey(observed(definition, tasks=tasks), definition, course, at(10))


def ends(result: Survey) -> dict[str, str]:
    """Say how the tasks ended that did."""
    return {name: str(outcome) for outcome in Outcome for name in result.ended(outcome)}


def starts(result: Survey) -> set[str]:
    """Name the tasks that start."""
    return {name for name, each in result.judged.items() if isinstance(each.verdict, Start)}


DEEP = workflow(task("a"), task("b", "a"), task("c", "b"), task("d", "c", rule="OneFailed"))


def test_what_ended_and_left_is_not_judged_again() -> None:
    """It costs next to nothing."""
    result = found(DEEP, a=DONE)
    assert {"a": Outcome.SUCCEEDED} == result.settled
    assert {"b"} == starts(result)


def test_what_ended_without_a_task_run_is_judged_once() -> None:
    """What was left out is on record with the run, and looks the same to those who wait for it."""
    first = found(DEEP, a=FAILED)
    assert {"b", "c", "d"} == first.judged.keys()

    status = RunLog(started=at(0), marks=tuple(first.marked))
    run = replace(observed(DEEP, tasks={"a": FAILED}), log=status)
    again = survey(run, DEEP, GO, at(20))
    assert {"d"} == again.judged.keys() == starts(again)
    assert ends(first) == ends(again)
    assert first.looks() == again.looks()


def test_what_waits_for_an_open_task_is_passed_over() -> None:
    """Only what can have changed is judged; c waits for b, and b for a."""
    result = found(chain("a", "b", "c"), a=RUNS)
    assert {"a"} == result.judged.keys()


def test_the_end_of_one_task_is_followed_to_the_last_in_one_turn() -> None:
    """Omissions travel down the graph at once, and who waits for a failure starts."""
    result = found(DEEP, a=FAILED)
    assert {"d"} == starts(result)
    assert {"a": "Failed", "b": "Omitted", "c": "Omitted"} == ends(result)


def test_an_omission_is_followed_past_tasks_that_are_open() -> None:
    """What cannot succeed any more is told while another task upstream still runs."""
    definition = workflow(
        *(task("a"), task("slow"), task("b", "a"), task("join", "slow", "b")),
        task("alert", "join", rule="OneFailed"),
    )
    result = found(definition, a=FAILED, slow=RUNS)
    assert "Omitted" == ends(result)["join"]
    assert {"alert"} == starts(result)


def test_an_attempt_that_ends_in_this_turn_starts_what_waits_for_it() -> None:
    """No turn is lost between the two."""
    assert {"b"} == starts(found(DEEP, a=ObservedTask(log(), exited(0))))


def test_a_settled_task_of_which_something_runs_is_judged() -> None:
    """So that it can be ended."""
    haunted = ObservedTask(ended(Outcome.SUCCEEDED), exited(0))
    assert "a" in found(DEEP, a=haunted).settled
    haunted = ObservedTask(ended(Outcome.SUCCEEDED), running())
    assert "a" in found(DEEP, a=haunted).judged


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        pytest.param(DONE, True, id="all other tasks have ended"),
        pytest.param(RUNS, False, id="a task runs"),
        pytest.param(
            ObservedTask(ended(Outcome.CANCELLED), gone(alive=True)),
            False,
            id="an attempt is being removed",
        ),
        pytest.param(
            ObservedTask(ended(Outcome.FAILED), None, frozenset({1})),
            False,
            id="a pod of an ended task still runs",
        ),
    ],
)
def test_finally_tasks_start_when_nothing_else_runs(seen: ObservedTask, want: bool) -> None:  # noqa: FBT001 - a table
    """They never run beside what they are to clear away."""
    assert want == ("tidy" in starts(found(workflow(task("a"), last("tidy")), a=seen)))


def test_finally_tasks_wait_for_what_a_deleted_task_run_left_behind() -> None:
    """Its record is gone, and its pods are not yet."""
    definition = workflow(task("a"), last("tidy"))
    run = observed(definition, deleted=frozenset({"a"}), departing=frozenset({"a"}))
    assert set() == starts(survey(run, definition, GO, at(10)))
    run = observed(definition, deleted=frozenset({"a"}))
    assert {"tidy"} == starts(survey(run, definition, GO, at(10)))


def test_finally_tasks_wait_for_tasks_that_have_not_started() -> None:
    """Those that are passed over quickly, too."""
    definition = workflow(task("a"), task("b", "a"), last("tidy"))
    result = found(definition, a=RUNS)
    verdict = result.judged["tidy"].verdict
    assert isinstance(verdict, Wait)
    assert Reason.WAITING_FOR_TASKS == verdict.reason


def test_on_failure_stop_names_the_first_task_that_failed() -> None:
    """By its place in the definition, so that it is the same in each turn."""
    definition = workflow(
        task("a"), task("b"), task("c"), task("d", "c"), on_failure=OnFailure.STOP
    )
    result = found(definition, b=FAILED, a=FAILED, c=DONE)
    verdict = result.judged["d"].verdict
    assert "onFailure is Stop, and task a failed" == getattr(verdict, "message", None)


def test_tasks_that_the_run_remembers_and_that_have_no_task_run_are_lost() -> None:
    """Those whose deletion was seen, and those whose deletion nobody saw."""
    definition = chain("a", "b", "c")
    run = observed(definition, positions="0-1", tasks={"a": DONE}, deleted=frozenset({"c"}))
    assert {"b", "c"} == set(lost(run, definition))


def test_what_is_not_in_the_definition_is_left_alone() -> None:
    """A TaskRun or a position that somebody else wrote stops nothing."""
    definition = chain("a")
    run = observed(
        definition, positions="0,7", tasks={"a": DONE, "x": RUNS}, deleted=frozenset({"y"})
    )
    result = survey(run, definition, GO, at(10))
    assert {"a": Outcome.SUCCEEDED} == result.settled
    assert {} == result.judged


def test_all_that_never_started_ends_with_a_cancelled_run() -> None:
    """In one turn, down to the last task; what a rule had left out stays so."""
    definition = workflow(
        task("a"), task("b", "a"), task("c", "b"), task("bad"), task("out", "bad"), last("tidy")
    )
    cancel = Course(Mode.CANCEL, Reason.CANCELLED, "desiredState is Cancel")
    result = found(definition, cancel, a=DONE, bad=FAILED)
    assert {
        "a": "Succeeded",
        "bad": "Failed",
        "b": "Cancelled",
        "c": "Cancelled",
        "out": "Omitted",
    } == ends(result)
    assert {"tidy"} == starts(result)
