"""
Random runs in random trouble, then others that can use their results.

A plain reading of the rules says which tasks do. What is seen of them downstream is what the first
run gave.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.cache import TaskCache
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.expressions.types import Expression, Wants
from headrace.engine.definition.ways import CACHE_KEY
from headrace.engine.definition.work import Container
from headrace.engine.outcome import Outcome
from property.random_plans import CALLS, Plan, plans
from property.random_runs import ACTIONS, FAULTS, HARMLESS, Ride, calm, rides, summary
from property.test_runs import ASKED
from support.fake_cluster import Fault

UNHURRIED = settings(
    max_examples=int(ASKED or "60"),
    derandomize=ASKED is None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Actions = list[tuple[str, int]]
READS = re.compile(r"tasks\.(\w+)\.outputs\.x")


class Writing(Ride):
    """A run whose programs write what no other attempt of any run writes."""

    def output(self, name: str, number: int) -> str:
        """Return what the program of an attempt writes."""
        if name.startswith(CALLS):
            return ""
        return json.dumps({"x": f"{self.run.key.name}/{name}/{number}"})


def _cached(task: TaskDefinition, key: str) -> TaskDefinition:
    """Return a task with a cache, if it can have one."""
    if task.is_finally or not isinstance(task.work, Container):
        return task
    asked = task.expressions
    fields = {**asked.fields, CACHE_KEY: Expression(key, Wants.STRING)}
    return replace(task, cache=TaskCache(key=key), expressions=replace(asked, fields=fields))


def with_caches(plan: Plan, keys: Mapping[str, str]) -> Plan:
    """Return a plan whose tasks have caches, with these keys."""
    tasks = {
        name: _cached(task, keys[name]) if name in keys else task
        for name, task in plan.definition.tasks.items()
    }
    return replace(plan, definition=replace(plan.definition, tasks=tasks))


@st.composite
def cached_plans(draw: st.DrawFn, *, troubled: bool = False) -> Plan:
    """Draw a workflow with caches: of keys that stay, of one for each run, and of none."""
    plan = draw(plans(troubled=troubled))
    wanted = st.sampled_from(["'k'", "'k'", "'k'", "run.name", None])
    drawn = {name: draw(wanted) for name in plan.definition.names}
    return with_caches(plan, {name: key for name, key in drawn.items() if key is not None})


def lived(ride: Writing, actions: Actions) -> Writing:
    """Return a run that has met some trouble and ended."""
    for choice, index in actions:
        ride.act(choice, index)
    ride.to_the_end()
    return ride


def reused(first: Writing, second: Writing) -> set[str]:
    """Return the tasks that must have the results of the first run, by a plain reading."""
    before = first.run.task_runs
    return {
        name
        for name, record in second.run.task_runs.items()
        if record.cache_hash
        and name in before
        and before[name].cache_hash == record.cache_hash
        and before[name].log.outcome is Outcome.SUCCEEDED
        and not before[name].deleted
    }


@UNHURRIED
@given(cached_plans(troubled=True), FAULTS, rides(ACTIONS), FAULTS, rides(HARMLESS))
def test_a_later_run_uses_all_results_that_count_and_sees_what_the_first_run_gave(
    plan: Plan, faults: dict[int, Fault], actions: Actions, later: dict[int, Fault], others: Actions
) -> None:
    """Whatever happened to the first run, and whatever is lost, late or cut off in the second."""
    first = lived(Writing(plan, faults), actions)
    outputs = {name: each.log.outputs for name, each in first.run.task_runs.items()}
    before = first.run
    good = replace(plan, ends=dict.fromkeys(plan.ends, ()))
    second = lived(Writing.again(first, None, good, later), others)
    first.run = before
    records = second.run.task_runs
    got = {name for name, each in records.items() if each.log.reason is Reason.FROM_CACHE}
    assert reused(first, second) == got
    for name in got:
        assert not records[name].jobs
        assert outputs[name] == records[name].log.outputs
    for name, record in records.items():
        read = READS.search(str(plan.definition.tasks[name].expressions.env.get("X")))
        if read is not None and read[1] in got and record.env.get("X") is not None:
            given_before = outputs[read[1]]
            assert given_before is not None
            assert given_before["x"] == record.env["X"]


@UNHURRIED
@given(cached_plans(), FAULTS, rides(HARMLESS), FAULTS, rides(HARMLESS))
def test_trouble_on_the_way_does_not_change_what_is_reused(
    plan: Plan, faults: dict[int, Fault], actions: Actions, later: dict[int, Fault], others: Actions
) -> None:
    """Both runs end as if nothing had happened, and each Job was made once."""
    quiet = lived(Writing.again(lived(Writing(plan), []), None, plan), [])
    ride = lived(Writing.again(lived(Writing(plan, faults), actions), None, plan, later), others)
    assert summary(quiet) == summary(ride)


@UNHURRIED
@given(plans(), st.data())
def test_a_cache_without_a_result_changes_nothing(plan: Plan, data: st.DataObject) -> None:
    """The first run of a workflow with caches is that of the workflow without any."""
    chosen = data.draw(st.sets(st.sampled_from(plan.definition.names)))
    assert summary(calm(plan)) == summary(calm(with_caches(plan, dict.fromkeys(chosen, "'k'"))))
