"""
Random runs through random trouble: the invariants hold in every turn, and every run ends.

`HEADRACE_EXAMPLES` makes it more than the few hundred of an ordinary test run.
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.engine.outcome import Outcome
from property.random_runs import ACTIONS, HARMLESS, Plan, Ride, calm, plans, rides, summary
from support import oracle

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "150"))
UNHURRIED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@UNHURRIED
@given(plans(), rides(HARMLESS))
def test_trouble_on_the_way_does_not_change_how_a_run_ends(
    plan: Plan, actions: list[tuple[str, int]]
) -> None:
    """
    Whatever is lost, late, repeated, out of order or cut off between two writes.

    The run ends as if nothing had happened: same outcomes, same attempts, each Job made once.
    """
    ride = Ride(plan)
    for choice, index in actions:
        ride.act(choice, index)
    ride.to_the_end()
    assert summary(calm(plan)) == summary(ride)


@UNHURRIED
@given(plans(troubled=True), rides(ACTIONS))
def test_every_run_ends_and_leaves_nothing_running(
    plan: Plan, actions: list[tuple[str, int]]
) -> None:
    """Also when people stop it, delete parts of it, or it runs out of time."""
    ride = Ride(plan)
    for choice, index in actions:
        ride.act(choice, index)
    ride.to_the_end()
    assert ride.run.log.finished is not None
    assert not [job for job in ride.cluster.jobs() if job.sighting.alive]
    there = [each for each in ride.run.task_runs.values() if not each.deleted]
    assert all(record.log.outcome is not None for record in there)


@UNHURRIED
@given(plans())
def test_a_run_ends_as_the_reference_says(plan: Plan) -> None:
    """Each task starts or is left out as a second, plain reading of the rules has it."""
    ride = calm(plan)
    looks: dict[str, str] = {}
    for name in plan.definition.graph.order:
        task = plan.definition.tasks[name]
        upstream = [looks[each] for each in task.upstream]
        starts = oracle.may_start(task.run_when.value, upstream)
        assert starts == (name in ride.run.task_runs)
        if starts:
            succeeded = ride.run.task_runs[name].log.outcome is Outcome.SUCCEEDED
            looks[name] = oracle.SUCCESS if succeeded else oracle.FAILURE
        else:
            looks[name] = oracle.look_of_omitted(task.run_when.value, upstream)
    failed = [
        name
        for name, record in ride.run.task_runs.items()
        if record.log.outcome is Outcome.FAILED and not plan.definition.tasks[name].allow_failure
    ]
    assert ride.run.log.succeeded == (not failed)


@given(st.data())
def test_the_trouble_is_not_all_of_one_kind(data: st.DataObject) -> None:
    """A check of the checks: what is drawn includes every kind of trouble, with equal chances."""
    assert HARMLESS.keys() < ACTIONS.keys()
    choice, index = data.draw(rides(ACTIONS).filter(bool))[0]
    assert choice in ACTIONS
    assert 0 <= index <= 20
