"""A workflow as a whole: `headrace.engine.workflow.supervise`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import TriggerKind
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.workflow.observed import KnownRun, ObservedWorkflow, WorkflowLog
from headrace.engine.workflow.supervise import supervise

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOURLY = {"triggers": [{"schedule": {"cron": "0 * * * *"}}]}
FORBIDDEN = "concurrency.policy is Forbid and old has not ended; Queue would wait"
ON_APPLY: dict[str, Any] = {"triggers": [{"onApply": {}}]}


def spec(**fields: Any) -> WorkflowSpec:
    """Return a valid spec of one task, with these fields."""
    task = {"name": "only", "image": "busybox", "command": ["true"]}
    return WorkflowSpec.model_validate({"tasks": [task], **fields})


def workflow(given: WorkflowSpec | None = None, **fields: Any) -> ObservedWorkflow:
    """Return a workflow that was created at noon and has not been looked at."""
    base = ObservedWorkflow(
        namespace="default",
        name="stock",
        uid="w1",
        created=NOON,
        generation=1,
        spec=given or spec(),
        revision="stock-r1",
    )
    return replace(base, **fields)


def run(name: str, minute: int = 0, **fields: Any) -> KnownRun:
    """Return a run that was made at a minute after noon and goes on."""
    at = NOON + timedelta(minutes=minute)
    return replace(KnownRun(name, at, at, began=True, revision="stock-r1"), **fields)


def done(name: str, minute: int = 0, *, succeeded: bool = True) -> KnownRun:
    """Return a run that has ended."""
    reason = "Succeeded" if succeeded else "Failed"
    at = NOON + timedelta(minutes=minute)
    return run(name, minute, finished=at, succeeded=succeeded, reason=reason)


def later(minutes: int) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(minutes=minutes)


def logged(observed: ObservedWorkflow, now: datetime) -> ObservedWorkflow:
    """Return the workflow as it is after one turn: its status says what was decided."""
    status = supervise(observed, now).status
    return observed if status is None else replace(observed, log=status)


def test_without_triggers_a_workflow_runs_once() -> None:
    """The run is made when the workflow is first seen, and never again."""
    first = supervise(workflow(), NOON)

    assert ["stock-once"] == [new.name for new in first.create]
    assert TriggerKind.APPLY == first.create[0].trigger
    edited = replace(logged(workflow(), NOON), generation=2, revision="stock-r2")
    assert () == supervise(edited, NOON).create


def test_on_apply_runs_each_new_definition() -> None:
    """A changed spec gets a run of its own; the same spec again gets none."""
    seen = logged(workflow(spec(**ON_APPLY)), NOON)

    assert () == supervise(seen, NOON).create
    edited = replace(seen, generation=2, revision="stock-r2")
    assert ["stock-g2"] == [new.name for new in supervise(edited, NOON).create]


def test_a_suspended_workflow_starts_nothing() -> None:
    """No trigger starts a run while `suspend` is true, and the status says why."""
    for triggers in ({}, ON_APPLY, HOURLY):
        decision = supervise(workflow(spec(suspend=True, **triggers)), later(61))

        assert () == decision.create
        assert decision.status is not None
        assert "suspended" in decision.status.message


def test_a_tick_starts_a_run_named_by_its_minute() -> None:
    """The name is the tick's, and the interval is from the tick before to this one."""
    seen = logged(workflow(spec(**HOURLY)), NOON)

    (new,) = supervise(seen, later(60)).create

    assert f"stock-{int(later(60).timestamp()) // 60}" == new.name
    assert later(60) == new.logical_time
    assert new.interval is not None
    assert (NOON, later(60)) == (new.interval.start, new.interval.end)


def test_a_tick_is_decided_once() -> None:
    """After its status is written, the same time asks for nothing."""
    seen = logged(logged(workflow(spec(**HOURLY)), NOON), later(60))

    decision = supervise(seen, later(60))

    assert () == decision.create
    assert decision.status is None
    assert later(120) == decision.look_again_at


def test_ticks_between_two_minutes_have_runs_of_their_own() -> None:
    """An interval of 90 seconds has two ticks in one minute: each starts its run."""
    seen = logged(workflow(spec(triggers=[{"schedule": {"everySeconds": 90}}])), NOON)
    names = set()
    for number in range(1, 11):
        (new,) = supervise(seen, NOON + timedelta(seconds=90 * number)).create
        names.add(new.name)
        seen = logged(seen, NOON + timedelta(seconds=90 * number))

    assert 10 == len(names)


