"""A backfill as a whole: `headrace.engine.backfill.advance`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import TriggerKind
from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.observed import KnownWorkflow, ObservedBackfill
from support.backfill_builders import (
    NOW,
    WORKFLOW,
    backfill,
    concurrency,
    ended,
    looked,
    name,
    other,
    spec,
    started,
    tick_run,
)

STUCK = (Reason.WORKFLOW_NOT_FOUND, "there is no Workflow w")


def reason(observed: ObservedBackfill) -> Reason:
    """Return the recorded reason."""
    return observed.log.reason


def steered(observed: ObservedBackfill, **fields: Any) -> ObservedBackfill:
    """Return the backfill after somebody has changed its spec."""
    assert observed.spec is not None
    written = {**observed.spec.model_dump(by_alias=True), **fields}
    changed = type(observed.spec).model_validate(written)
    return replace(observed, spec=changed, generation=observed.generation + 1)


def test_a_run_says_what_it_stands_for() -> None:
    """Its trigger is Backfill; its interval is that of the tick."""
    (placed,) = advance(backfill(), NOW).create
    at = datetime(2029, 1, 1, tzinfo=UTC)
    assert (0, name(1)) == (placed.place, placed.run.name)
    assert (TriggerKind.BACKFILL, at) == (placed.run.trigger, placed.run.logical_time)
    assert placed.run.interval is not None
    assert (at - timedelta(days=1), at) == (placed.run.interval.start, placed.run.interval.end)


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({}, [1], id="one at a time, the oldest first"),
        pytest.param({"order": "NewestFirst"}, [3], id="the newest first"),
        pytest.param({"maxActive": 2}, [1, 2], id="two at a time"),
        pytest.param({"maxActive": 9}, [1, 2, 3], id="all at a time"),
        pytest.param({"desiredState": "Pause"}, [], id="none while it is paused"),
        pytest.param({"desiredState": "Stop"}, [], id="none after Stop"),
        pytest.param({"desiredState": "Cancel"}, [], id="none after Cancel"),
        pytest.param({"dryRun": True}, [], id="none in a dry run"),
    ],
)
def test_what_a_first_turn_starts(fields: dict[str, Any], want: list[int]) -> None:
    """As the spec says."""
    assert [name(day) for day in want] == started(backfill(spec(**fields)))


def test_a_turn_that_is_taken_again_decides_the_same() -> None:
    """Its run is there, or the status says so: nothing starts twice."""
    once = advance(backfill(), NOW)
    assert once == advance(backfill(), NOW)
    again = looked(backfill())
    assert [] == started(again)
    assert [] == started(replace(again, log=backfill().log))
    assert [name(2)] == started(ended(again, 1))


def test_a_tick_that_the_schedule_ran_is_skipped() -> None:
    """So is one whose run still goes on."""
    theirs = {
        name(1): [tick_run(name(1), ours=False, finished=NOW)],
        name(3): [tick_run(name(3), ours=False)],
    }
    observed = looked(backfill(runs=theirs))
    assert [0, 2] == list(observed.log.skipped)
    assert {name(2)} == observed.runs.keys() - theirs.keys()
    over = looked(ended(observed, 2))
    assert (True, Reason.SUCCEEDED) == (over.log.succeeded, reason(over))


def test_the_end_counts_what_succeeded_and_what_did_not() -> None:
    """A backfill with a run that did not succeed has failed, and names the run."""
    observed = looked(backfill(spec(maxActive=3)))
    over = looked(ended(ended(observed, 1, 2), 3, succeeded=False))
    assert (False, Reason.FAILED) == (over.log.succeeded, reason(over))
    assert f"1 did not succeed ({name(3)})" == over.log.message
    assert (2, 1) == (len(over.log.good), len(over.log.bad))
    assert advance(over, NOW).status is None


@pytest.mark.parametrize(
    ("on_failure", "want", "after"),
    [("Continue", [2], Reason.RUNNING), ("Stop", [], Reason.FAILED)],
)
def test_what_a_failure_means(on_failure: str, want: list[int], after: Reason) -> None:
    """The rest goes on, or nothing more starts."""
    observed = ended(looked(backfill(spec(onFailure=on_failure))), 1, succeeded=False)
    assert [name(day) for day in want] == started(observed)
    assert after is reason(looked(observed))


def test_after_a_failure_with_stop_the_active_runs_go_on() -> None:
    """The backfill ends when they have ended, and says how many never started."""
    observed = looked(backfill(spec(onFailure="Stop", maxActive=2)))
    waiting = looked(ended(observed, 1, succeeded=False))
    assert (Reason.STOPPING, None) == (reason(waiting), waiting.log.finished)
    over = looked(ended(waiting, 2))
    assert (False, f"1 did not succeed ({name(1)}); 1 never started") == (
        over.log.succeeded,
        over.log.message,
    )


def test_a_pause_ends_with_run() -> None:
    """What was active meanwhile is counted, and the rest goes on."""
    observed = looked(steered(looked(backfill()), desiredState="Pause"))
    assert Reason.PAUSED is reason(observed)
    counted = looked(ended(observed, 1))
    assert (Reason.PAUSED, 1) == (reason(counted), len(counted.log.good))
    assert [name(2)] == started(steered(counted, desiredState="Run"))


@pytest.mark.parametrize(
    ("state", "waiting", "over"),
    [
        ("Stop", Reason.STOPPING, Reason.STOPPED),
        ("Cancel", Reason.CANCELLING, Reason.CANCELLED),
    ],
)
def test_stop_and_cancel_end_when_the_active_runs_have_ended(
    state: str, waiting: Reason, over: Reason
) -> None:
    """Cancel also cancels them, once each."""
    observed = steered(looked(backfill()), desiredState=state)
    decision = advance(observed, NOW)
    assert ((name(1),) if state == "Cancel" else ()) == decision.cancel
    observed = looked(observed)
    assert waiting is reason(observed)
    told = replace(observed, runs={name(1): [tick_run(name(1), cancelling=True)]})
    assert () == advance(told, NOW).cancel
    done = looked(ended(observed, 1))
    assert (False, over, "2 never started") == (done.log.succeeded, reason(done), done.log.message)


def test_a_dry_run_lists_what_it_would_create() -> None:
    """In the order of the starts, without the ticks that have a run; then it can begin."""
    theirs = {name(2): [tick_run(name(2), ours=False, finished=NOW)]}
    dry = looked(backfill(spec(dryRun=True, order="NewestFirst"), runs=theirs))
    assert ((name(3), name(1)), Reason.DRY_RUN) == (dry.log.names, reason(dry))
    assert (3, 1, None) == (dry.log.total, len(dry.log.skipped), dry.log.finished)
    begun = looked(steered(dry, dryRun=False))
    assert ((), [2]) == (begun.log.names, list(begun.log.started))


def test_a_dry_run_of_many_lists_a_hundred() -> None:
    """The count says how many there are."""
    hourly = replace(WORKFLOW, schedules=(Schedule(cron="@hourly"),))
    dry = looked(backfill(spec(30, dryRun=True), workflow=hourly))
    assert (100, 29 * 24 + 1) == (len(dry.log.names), dry.log.total)


def test_a_logical_time_in_the_future_waits() -> None:
    """The turn comes back when it has come; with the newest first, the past is not held up."""
    soon = datetime(2029, 1, 2, 12, tzinfo=UTC)
    first = advance(backfill(spec(order="NewestFirst", maxActive=9)), soon)
    assert [name(2), name(1)] == [placed.run.name for placed in first.create]
    third = datetime(2029, 1, 3, tzinfo=UTC)
    assert third == first.look_again_at
    observed = ended(looked(backfill(spec(order="NewestFirst", maxActive=9)), soon), 1, 2)
    waiting = advance(observed, soon)
    assert waiting.status is not None
    assert (Reason.WAITING_FOR_TIME, third) == (waiting.status.reason, waiting.look_again_at)
    assert [name(3)] == started(observed, third)


def test_runs_of_others_go_first_where_one_run_is_allowed() -> None:
    """The backfill names them, and goes on when they have ended."""
    observed = backfill(workflow=concurrency("Forbid"), others=(other(),))
    waiting = looked(observed)
    assert Reason.WAITING_FOR_TURN is reason(waiting)
    assert "1 run is allowed at a time, and hand has not ended" == waiting.log.message
    assert [name(1)] == started(replace(waiting, others=()))


def test_the_schedules_are_those_of_the_beginning() -> None:
    """Somebody changes or removes them: the logical times stay."""
    observed = looked(backfill())
    changed = KnownWorkflow(schedules=(Schedule(cron="@hourly"),))
    assert [name(2)] == started(ended(replace(observed, workflow=changed), 1))
    assert [name(2)] == started(ended(replace(observed, workflow=KnownWorkflow()), 1))


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"workflow": None, "hindrance": STUCK}, STUCK, id="no workflow"),
        pytest.param(
            {"workflow": replace(WORKFLOW, params=(Param(name="market"),))},
            (Reason.INVALID_PARAMS, "spec.params: market: is required; give it a value"),
            id="a parameter without a value",
        ),
        pytest.param(
            {"spec": None, "problem": "spec.to: is missing"},
            (Reason.INVALID_DEFINITION, "spec.to: is missing"),
            id="a spec that cannot be read",
        ),
    ],
)
def test_what_keeps_a_backfill_waiting_is_told(
    fields: dict[str, Any], want: tuple[Reason, str]
) -> None:
    """It goes on when somebody has changed that."""
    observed = looked(backfill(**fields))
    assert want[0] is reason(observed)
    assert [] == started(observed)
    assert observed.log.finished is None
    assert want[1].partition(":")[0] in observed.log.message


def test_a_workflow_that_goes_does_not_hide_the_ends_of_runs() -> None:
    """They are counted; the rest waits until it is back."""
    observed = looked(backfill())
    lost = looked(ended(replace(observed, workflow=None, hindrance=STUCK), 1))
    assert (Reason.WORKFLOW_NOT_FOUND, 1) == (reason(lost), len(lost.log.good))
    assert [name(2)] == started(replace(lost, workflow=WORKFLOW))


def test_logical_times_that_never_come_end_it() -> None:
    """Its spec cannot change, so nothing can cure it; a schedule's ticks may come."""
    given = {"step": "Month", "from": "2029-01-31T00:00:00Z", "to": "2029-12-31T00:00:00Z"}
    never = looked(backfill(spec(**given)))
    assert (False, Reason.NO_TICKS) == (never.log.succeeded, reason(never))
    bare = looked(backfill(workflow=KnownWorkflow()))
    assert (None, Reason.NO_TICKS) == (bare.log.finished, reason(bare))
    assert [name(1)] == started(replace(bare, workflow=WORKFLOW))
    stopped = looked(steered(bare, desiredState="Stop"))
    assert (False, Reason.STOPPED) == (stopped.log.succeeded, reason(stopped))
