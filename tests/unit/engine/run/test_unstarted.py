"""The tasks without an attempt in one turn: `headrace.engine.run.unstarted`."""

from dataclasses import replace
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.room import NO_ROOM
from headrace.engine.run import unstarted
from headrace.engine.run.decide import Decision, decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import ObservedTask
from support.builders import at, ended, log, running, task, workflow

NAMES = "abcdefgh"
STATES = {
    "runs": ObservedTask(log(), running()),
    "has succeeded": ObservedTask(ended(Outcome.SUCCEEDED)),
    "has failed": ObservedTask(ended(Outcome.FAILED)),
}
KINDS = ({}, {}, {"priority": 1}, {"pool": "db"}, {"when": "true"}, {"rule": "AllDone"})
RULES = ({"for_each": ForEach(items=[1, 2])}, {"rule": "AllFailed"}, {"rule": "OneSucceeded"})


@st.composite
def runs(draw: st.DrawFn) -> ObservedRun:
    """Draw a run with `maxParallel`, in the middle."""
    tasks = []
    for place, name in enumerate(NAMES):
        before = draw(st.lists(st.sampled_from(NAMES[:place]), unique=True)) if place > 1 else ()
        tasks.append(
            task(name, *before, **draw(st.sampled_from(KINDS + RULES if before else KINDS)))
        )
    definition = workflow(*tasks, max_parallel=draw(st.integers(1, 4)))
    states = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(sorted(STATES))))
    return observed(definition, {name: STATES[state] for name, state in states.items()})


def observed(definition: Definition, tasks: dict[str, ObservedTask]) -> ObservedRun:
    """Return a run that began at noon."""
    key, status = RunKey("d", "r"), RunLog(started=at(0))
    return ObservedRun(key, "u", at(0), definition, tasks=tasks, log=status, room=NO_ROOM)


def told(decision: Decision) -> Decision:
    """Return a decision without the order of its actions, which all begin at once."""
    return replace(decision, actions=tuple(sorted(decision.actions, key=repr)))


@given(run=runs())
@settings(max_examples=300)
def test_a_task_that_is_not_judged_would_have_waited(run: ObservedRun) -> None:
    """The decision is the same as when each task is judged."""
    with patch.object(unstarted, "_surely_starts", return_value=False):
        want = decide(run, at(10))
    assert told(want) == told(decide(run, at(10)))


def test_only_as_many_tasks_are_judged_as_may_start() -> None:
    """The first ones by their ranks; of all others, none is looked at."""
    names = [f"t{number}" for number in range(100)]
    definition = workflow(*(task(name, priority=name == "t70") for name in names), max_parallel=3)

    run = observed(definition, {"t5": STATES["runs"]})
    with patch.object(unstarted, "judge_unseen", wraps=unstarted.judge_unseen) as judge:
        actions = decide(run, at(10)).actions
    assert ["t0", "t70"] == sorted(
        action.task for action in actions if isinstance(action, StartAttempt)
    )
    assert 2 == judge.call_count
