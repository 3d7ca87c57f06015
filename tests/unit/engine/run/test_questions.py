"""What expressions may read: `headrace.engine.run.questions`."""

from datetime import UTC, datetime
from typing import Any

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Interval, TriggerKind
from headrace.engine.course import Course, Mode
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Mark, ObservedRun, RunKey, RunLog
from headrace.engine.run.questions import evaluate
from headrace.engine.run.survey import survey
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.observed import ObservedTask, TaskLog
from support.builders import NOON, at, ended, exited, param, task, workflow

VARIABLE = EnvVar(name="X", value="${{ tasks.a.outputs.n }} ${{ tasks.skipped.outcome }}")
WELL = "tasks.a.outcome == 'Succeeded'"
DEFINITION = workflow(
    task("a", outputs=({"name": "n", "type": "Number"}, {"name": "at", "type": "Timestamp"})),
    task("skipped", when="false"),
    task("b", "a", "skipped", rule="AllDone", when=WELL, env=(VARIABLE,)),
    params=(param("day"), param("many", "Integer", default=3)),
)
KEY = RunKey("shop", "etl-1")


def asked(*, conditional: bool = True, **fields: Any) -> Evaluate:
    """Return what is asked for task b."""
    done = ended(Outcome.SUCCEEDED)
    outputs = {"n": 3, "at": "2030-01-01T02:00:00+02:00", "more": [1]}
    known = TaskLog(attempts=done.attempts, count=1, outcome=done.outcome, outputs=outputs)
    skipped = Mark(Outcome.SKIPPED, Reason.SKIPPED, positions="1")
    run = ObservedRun(
        KEY,
        "uid-1",
        at(5),
        DEFINITION,
        workflow="etl",
        given={"day": "monday"},
        log=RunLog(started=at(5), marks=(skipped,)),
        **{"tasks": {"a": ObservedTask(known)}, **fields},
    )
    found = survey(run, DEFINITION, Course(Mode.GO), at(9))
    return evaluate(DEFINITION.tasks["b"], run, DEFINITION, found, conditional=conditional)


def test_results_are_those_of_ended_tasks() -> None:
    """Outputs as they are declared: a number is no whole number, and a time is an instant."""
    request = asked()
    assert request.when is not None
    scope = request.when.scope
    assert {
        "a": {
            "outcome": "Succeeded",
            "outputs": {"n": 3.0, "at": datetime(2030, 1, 1, tzinfo=UTC), "more": [1]},
        },
        "skipped": {"outcome": "Skipped", "outputs": {}},
    } == scope.tasks
    assert isinstance(scope.tasks["a"]["outputs"]["n"], float)
    assert {"day": "monday", "many": 3} == scope.params
    assert scope == request.env["X"].scope


def test_an_end_that_is_not_on_record_yet_counts() -> None:
    """It is written before anything is evaluated."""
    seen = ObservedTask(TaskLog(), exited(output='{"n": 1, "at": "2030-01-01T00:00:00Z"}'))
    request = asked(tasks={"a": seen})
    assert request.when is not None
    assert "Succeeded" == request.when.scope.tasks["a"]["outcome"]


def test_a_run_without_a_tick_stands_for_its_creation() -> None:
    """As in the variables of a program."""
    scope = asked().env["X"].scope
    assert {
        "name": "etl-1",
        "workflow": "etl",
        "namespace": "shop",
        "logicalTime": at(5),
        "intervalStart": at(5),
        "intervalEnd": at(5),
        "trigger": "Manual",
    } == scope.run


def test_times_are_those_that_programs_get() -> None:
    """In whole seconds, as Kubernetes keeps them."""
    scope = asked(logical_time=at(5.75)).env["X"].scope
    assert at(5) == scope.run["logicalTime"] == scope.run["intervalEnd"]


def test_a_run_of_a_tick_has_its_interval() -> None:
    """And says what started it."""
    interval = Interval(start=at(-60), end=NOON)
    run = {"logical_time": NOON, "interval": interval, "trigger": TriggerKind.SCHEDULE}
    scope = asked(**run).env["X"].scope
    assert (NOON, at(-60), NOON, "Schedule") == (
        *(scope.run["logicalTime"], scope.run["intervalStart"], scope.run["intervalEnd"]),
        scope.run["trigger"],
    )


def test_a_task_that_has_begun_is_not_asked_for_its_condition() -> None:
    """That is decided once."""
    request = asked(conditional=False)
    assert (None, {"X"}) == (request.when, request.env.keys())
