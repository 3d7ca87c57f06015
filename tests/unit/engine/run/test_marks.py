"""What ended without a TaskRun, on record with the run: `headrace.engine.run.marks`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Ended, Look, Outcome
from headrace.engine.run.marks import (
    LIKE_OTHERS,
    MAX_WORDED,
    by_mark,
    message_of,
    on_record,
    to_keep,
    with_ends,
)
from headrace.engine.run.observed import Mark, ObservedRun, RunKey, RunLog, Watched
from headrace.engine.task.observed import ObservedTask
from support.builders import at, chain, task, workflow

DENIED = Ended(Outcome.FAILED, Reason.ADMISSION_DENIED, "a webhook says no")
LEFT_OUT = Ended(Outcome.OMITTED, Reason.UPSTREAM_FAILED)
CHAIN = chain("a", "b", "c")


def observed(definition: Definition = CHAIN, **more: Any) -> ObservedRun:
    """Return a run that began at noon."""
    tasks = more.pop("tasks", {})
    log = RunLog(started=at(0), **more)
    return ObservedRun(RunKey("d", "r"), "uid-1", at(0), definition, tasks=tasks, log=log)


def test_tasks_that_ended_alike_share_a_mark() -> None:
    """So a run of any size has a handful of them. The first end says since when."""
    marks = with_ends((), {0: DENIED, 3: LEFT_OUT, 4: LEFT_OUT}, at(1))
    marks = with_ends(marks, {1: DENIED, 5: LEFT_OUT}, at(2))
    assert (
        Mark(Outcome.FAILED, Reason.ADMISSION_DENIED, DENIED.message, at(1), "0-1"),
        Mark(Outcome.OMITTED, Reason.UPSTREAM_FAILED, "", at(1), "3-5"),
    ) == marks


def test_each_refusal_keeps_its_reason_however_many_there_are() -> None:
    """Only words are bounded: each may be as long as a message."""
    refusals = {
        n: replace(DENIED, reason=reason, message=f"no {n}")
        for n, reason in enumerate([Reason.ADMISSION_DENIED, Reason.NAME_TAKEN] * 1000)
    }
    marks = with_ends((), refusals, at(1))
    assert MAX_WORDED + 2 == len(marks)
    run = observed(workflow(*(task(f"t{n}") for n in range(2000))), marks=marks)
    assert run.definition is not None
    ends = {
        name: mark for mark, names in by_mark(marks, run, run.definition).items() for name in names
    }
    assert {f"t{n}": each.reason for n, each in refusals.items()} == {
        name: mark.reason for name, mark in ends.items()
    }
    assert ["no 19", LIKE_OTHERS] == [ends["t19"].message, ends["t20"].message]


def test_a_task_run_says_more_than_a_mark() -> None:
    """Where there is one, it counts. Positions that the definition does not have are nobody's."""
    mark = Mark(Outcome.OMITTED, Reason.UPSTREAM_FAILED, positions="0-1,7")
    run = observed(tasks={"a": ObservedTask()}, marks=(mark,))
    assert {mark: frozenset({"b"})} == by_mark((mark,), run, CHAIN)


@pytest.mark.parametrize(
    ("end", "kept"),
    [
        pytest.param(
            Ended(Outcome.OMITTED, Reason.UPSTREAM_FAILED, "AllSucceeded needs all upstream tasks"
                  " to succeed; failed: a"),
            "",
            id="the outcomes upstream explain the end",
        ),
        pytest.param(
            Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, "desiredState is Stop"),
            "desiredState is Stop",
            id="somebody stopped the run",
        ),
        pytest.param(DENIED, DENIED.message, id="a webhook refused the TaskRun"),
    ],
)  # fmt: skip
def test_words_that_can_be_worked_out_again_are_not_kept(end: Ended, kept: str) -> None:
    """A thousand tasks that were left out have a thousand messages, and one mark."""
    looks = {"a": Look.FAILURE}
    on_file = to_keep("b", end, looks, CHAIN)
    assert kept == on_file.message
    mark = Mark(on_file.outcome, on_file.reason, on_file.message)
    assert end.message == message_of(mark, "b", looks, CHAIN)


def test_a_run_that_an_older_controller_began_keeps_its_refusals() -> None:
    """They were told from deleted TaskRuns by `attention`; both were counted as started."""
    told = (Watched("a", Reason.ADMISSION_DENIED, "no", at(3)), Watched("b", Reason.OOM_KILLED, ""))
    run = observed(positions="0-1", attention=told, marks=None)
    want = (Mark(Outcome.FAILED, Reason.ADMISSION_DENIED, "no", at(3), "0"),)
    assert want == on_record(run, CHAIN)
    assert () == on_record(replace(run, deleted=frozenset({"a"})), CHAIN)


def test_the_words_of_a_skipped_task_are_not_kept() -> None:
    """The definition has them."""
    definition = workflow(task("a", when="1 > 2"))
    end = Ended(Outcome.SKIPPED, Reason.SKIPPED, "when is false: 1 > 2")
    kept = to_keep("a", end, {}, definition)
    assert Ended(Outcome.SKIPPED, Reason.SKIPPED) == kept
    assert end.message == message_of(Mark(kept.outcome, kept.reason), "a", {}, definition)