@pytest.mark.parametrize("before", [{}, ON_APPLY], ids=["without triggers", "with onApply"])
def test_a_schedule_that_is_added_begins_when_it_is_seen(before: dict[str, Any]) -> None:
    """A workflow of last month has missed none of the ticks of a schedule of today."""
    old = logged(workflow(spec(**before)), NOON)
    hourly = {"triggers": [{"schedule": {"cron": "0 * * * *", "catchUp": "All"}}]}
    edited = replace(old, spec=spec(**hourly), generation=2, revision="stock-r2")
    month = 30 * 24 * 60

    first = supervise(edited, later(month + 30))

    assert () == first.create
    assert first.status is not None
    assert (0, later(month + 60)) == (first.status.missed, first.look_again_at)
    after = logged(edited, later(month + 30))
    assert [later(month + 60)] == [
        new.logical_time for new in supervise(after, later(month + 90)).create
    ]


def test_a_schedule_that_is_taken_out_and_put_back_repeats_no_tick() -> None:
    """What fired before does not fire again: the schedule begins when it is seen again."""
    schedule = {"triggers": [{"schedule": {"cron": "0 * * * *", "catchUp": "All"}}]}
    seen = logged(logged(workflow(spec(**schedule)), NOON), later(200))
    without = replace(seen, spec=spec(**ON_APPLY), generation=2, revision="stock-r2")
    without = logged(without, later(210))
    back = replace(without, spec=spec(**schedule), generation=3, revision="stock-r1")

    assert () == supervise(back, later(220)).create


def test_a_schedule_that_was_broken_begins_when_it_is_mended() -> None:
    """Nobody could know of its ticks before."""
    broken = logged(workflow(spec(), problem="spec.tasks: no", revision=None), NOON)
    broken = logged(replace(broken, spec=None), NOON)
    mended = replace(broken, spec=spec(**HOURLY), problem="", generation=2, revision="stock-r2")

    assert () == supervise(mended, later(300)).create


def test_a_workflow_that_loses_its_schedules_does_not_run_once() -> None:
    """Whoever stops a schedule wants fewer runs: the creation was dealt with long ago."""
    seen = logged(workflow(spec(**HOURLY)), NOON)
    without = replace(seen, spec=spec(), generation=2, revision="stock-r2")

    assert () == supervise(without, later(30)).create


def test_a_workflow_that_was_suspended_from_the_start_runs_once_when_it_is_resumed() -> None:
    """Until then its creation is not dealt with, whatever its triggers were meanwhile."""
    seen = logged(workflow(spec(suspend=True, **HOURLY)), NOON)
    resumed = replace(seen, spec=spec(), generation=2, revision="stock-r2")

    assert ["stock-once"] == [new.name for new in supervise(resumed, later(30)).create]


def test_a_tick_whose_run_has_ended_is_not_decided_again() -> None:
    """A crash before the status: what ran is not told as missed, whoever runs now."""
    seen = logged(workflow(spec(concurrency={"policy": "Forbid"}, **HOURLY)), NOON)
    (new,) = supervise(seen, later(60)).create
    after = replace(seen, runs=(done(new.name, 60), run("by-hand", 61)))

    decision = supervise(after, later(62))

    assert ((), ()) == (decision.create, decision.notes)
    assert decision.status is not None
    assert (0, later(60)) == (
        decision.status.missed,
        decision.status.schedule and decision.status.schedule.last_tick,
    )


def test_many_forbidden_ticks_are_told_in_one_note() -> None:
    """A thousand Events in one turn would help nobody."""
    schedule = {"cron": "* * * * *", "catchUp": "All", "maxCatchUp": 1000}
    given = spec(triggers=[{"schedule": schedule}], concurrency={"policy": "Forbid"})
    seen = replace(logged(workflow(given), NOON), runs=(run("old"),))

    decision = supervise(seen, later(1000))

    assert ["1000 triggers start no run: " + FORBIDDEN] == [note.message for note in decision.notes]
    assert decision.status is not None
    assert 1000 == decision.status.missed


def test_a_crash_before_the_status_repeats_the_same_run() -> None:
    """If the status could not be written, the second try asks for the run of the same name."""
    seen = logged(workflow(spec(concurrency={"policy": "Forbid"}, **HOURLY)), NOON)
    first = supervise(seen, later(60))
    after = replace(seen, runs=(run(first.create[0].name, 60, began=False),))

    assert first.create == supervise(after, later(61)).create


