"""
Random runs in random trouble, repeated in more of it: what succeeded never runs twice.

A plain reading of the rules says beforehand which tasks are taken over.
"""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.engine import ranges
from headrace.engine.outcome import Outcome
from property.random_plans import Plan, plans
from property.random_runs import ACTIONS, FAULTS, HARMLESS, Ride, rides, summary
from property.test_runs import ASKED
from support.fake_cluster import Fault

UNHURRIED = settings(
    max_examples=int(ASKED or "60"),
    derandomize=ASKED is None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Actions = list[tuple[str, int]]
REFUSED = {Reason.NOTHING_TO_RERUN, Reason.INVALID_RERUN}


@st.composite
def asked(draw: st.DrawFn) -> tuple[RerunFrom, int, bool]:
    """Draw what to repeat: how, and the number of a task."""
    start = draw(st.sampled_from(RerunFrom))
    return start, draw(st.integers(0, 20)), draw(st.booleans())


def ended(plan: Plan, faults: Mapping[int, Fault], actions: Actions) -> Ride:
    """Return a run that met trouble and has ended."""
    ride = Ride(plan, faults)
    for choice, index in actions:
        ride.act(choice, index)
    ride.to_the_end()
    return ride


def wanted(plan: Plan, what: tuple[RerunFrom, int, bool]) -> RerunOf:
    """Return what to repeat."""
    start, number, downstream_only = what
    if start is not RerunFrom.TASK:
        return RerunOf(name="etl-1", from_=start)
    tasks = plan.definition.graph.order
    name = tasks[number % len(tasks)]
    return RerunOf(name="etl-1", from_=start, task=name, downstream_only=downstream_only)


def ends(ride: Ride) -> dict[str, Outcome | None]:
    """Return how the tasks of a run ended, as somebody reads its objects."""
    found = {
        name: each.log.outcome for name, each in ride.run.task_runs.items() if not each.deleted
    }
    for mark in ride.run.log.marks or ():
        for position in ranges.read(mark.positions):
            found.setdefault(ride.plan.definition.names[position], mark.outcome)
    return found


def taken_over(ride: Ride, of: RerunOf) -> set[str]:
    """Return the tasks that a rerun must take over, by a plain reading of the rules."""
    tasks, known = ride.plan.definition.tasks, ends(ride)
    repeated: set[str] = set()
    for name in ride.plan.definition.graph.order:
        upstream = tasks[name].upstream
        vain = known.get(name) not in (Outcome.SUCCEEDED, Outcome.SKIPPED, Outcome.OMITTED)
        named = name == of.task and not of.downstream_only
        behind = of.downstream_only and of.task in upstream
        if vain or named or behind or of.from_ is RerunFrom.ALL or repeated & {*upstream}:
            repeated.add(name)
    return {
        name
        for name in ride.plan.definition.graph.order
        if known.get(name) is Outcome.SUCCEEDED and name not in repeated
    }


@UNHURRIED
@given(plans(troubled=True), FAULTS, rides(ACTIONS), asked(), FAULTS, rides(HARMLESS))
def test_a_rerun_takes_over_what_the_rules_say_and_runs_none_of_it(  # noqa: PLR0913, PLR0917 - all is drawn
    plan: Plan,
    faults: dict[int, Fault],
    actions: Actions,
    what: tuple[RerunFrom, int, bool],
    later: dict[int, Fault],
    others: Actions,
) -> None:
    """Whatever happened to the earlier run, and whatever is lost, late or cut off in the rerun."""
    first, of = ended(plan, faults, actions), wanted(plan, what)
    before, good = first.run, replace(plan, ends=dict.fromkeys(plan.ends, ()))
    outputs = {name: each.log.outputs for name, each in before.task_runs.items()}
    want = taken_over(first, of)
    second = Ride.again(first, of, good, later)
    for choice, index in others:
        second.act(choice, index)
    second.to_the_end()
    if second.run.log.reason in REFUSED:
        assert {} == second.run.task_runs
        return
    records = second.run.task_runs
    got = {name for name, each in records.items() if each.log.reason is Reason.TAKEN_OVER}
    assert want == got
    for name in want:
        assert not records[name].jobs
        assert ("etl-1", outputs[name]) == (
            records[name].log.taken_over_from,
            records[name].log.outputs,
        )


@UNHURRIED
@given(plans(), FAULTS, asked(), FAULTS, rides(HARMLESS))
def test_trouble_on_the_way_does_not_change_how_a_rerun_ends(
    plan: Plan,
    faults: dict[int, Fault],
    what: tuple[RerunFrom, int, bool],
    later: dict[int, Fault],
    others: Actions,
) -> None:
    """It ends as if nothing had happened."""
    of = wanted(plan, what)
    calm = Ride.again(ended(plan, {}, []), of, plan)
    calm.to_the_end()
    ride = Ride.again(ended(plan, faults, []), of, plan, later)
    for choice, index in others:
        ride.act(choice, index)
    ride.to_the_end()
    assert summary(calm) == summary(ride)
