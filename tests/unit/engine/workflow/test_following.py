"""Ends of other workflows' runs that start runs: `headrace.engine.workflow.following`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import MAX_DEPTH, EndedRun, Interval, TriggerKind
from headrace.api.v1alpha1.trigger import RunOutcome, Trigger, WorkflowTrigger
from headrace.engine.workflow.ends import (
    Handled,
    ObservedUpstream,
    RunEnd,
    Upstream,
    outcome_of,
)
from headrace.engine.workflow.following import (
    MOST_HANDLED,
    Following,
    end_run_name,
    follow,
    upstreams,
)
from headrace.engine.workflow.observed import ObservedWorkflow, WorkflowLog
from support.builders import at

FIRST = Upstream("shop", "first")


def after(**fields: Any) -> WorkflowTrigger:
    """Return a trigger on the workflow `first`."""
    return WorkflowTrigger.model_validate({"name": "first", **fields})


def end(seconds: float, uid: str = "", **fields: Any) -> RunEnd:
    """Return the end of a run, so many seconds after noon."""
    name = uid or f"u{seconds:g}"
    run = RunEnd(f"first-{name}", name, at(seconds), RunOutcome.SUCCEEDED, at(0))
    return replace(run, **fields)


def turn(
    *ends: RunEnd,
    triggers: Sequence[WorkflowTrigger] = (after(),),
    handled: Handled | None = None,
    exported: bool = True,
    suspended: bool = False,
) -> Following:
    """Look at ends of `first`; the triggers exist since noon."""
    workflow = ObservedWorkflow(
        *("shop", "report", "w1", at(-9), 1, None),
        upstreams={FIRST: ObservedUpstream(ends, exported)},
        log=WorkflowLog(followed={} if handled is None else {FIRST: handled}),
    )
    asked = [Trigger(workflow=trigger) for trigger in triggers]
    return follow(workflow, asked, at(0), suspended=suspended)


def test_an_end_starts_a_run_that_stands_for_the_same_time() -> None:
    """Named after the ended run's uid; it says what it follows, and how deep the chain is."""
    interval = Interval(start=at(-3600), end=at(0))
    (run,) = turn(end(60, "u1", logical_time=at(-5), interval=interval, depth=2)).runs
    assert end_run_name("report", "u1") == run.name
    assert (TriggerKind.WORKFLOW, at(-5), interval) == (run.trigger, run.logical_time, run.interval)
    assert run.triggered_by == EndedRun(
        namespace="shop", workflow="first", name="first-u1", uid="u1", depth=3
    )


def test_the_record_keeps_an_end_from_starting_twice() -> None:
    """Also after the started run is gone: the second turn sees the record only."""
    ends = (end(60), end(61))
    first = turn(*ends)
    assert 2 == len(first.runs)
    assert () == turn(*ends, handled=first.record[FIRST]).runs


def test_an_end_that_shows_later_than_a_newer_one_still_starts_its_run() -> None:
    """News of two runs may come in any order."""
    first = turn(end(61))
    second = turn(end(60), end(61), handled=first.record[FIRST])
    assert [end_run_name("report", "u60")] == [run.name for run in second.runs]


def test_ends_before_the_trigger_existed_start_nothing() -> None:
    """Whoever adds a trigger asks for the ends from now on."""
    assert () == turn(end(-1)).runs


def test_runs_start_in_the_order_of_the_ends() -> None:
    """Whatever order they are found in."""
    found = [run.name for run in turn(end(70), end(60), end(65)).runs]
    assert [end_run_name("report", uid) for uid in ("u60", "u65", "u70")] == found


@pytest.mark.parametrize("outcome", list(RunOutcome))
@pytest.mark.parametrize("wanted", [[each.value] for each in RunOutcome])
def test_only_the_wanted_outcomes_start_runs(outcome: RunOutcome, wanted: list[str]) -> None:
    """The others are handled all the same, and are not missed."""
    found = turn(end(60, outcome=outcome), triggers=[after(outcomes=wanted)])
    assert (outcome in wanted) == bool(found.runs)
    assert 0 == found.missed
    assert end(60) in found.record[FIRST]


def test_two_triggers_on_one_workflow_start_one_run() -> None:
    """The first that names the outcome gives the parameters."""
    given = after(paramsFrom=[{"name": "rows", "output": "rows"}], outcomes=["Succeeded"])
    other = after(outcomes=["Succeeded", "Failed"])
    (run,) = turn(end(60, outputs={"rows": 3}), triggers=[given, other]).runs
    assert [("rows", 3)] == [(each.name, each.value) for each in run.params]


