"""What is shown of tasks: `headrace.cli.rows`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.cli.rows import Row, Tone, rows
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.room import PoolView, Room
from headrace.engine.run.decide import decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import ObservedTask
from support.builders import (
    NOON,
    at,
    chain,
    diamond,
    ended,
    exited,
    failed,
    log,
    pause,
    retries,
    running,
    task,
    waiting,
    workflow,
)

KEY = RunKey("default", "etl-1")
GOOD = ObservedTask(ended(Outcome.SUCCEEDED))


DIAMOND = diamond()


def seen(
    definition: Definition = DIAMOND,
    desired: DesiredState = DesiredState.RUN,
    **tasks: ObservedTask,
) -> ObservedRun:
    return ObservedRun(
        KEY, "uid", NOON, definition, desired=desired, tasks=tasks, log=RunLog(started=NOON)
    )


def by_task(run: ObservedRun) -> Mapping[str, Row]:
    return {row.task: row for row in rows(run, at(10))}


ITEMS = ItemsLog(40, succeeded=Places.first(35), failed=Places.of([35]), retrying=Places.of([36]))


@pytest.mark.parametrize(
    ("items", "want", "message"),
    [
        pytest.param(ItemsLog(40), "0/40", "", id="none has ended"),
        pytest.param(ITEMS, "36/40", "2 failed", id="what runs again has not ended"),
    ],
)
def test_a_task_over_items_is_one_row(items: ItemsLog, want: str, message: str) -> None:
    """With how far it is, and how many failed so far."""
    opened = log(replace(failed(), finished=None), items=items, reason=Reason.RUNNING)
    row = by_task(seen(extract=ObservedTask(opened, running())))["extract"]

    assert (want, message) == (str(row.items), row.message)
    assert Tone.BUSY is row.tone


def test_rows_are_in_the_order_of_the_definition() -> None:
    """Not in the order in which things happened."""
    run = seen(right=GOOD, extract=GOOD)

    assert ["extract", "left", "right", "join"] == [row.task for row in rows(run, at(10))]


@pytest.mark.parametrize(
    ("run", "name", "want"),
    [
        pytest.param(
            seen(),
            "left",
            Row("left", Tone.WAITING, "WaitingForUpstream", 0, None, "waits for extract"),
            id="the task waits for another task",
        ),
        pytest.param(
            seen(),
            "extract",
            Row("extract", Tone.BUSY, "Starting", 0, None, ""),
            id="the task starts",
        ),
        pytest.param(
            seen(extract=ObservedTask(sighting=running())),
            "extract",
            Row("extract", Tone.BUSY, "Running", 1, timedelta(seconds=10), ""),
            id="the task runs",
        ),
        pytest.param(
            seen(extract=ObservedTask(sighting=exited())),
            "extract",
            Row("extract", Tone.GOOD, "Succeeded", 1, timedelta(seconds=5), ""),
            id="the task has just succeeded",
        ),
        pytest.param(
            seen(extract=GOOD),
            "extract",
            Row("extract", Tone.GOOD, "Succeeded", 1, timedelta(seconds=5), ""),
            id="the task succeeded long ago",
        ),
        pytest.param(
            seen(extract=ObservedTask(sighting=exited(3))),
            "extract",
            Row(
                "extract",
                Tone.BAD,
                "NonZeroExit",
                1,
                timedelta(seconds=10),
                "ended with exit code 3; retry.limit is 0",
            ),
            id="the task failed, and the reason appears once",
        ),
        pytest.param(
            seen(extract=ObservedTask(ended(Outcome.FAILED))),
            "join",
            Row("join", Tone.OFF, "UpstreamFailed", 0, None, "…"),
            id="the task is omitted",
        ),
    ],
)
def test_a_row(run: ObservedRun, name: str, want: Row) -> None:
    """Status, attempts, seconds and message, as the engine sees it at this moment."""
    row = by_task(run)[name]

    assert want == (replace(row, message="…") if want.message == "…" else row)


def test_a_retry_says_when() -> None:
    """Somebody who waits wants to know how long."""
    definition = workflow(task("load", retry=retries(3, seconds=60)))
    attempt = failed(when=5)

    row = by_task(seen(definition, load=ObservedTask(log(attempt, user_failures=1))))["load"]

    assert (Tone.TROUBLE, "WaitingForRetry") == (row.tone, row.status)
    assert row.message.startswith("again in 55s; attempt 1 failed")


def test_a_cancelled_task_is_neither_good_nor_bad() -> None:
    """It did not fail; it was ended, or never began."""
    cut = ObservedTask(ended(Outcome.CANCELLED, Reason.CANCELLED, "desiredState is Cancel"))
    shown = by_task(seen(chain("a", "b"), DesiredState.CANCEL, a=cut))

    assert "you cancelled it" == shown["a"].message
    assert (Tone.OFF, Tone.OFF) == (shown["a"].tone, shown["b"].tone)
    assert (1, 0) == (shown["a"].attempts, shown["b"].attempts)


@pytest.mark.parametrize(
    ("attempt", "status"),
    [
        pytest.param(
            ObservedTask(ended(Outcome.CANCELLED, Reason.CANCELLED, "why"), sighting=running()),
            "Cancelled",
            id="the run was cancelled",
        ),
        pytest.param(
            ObservedTask(sighting=replace(running(), leaving=True)),
            "Running",
            id="the time of the task is over",
        ),
    ],
)
def test_what_is_being_ended_has_not_ended(attempt: ObservedTask, status: str) -> None:
    """Its program may take a while to end, or never do so by itself: it is said how long."""
    row = by_task(seen(chain("a", "b"), a=attempt))["a"]

    message = "ending, killed in at most 10s"
    assert Row("a", Tone.BUSY, status, 1, timedelta(seconds=10), message, ending=True) == row
    assert not row.ended


def test_what_is_being_ended_has_the_time_that_its_task_asks_for() -> None:
    """Not ours: the program needs it, or wants less."""
    definition = workflow(task("a", termination_grace_period_seconds=90), task("b"))
    row = by_task(seen(definition, a=ObservedTask(sighting=replace(running(), leaving=True))))["a"]

    assert "ending, killed in at most 1m30s" == row.message


def test_a_failure_may_be_allowed() -> None:
    """That is part of the row, since it decides how the run ends."""
    definition = workflow(task("a", allow_failure=True), task("b"))
    bad = ObservedTask(sighting=exited(3))

    shown = by_task(seen(definition, a=bad, b=bad))

    assert (True, False) == (shown["a"].allowed, shown["b"].allowed)


def test_what_a_program_wrote_does_nothing_to_the_terminal() -> None:
    """Its last word is in the message, with whatever it held."""
    words = "\x1b[31mno\x1b[0m\n  table\x07"
    failed_so = ObservedTask(ended(Outcome.FAILED, Reason.NON_ZERO_EXIT, words))

    assert "no table" == by_task(seen(chain("a"), a=failed_so))["a"].message


def test_a_wait_says_until_when_and_how_long_that_is() -> None:
    """It is no trouble, and has no process."""
    run = seen(workflow(pause("p"), task("b", "p")), p=ObservedTask(sighting=waiting(200)))
    row = by_task(run)["p"]
    assert (Tone.BUSY, "WaitingForTime", "until 2030-01-01T12:03:20Z, in 3m10s") == (
        *(row.tone, row.status, row.message),
    )
    over = by_task(replace(run, tasks={"p": ObservedTask(sighting=waiting(8))}))["p"]
    assert (Tone.GOOD, "until 2030-01-01T12:00:08Z") == (over.tone, over.message)


def test_a_task_without_a_slot_of_its_pool_says_who_has_them() -> None:
    """Also in a later turn, which judges it no more."""
    run = replace(seen(workflow(task("a", pool="db"), task("b", pool="db"))), room=Room())
    asked = dict(decide(run, at(1)).claims)
    full = PoolView(1, 1, 2, ("etl-0/x",))
    run = replace(run, room=Room(asked, {}, {"a": 1, "b": 2}, {"db": full}))

    row = by_task(run)["b"]

    taken = "1 of 1 slots of pool db are taken by etl-0/x; place 2 of 2 in its queue"
    assert (Tone.WAITING, "WaitingForPool", taken) == (row.tone, row.status, row.message)
