"""
Random runs through random trouble: the invariants hold in every turn, and every run ends.

An ordinary test run has the same examples each time. `HEADRACE_EXAMPLES` draws so many new ones:

    HEADRACE_EXAMPLES=5000 python -m pytest tests/property
"""

import os
from collections import Counter
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from property.random_plans import Plan, plans
from property.random_runs import (
    ACTIONS,
    FAULTS,
    HARMLESS,
    Ride,
    calm,
    rides,
    summary,
)
from support import oracle
from support.fake_cluster import Fault

LOOKS: Final = {
    "Succeeded": oracle.SUCCESS,
    "Failed": oracle.FAILURE,
    "Skipped": oracle.SKIP,
}
"""How tasks that were not left out look to those that wait for them."""
ASKED = os.environ.get("HEADRACE_EXAMPLES")
UNHURRIED = settings(
    max_examples=int(ASKED or "150"),
    derandomize=ASKED is None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@UNHURRIED
@given(plans(), FAULTS, rides(HARMLESS))
def test_trouble_on_the_way_does_not_change_how_a_run_ends(
    plan: Plan, faults: dict[int, Fault], actions: list[tuple[str, int]]
) -> None:
    """
    Whatever is lost, late, repeated, out of order or cut off between two writes.

    The run ends as if nothing had happened: same outcomes, same attempts, each Job made once.
    """
    ride = Ride(plan, faults)
    for choice, index in actions:
        ride.act(choice, index)
    ride.to_the_end()
    assert summary(calm(plan)) == summary(ride)


@UNHURRIED
@given(plans(troubled=True), FAULTS, rides(ACTIONS))
def test_every_run_ends_and_leaves_nothing_running(
    plan: Plan, faults: dict[int, Fault], actions: list[tuple[str, int]]
) -> None:
    """Also when people stop it, delete parts of it, or it runs out of time."""
    ride = Ride(plan, faults)
    for choice, index in actions:
        ride.act(choice, index)
    ride.to_the_end()
    assert ride.run.log.finished is not None
    assert not [job for job in ride.cluster.jobs() if job.sighting.alive]
    there = [each for each in ride.run.task_runs.values() if not each.deleted]
    assert all(record.log.outcome is not None for record in there)


@UNHURRIED
@given(plans(), st.integers(0, 20))
def test_a_run_ends_as_the_reference_says(plan: Plan, order: int) -> None:
    """Tasks start, are tried again and left out as a second, plain reading of the rules has it."""
    ride, looks, outcomes = calm(plan, order), dict[str, str](), dict[str, str]()
    tasks, first = plan.definition.tasks, plan.definition.graph.order
    for name in (*first, *plan.definition.names[len(first) :]):
        rule, upstream = tasks[name].run_when.value, [looks[each] for each in tasks[name].upstream]
        if not tasks[name].is_finally and not oracle.may_start(rule, upstream):
            assert name not in ride.run.task_runs
            outcomes[name], looks[name] = "Omitted", oracle.look_of_omitted(rule, upstream)
            continue
        end = plan.unstarted(name, outcomes)
        assert (end is None) == (name in ride.run.task_runs)
        if end is None and name in plan.items:
            outcomes[name] = items_as_planned(plan.item_ends(name, outcomes), ride, name)
        else:
            outcomes[name] = end or as_planned(plan, ride, name)
        looks[name] = LOOKS[outcomes[name]]
    blamed = [
        name for name, end in outcomes.items() if end == "Failed" and not may_fail(plan, name)
    ]
    assert ride.run.log.succeeded == (not blamed)
    ends = Counter(outcomes.values())
    assert ends == {end: n for end in ends if (n := getattr(ride.run.log.counts, end.lower()))}


def as_planned(plan: Plan, ride: Ride, name: str) -> str:
    """Return the outcome of a task that started, after a look at its attempts."""
    want = [reason for reason, _ in plan.attempts(name)]
    assert want == made(ride, name)
    return "Succeeded" if want[-1] == "Succeeded" else "Failed"


def items_as_planned(want: oracle.ItemEnds, ride: Ride, name: str) -> str:
    """Return the outcome of a task that ran its items, after a look at these."""
    log = ride.run.task_runs[name].log
    assert log.items is not None
    assert (want.succeeded, want.failed, want.attempts) == (
        *(list(log.items.succeeded), list(log.items.failed), log.count),
    )
    return want.outcome


def made(ride: Ride, name: str) -> list[str]:
    """Return how the attempts of a task ended."""
    return [str(attempt.reason) for attempt in ride.run.task_runs[name].log.attempts]


def may_fail(plan: Plan, name: str) -> bool:
    """Say whether the run may succeed although the task failed."""
    return plan.definition.tasks[name].allow_failure


@given(st.data())
def test_the_trouble_is_not_all_of_one_kind(data: st.DataObject) -> None:
    """A check of the checks: what is drawn includes every kind of trouble, with equal chances."""
    assert HARMLESS.keys() < ACTIONS.keys()
    choice, index = data.draw(rides(ACTIONS).filter(bool))[0]
    assert choice in ACTIONS
    assert 0 <= index <= 20