@pytest.mark.parametrize(
    ("output", "want"),
    [
        pytest.param("a b", "a b", id="text stays text"),
        pytest.param(7, 7, id="a whole number stays one"),
        pytest.param(True, True, id="true stays true"),
        pytest.param(0.5, "0.5", id="a fraction becomes text"),
        pytest.param(["ü", 1], '["ü",1]', id="a list becomes JSON"),
    ],
)
def test_outputs_become_parameters(output: object, want: object) -> None:
    """With the type that a parameter can have."""
    trigger = after(paramsFrom=[{"name": "p", "output": "o"}])
    (run,) = turn(end(60, outputs={"o": output}), triggers=[trigger]).runs
    assert [want] == [each.value for each in run.params]
    assert type(want) is type(run.params[0].value)


def test_a_parameter_without_its_output_is_not_given() -> None:
    """So it has its default, or the run says that it is missing."""
    trigger = after(paramsFrom=[{"name": "p", "output": "nobody"}])
    (run,) = turn(end(60, outputs={"o": 1}), triggers=[trigger]).runs
    assert () == run.params


def test_ends_during_a_suspension_are_missed() -> None:
    """They are counted, and start nothing when the suspension ends."""
    found = turn(end(60), end(61), suspended=True)
    assert ((), 2) == (found.runs, found.missed)
    assert () == turn(end(60), end(61), handled=found.record[FIRST]).runs


def test_a_workflow_that_does_not_export_starts_nothing_elsewhere() -> None:
    """The note says what to add, and where."""
    found = turn(end(60), exported=False)
    assert ((), 1) == (found.runs, found.missed)
    (note,) = found.notes
    assert Reason.NOT_EXPORTED is note.reason
    assert "add it to that workflow's exportTo" in note.message


def test_a_circle_of_triggers_is_cut() -> None:
    """The note names the run at which it ends."""
    found = turn(end(60, depth=MAX_DEPTH), end(61, depth=MAX_DEPTH - 1))
    assert [MAX_DEPTH] == [run.triggered_by.depth for run in found.runs if run.triggered_by]
    assert 1 == found.missed
    (note,) = found.notes
    assert Reason.TRIGGERED_TOO_DEEP is note.reason
    assert "first-u60" in note.message


def test_the_record_stays_small() -> None:
    """However many runs end at nearly the same time; none of them starts again."""
    ends = [end(60 + n / 1000, f"u{n}") for n in range(3 * MOST_HANDLED)]
    record = turn(*ends).record[FIRST]
    assert len(record.later) <= MOST_HANDLED
    assert () == turn(*ends, handled=record).runs
    assert 1 == len(turn(*ends, end(70), handled=record).runs)


def test_the_record_forgets_what_ended_long_ago() -> None:
    """An instant stands for all of that."""
    record = turn(end(60), end(7200)).record[FIRST]
    assert {"u7200"} == record.later
    assert end(60) in record


def test_nothing_new_leaves_the_record_as_it_is() -> None:
    """So no status is written."""
    handled = Handled(at(50), frozenset({"u60"}))
    assert handled == turn(end(60), handled=handled).record[FIRST]


@pytest.mark.parametrize(
    ("reason", "succeeded", "want"),
    [
        ("Succeeded", True, RunOutcome.SUCCEEDED),
        ("Failed", False, RunOutcome.FAILED),
        ("RunTimeout", False, RunOutcome.FAILED),
        ("Stopped", False, RunOutcome.CANCELLED),
        ("Cancelled", False, RunOutcome.CANCELLED),
        ("Terminated", False, RunOutcome.CANCELLED),
    ],
)
def test_how_a_run_ended(reason: str, succeeded: bool, want: RunOutcome) -> None:  # noqa: FBT001 - a table
    """What people ended was cancelled; all other ends without success are failures."""
    assert want is outcome_of(reason, succeeded=succeeded)


def test_triggers_name_workflows_of_their_own_namespace_or_another() -> None:
    """Without a namespace, their own."""
    triggers = [
        Trigger(workflow=after()),
        Trigger(workflow=after(namespace="mill")),
        Trigger(workflow=after(outcomes=["Failed"])),
    ]
    found = upstreams(triggers, "shop")
    assert {FIRST: 2, Upstream("mill", "first"): 1} == {each: len(found[each]) for each in found}