@pytest.mark.parametrize(
    ("policy", "created", "cancelled", "missed"),
    [
        pytest.param({"policy": "Allow"}, 1, (), 0, id="Allow starts beside the active run"),
        pytest.param({"policy": "Forbid"}, 0, (), 1, id="Forbid skips the tick and counts it"),
        pytest.param({"policy": "Replace"}, 1, ("old",), 0, id="Replace cancels the active run"),
        pytest.param({"policy": "Queue"}, 1, (), 0, id="Queue makes the run, which then waits"),
    ],
)
def test_concurrency(
    policy: dict[str, str], created: int, cancelled: tuple[str, ...], missed: int
) -> None:
    """Each policy has its own answer to a tick that finds a run active."""
    seen = logged(workflow(spec(concurrency=policy, **HOURLY)), NOON)
    busy = replace(seen, runs=(run("old", 1),))

    decision = supervise(busy, later(60))

    assert created == len(decision.create)
    assert cancelled == decision.cancel
    assert decision.status is not None
    assert missed == decision.status.missed
    assert missed + len(cancelled) == len(decision.notes)


def test_the_newer_run_by_hand_replaces_the_older() -> None:
    """Under Replace a run that somebody made cancels the one before it."""
    given = spec(concurrency={"policy": "Replace"}, suspend=True)
    busy = workflow(given, runs=(run("first", 1), run("second", 2, began=False)))

    decision = supervise(busy, later(3))

    assert ("first",) == decision.cancel
    assert [
        (
            Reason.CONCURRENCY_REPLACED,
            "first is cancelled: second takes its place, since concurrency.policy is Replace",
        )
    ] == [(note.reason, note.message) for note in decision.notes]


def test_replaced_runs_are_told_once_and_together() -> None:
    """Who went, and for whom; a run that is being cancelled already is no news."""
    seen = logged(workflow(spec(concurrency={"policy": "Replace"}, **HOURLY)), NOON)
    active = (run("a", 1), run("b", 2), run("c", 3, cancelling=True))
    tick = f"stock-{int(later(60).timestamp()) // 60}"

    decision = supervise(replace(seen, runs=active), later(60))

    assert ("a", "b") == decision.cancel
    assert [
        f"a, b are cancelled: {tick} takes their place, since concurrency.policy is Replace"
    ] == [note.message for note in decision.notes]


def test_old_runs_go_and_their_revisions_with_them() -> None:
    """Runs beyond the history are deleted, and revisions that nobody names any more."""
    given = spec(history={"successfulRuns": 1})
    old = replace(done("a", 1), revision="stock-r0")
    seen = workflow(given, runs=(old, done("b", 2)), revisions=("stock-r0", "stock-r1"))

    decision = supervise(seen, later(5))

    assert ("a",) == decision.delete_runs
    assert ("stock-r0",) == decision.delete_revisions


@pytest.mark.parametrize(
    ("fields", "look", "gone"),
    [
        pytest.param({}, 62, True, id="the tick gets on record in this turn"),
        pytest.param({"suspend": True}, 62, False, id="while suspended nothing gets on record"),
        pytest.param({}, 59, False, id="the clock was set back before the tick"),
    ],
)
@pytest.mark.parametrize("history", [{"successfulRuns": 0}, {"ttlSecondsAfterFinished": 0}])
def test_the_run_of_a_tick_is_kept_until_the_tick_is_on_record(
    history: dict[str, int], fields: dict[str, Any], look: int, *, gone: bool
) -> None:
    """A controller crashed between making the run and saying so: only the run tells of the tick."""
    seen = logged(workflow(spec(**HOURLY)), NOON)
    (new,) = supervise(seen, later(60)).create
    ended = replace(done(new.name, 61), logical_time=later(60))
    after = replace(seen, spec=spec(history=history, **fields, **HOURLY), runs=(ended,))

    decision = supervise(after, later(look))

    assert gone is (decision.delete_runs == (new.name,))
    assert decision.look_again_at is None or decision.look_again_at > later(look)


@pytest.mark.parametrize("suspend", [False, True])
def test_the_run_of_an_apply_is_made_once_though_no_status_tells_of_it(*, suspend: bool) -> None:
    """A run that is there, or was, proves that the definition was dealt with."""
    made = supervise(workflow(), NOON).create
    for fields in ({"runs": (done("stock-once"),)}, {"made": made}):
        decision = supervise(workflow(spec(suspend=suspend), **fields), later(1))

        assert () == decision.create
        assert decision.status is not None
        assert "stock-r1" == decision.status.applied_revision


