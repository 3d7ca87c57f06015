"""A workflow as a whole: `headrace.engine.supervise`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import TriggerKind
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.supervise import (
    KnownRun,
    ObservedWorkflow,
    WorkflowLog,
    supervise,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOURLY = {"triggers": [{"schedule": {"cron": "0 * * * *"}}]}
ON_APPLY: dict[str, Any] = {"triggers": [{"onApply": {}}]}


def spec(**fields: Any) -> WorkflowSpec:
    """Return a valid spec of one task, with these fields."""
    task = {"name": "only", "image": "busybox", "command": ["true"]}
    return WorkflowSpec.model_validate({"tasks": [task], **fields})


def workflow(given: WorkflowSpec | None = None, **fields: Any) -> ObservedWorkflow:
    """Return a workflow that was created at noon and has not been looked at."""
    base = ObservedWorkflow(
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
    assert missed == len(decision.notes)


def test_the_newer_run_by_hand_replaces_the_older() -> None:
    """Under Replace a run that somebody made cancels the one before it."""
    given = spec(concurrency={"policy": "Replace"}, suspend=True)
    busy = workflow(given, runs=(run("first", 1), run("second", 2, began=False)))

    assert ("first",) == supervise(busy, later(3)).cancel


def test_old_runs_go_and_their_revisions_with_them() -> None:
    """Runs beyond the history are deleted, and revisions that nobody names any more."""
    given = spec(history={"successfulRuns": 1})
    old = replace(done("a", 1), revision="stock-r0")
    seen = workflow(given, runs=(old, done("b", 2)), revisions=("stock-r0", "stock-r1"))

    decision = supervise(seen, later(5))

    assert ("a",) == decision.delete_runs
    assert ("stock-r0",) == decision.delete_revisions


def test_a_revision_is_kept_while_a_run_may_still_take_it() -> None:
    """A run that has not begun has no revision yet: all are kept until it has."""
    waiting = run("new", 3, began=False, revision=None)
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
    seen = workflow(runs=(done("a", 1), done("b", 2, succeeded=False), run("c", 3)))

    status = supervise(seen, later(5)).status

    assert status is not None
    assert (1, "c", later(3), "Failed") == (
        status.active,
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
