"""Which tasks a rerun takes over: `headrace.engine.run.rerun_plan`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import ranges
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.run.inheritance import inherited
from headrace.engine.run.observed import Inheritance, Mark
from headrace.engine.run.rerun_plan import plan
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Attempt, TaskLog
from headrace.manifests.where import in_run
from support.builders import at, calls, diamond, last, param, task, workflow
from support.reruns import earlier, rerun

R = Reason
ALERT = workflow(task("a"), task("b", "a"), task("alert", "b", rule="OneFailed"), last("tidy"))
DONE = {"extract": "ok", "left": "ok", "right": "ok", "join": "ok"}


def planned(definition: Definition, asked: dict[str, Any], **how: Any) -> tuple[set[str], set[str]]:
    """Return the tasks that are taken over, and those that are repeated in part."""
    source = earlier(definition, **how)
    run = inherited(rerun(source, definition, asked))
    assert run.rerun is not None
    found = plan(run, source, run.rerun, definition)
    return named(found.taken_over, definition), named(found.continued, definition)


def named(positions: str, definition: Definition) -> set[str]:
    """Return the tasks at some positions."""
    return {definition.names[n] for n in ranges.read(positions)}


@pytest.mark.parametrize(
    ("definition", "asked", "how", "want"),
    [
        pytest.param(
            *(diamond(), {}, {"extract": "ok", "left": "ok", "right": "bad"}),
            {"extract", "left"},
            id="one of two branches failed",
        ),
        pytest.param(
            *(ALERT, {}, {"a": "ok", "b": "bad", "alert": "ok", "tidy": "ok"}),
            {"a"},
            id="a task that ran because of the failure, and a finally task",
        ),
        pytest.param(
            *(diamond(), {}, {"extract": "ok", "left": "ok", "right": "cut"}),
            {"extract", "left"},
            id="a branch was cancelled",
        ),
        pytest.param(
            *(diamond(), {}, {"extract": "ok", "right": "ok"}),
            {"extract", "right"},
            id="a task left no record",
        ),
        pytest.param(
            *(diamond(), {"from_": "All"}, DONE), set[str](), id="everything is to be repeated"
        ),
        pytest.param(
            *(diamond(), {"from_": "Task", "task": "left"}, DONE),
            {"extract", "right"},
            id="a task is named",
        ),
        pytest.param(
            *(diamond(), {"from_": "Task", "task": "extract", "downstream_only": True}, DONE),
            {"extract"},
            id="what waits for a task is to be repeated",
        ),
        pytest.param(
            diamond(),
            {"from_": "Task", "task": "left"},
            {"extract": "ok", "left": "ok", "right": "bad"},
            {"extract"},
            id="a task is named, and another one failed",
        ),
    ],
)
def test_tasks_that_succeeded_and_depend_on_nothing_new_are_taken_over(
    definition: Definition, asked: dict[str, Any], how: dict[str, str], want: set[str]
) -> None:
    """`finally` tasks never are."""
    assert (want, set()) == planned(definition, asked, **how)


def test_a_task_that_was_skipped_is_judged_anew_and_repeats_nothing() -> None:
    """Its mark says how it ended; its condition gives the same again."""
    definition = workflow(task("a", when="false"), task("b", "a", rule="NoneFailed"), task("c"))
    source = earlier(definition, b="ok", c="bad")
    mark = Mark(Outcome.SKIPPED, R.SKIPPED, positions="0")
    source = replace(source, log=replace(source.log, marks=(mark,)))
    run = rerun(source, definition)
    assert run.rerun is not None
    assert {"b"} == named(plan(run, source, run.rerun, definition).taken_over, definition)


PARAMS = (param("region", default="eu"), param("unused", default="x"))


@pytest.mark.parametrize(
    ("given", "want"),
    [
        pytest.param({}, {"a", "other"}, id="the same parameters"),
        pytest.param({"region": "eu"}, {"a", "other"}, id="a value that is the default anyway"),
        pytest.param({"region": "us"}, {"other"}, id="a task reads the parameter in an expression"),
        pytest.param({"unused": "y"}, {"a", "other"}, id="no expression reads the parameter"),
    ],
)
def test_a_task_whose_expressions_read_a_changed_parameter_is_repeated(
    given: dict[str, Any], want: set[str]
) -> None:
    """Its input is another one. What a program does with HEADRACE_PARAMS nobody knows."""
    definition = workflow(
        task("a", when="params.region != ''"), task("other"), task("bad"), params=PARAMS
    )
    source = earlier(definition, a="ok", other="ok", bad="bad")
    run = inherited(rerun(source, definition, given=given))
    assert run.rerun is not None
    assert want == named(plan(run, source, run.rerun, definition).taken_over, definition)


def test_an_expression_over_all_parameters_reads_each() -> None:
    """`size(params)` names none of them."""
    definition = workflow(task("a", when="size(params) > 0"), task("bad"), params=PARAMS)
    source = earlier(definition, a="ok", bad="bad")
    run = inherited(rerun(source, definition, given={"unused": "y"}))
    assert run.rerun is not None
    assert "" == plan(run, source, run.rerun, definition).taken_over


LATEST = [
    pytest.param(workflow(task("a"), task("bad", "a")), {"a"}, id="the same"),
    pytest.param(
        workflow(task("new"), task("a", "new"), task("bad", "a")),
        set[str](),
        id="a new task comes before",
    ),
    pytest.param(
        workflow(task("a", outputs=[{"name": "rows", "type": "Integer"}]), task("bad", "a")),
        set[str](),
        id="the task declares an output that it did not give",
    ),
    pytest.param(
        workflow(calls("a"), task("bad", "a")), set[str](), id="the task does another kind of work"
    ),
]


@pytest.mark.parametrize(("today", "want"), LATEST)
def test_with_the_latest_definition_only_tasks_that_still_fit_are_taken_over(
    today: Definition, want: set[str]
) -> None:
    """By their names, whatever their program is today."""
    source = earlier(workflow(task("a"), task("bad", "a")), a="ok", bad="bad")
    run = inherited(rerun(source, today, {"revision": "Latest"}))
    assert run.rerun is not None
    assert want == named(plan(run, source, run.rerun, today).taken_over, today)


def items(**fields: Any) -> TaskLog:
    """Return the log of a task over three items that failed."""
    known = {"succeeded": Places.of([0]), "failed": Places.of([1, 2]), "digest": "d", **fields}
    return TaskLog(outcome=Outcome.FAILED, items=ItemsLog(3, **known), count=1)


FAN_OUT = workflow(task("first"), task("pick", "first", for_each=ForEach(items=["a", "b", "c"])))


@pytest.mark.parametrize(
    ("asked", "how", "want"),
    [
        pytest.param({}, {"first": "ok", "pick": items()}, {"pick"}, id="some items failed"),
        pytest.param(
            *({}, {"first": "ok", "pick": items(succeeded=Places())}),
            set[str](),
            id="no item succeeded",
        ),
        pytest.param(
            *({}, {"first": "ok", "pick": items(digest="")}),
            set[str](),
            id="nobody knows which items there were",
        ),
        pytest.param({}, {"first": "bad", "pick": items()}, set[str](), id="a task before failed"),
        pytest.param(
            *({"from_": "Task", "task": "pick"}, {"first": "ok", "pick": items()}),
            set[str](),
            id="the task is named",
        ),
        pytest.param(
            *({"from_": "All"}, {"first": "ok", "pick": items()}), set[str](), id="from All"
        ),
    ],
)
def test_a_fan_out_is_repeated_in_part_if_only_its_items_failed(
    asked: dict[str, Any], how: dict[str, Any], want: set[str]
) -> None:
    """Else its items may be others now, or somebody wants all of them."""
    assert want == planned(FAN_OUT, asked, **how)[1]


def test_a_call_is_repeated_in_part_if_its_run_had_begun() -> None:
    """The new call repeats that run."""
    definition = workflow(calls("call"))
    attempt = Attempt(1, in_run("etl-1-call-1"), created=at(0), started=at(1), finished=at(2))
    log = TaskLog(attempts=(attempt,), count=1, outcome=Outcome.FAILED)
    assert (set(), {"call"}) == planned(definition, {}, call=log)
    never = TaskLog(attempts=(Attempt(1, in_run("x")),), count=1, outcome=Outcome.FAILED)
    assert (set(), set()) == planned(definition, {}, call=never)


def test_a_chain_of_reruns_compares_with_what_the_last_one_inherited() -> None:
    """The parameters of the first run count in all later ones."""
    definition = workflow(task("a", when="params.region != ''"), task("bad"), params=PARAMS)
    source = earlier(definition, a="ok", bad="bad")
    log = replace(source.log, inheritance=Inheritance({"region": "us"}))
    middle = replace(source, rerun=rerun(None, definition).rerun, log=log)
    run = inherited(rerun(middle, definition))
    assert {"region": "us"} == run.given
    assert run.rerun is not None
    assert {"a"} == named(plan(run, middle, run.rerun, definition).taken_over, definition)