def test_a_revision_is_kept_while_a_run_may_still_take_it() -> None:
    """A run that has not begun takes the workflow as it is: all are kept until it has."""
    for noted in (None, "stock-r1"):
        waiting = run("new", 3, began=False, revision=noted)
        seen = workflow(runs=(waiting,), revisions=("stock-r0", "stock-r1"))

        assert () == supervise(seen, later(5)).delete_revisions


def test_a_broken_definition_is_told_and_harms_nothing() -> None:
    """The status names the problem, nothing is started, and nothing is deleted."""
    broken = workflow(runs=(done("a"),), problem="spec.tasks: tasks wait for each other")

    decision = supervise(replace(broken, spec=None, revision=None), later(1))

    assert decision.status is not None
    assert not decision.status.ready
    assert Reason.INVALID_DEFINITION == decision.status.reason
    assert "wait for each other" in decision.status.message
    assert ((), (), ()) == (decision.create, decision.delete_runs, decision.delete_revisions)


def test_runs_of_a_deleted_workflow_stay_for_an_hour() -> None:
    """Deleting a workflow ends no run; finished ones go an hour after their end."""
    gone = workflow(exists=False, runs=(done("old", 0), done("new", 30), run("active", 40)))
    gone = replace(gone, spec=None, revision=None)

    decision = supervise(gone, later(61))

    assert ("old",) == decision.delete_runs
    assert later(90) == decision.look_again_at
    assert decision.status is None


def test_the_summary_tells_the_newest_run_and_outcome() -> None:
    """The status has what the columns of `kubectl get workflows` show."""
    waiting = (run("d", 0, began=False), run("e", 0, began=False))
    seen = workflow(runs=(done("a", 1), done("b", 2, succeeded=False), run("c", 3), *waiting))

    status = supervise(seen, later(5)).status

    assert status is not None
    assert (1, 2, "c", later(3), "Failed") == (
        status.active,
        status.waiting,
        status.last_run,
        status.last_run_time,
        status.last_outcome,
    )


def test_deciding_again_asks_for_nothing_new() -> None:
    """Once the status is written and the runs exist, a turn is without effect."""
    seen = logged(workflow(runs=(run("stock-once", 0),)), NOON)

    decision = supervise(seen, NOON)

    assert () == decision.create
    assert decision.status is None


def test_ready_keeps_its_time_until_it_changes() -> None:
    """The condition's time moves only when its status does."""
    ready = logged(workflow(), NOON)
    again = logged(replace(ready, generation=2), later(10))
    broken = logged(replace(again, spec=None, problem="x", generation=3), later(20))

    assert (NOON, NOON, later(20)) == (ready.log.since, again.log.since, broken.log.since)


def test_an_empty_log_is_not_ready() -> None:
    """A workflow that nobody has looked at claims nothing."""
    assert not WorkflowLog().ready


def test_a_run_that_another_one_repeats_is_kept_until_that_one_has_ended() -> None:
    """Whatever `history` says: its results may not be taken over yet."""
    none = spec(suspend=True, history={"successfulRuns": 0, "failedRuns": 0})
    old, again = done("old", succeeded=False), run("again", 1, rerun_of="old")

    assert () == supervise(workflow(none, runs=(old, again)), later(5)).delete_runs
    ended = replace(done("again", 1), rerun_of="old")
    assert ("old", "again") == supervise(workflow(none, runs=(old, ended)), later(5)).delete_runs


@pytest.mark.parametrize("history", [{"successfulRuns": 0}, {"ttlSecondsAfterFinished": 0}])
def test_the_run_of_a_delivery_is_kept_while_the_sender_may_repeat_it(
    history: dict[str, int],
) -> None:
    """Its name keeps the delivery from starting another one; a turn comes when that is over."""
    given = spec(suspend=True, history=history)
    sent = replace(done("stock-wabc", 1), delivered=True)
    seen = workflow(given, runs=(sent, done("by-hand", 1)))

    early, late = supervise(seen, later(5)), supervise(seen, later(12))

    assert ("by-hand",) == early.delete_runs
    assert later(12) == early.look_again_at
    assert {"by-hand", "stock-wabc"} == set(late.delete_runs)
