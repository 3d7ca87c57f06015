"""Why a run cannot repeat another one: `headrace.engine.run.rerun_check`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Interval
from headrace.engine.run.observed import ObservedRun, RunLog
from headrace.engine.run.rerun_check import source_problem, task_problem
from support.builders import at, chain, last, task, workflow
from support.reruns import earlier, rerun

R = Reason
DEFINITION = workflow(task("a"), task("b", "a"), last("tidy"))
SOURCE = earlier(DEFINITION, a="ok", b="bad", tidy="ok")
DAY = Interval(start=at(-86400), end=at(0))


@pytest.mark.parametrize(
    ("source", "more", "want"),
    [
        pytest.param(None, {}, (R.RUN_NOT_FOUND, "no WorkflowRun 'etl-1' here"), id="it is gone"),
        pytest.param(
            *(replace(SOURCE, workflow="stock"), {}),
            (R.INVALID_RERUN, "is of workflow 'stock', not of 'etl'"),
            id="it is of another workflow",
        ),
        pytest.param(
            *(replace(SOURCE, log=RunLog(started=at(0))), {}),
            (R.RUN_NOT_ENDED, "has not ended; wait for its end"),
            id="it goes on",
        ),
        pytest.param(
            *(replace(SOURCE, rerun=rerun(None, DEFINITION, {"name": "etl-0"}).rerun), {}),
            (R.INVALID_RERUN, "never began to repeat run etl-0; name that run instead"),
            id="it is a rerun that was refused",
        ),
        pytest.param(
            *(SOURCE, {"logical_time": at(7)}),
            (R.INVALID_RERUN, "stands for 2030-01-01T12:00:00Z"),
            id="another logical time is asked for",
        ),
        pytest.param(
            *(SOURCE, {"interval": DAY}),
            (R.INVALID_RERUN, "remove interval"),
            id="an interval is asked for that it does not have",
        ),
    ],
)
def test_the_earlier_run_must_be_one_that_can_be_repeated(
    source: ObservedRun | None, more: dict[str, Any], want: tuple[R, str]
) -> None:
    """The message names the cure."""
    run = rerun(source, DEFINITION, **more)
    assert run.rerun is not None
    problem = source_problem(run, run.rerun)
    assert problem is not None
    assert want[0] is problem[0]
    assert want[1] in problem[1]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="nothing is asked for"),
        pytest.param({"logical_time": at(0.4)}, id="the same second"),
    ],
)
def test_a_rerun_may_name_the_instant_of_the_earlier_run(more: dict[str, Any]) -> None:
    """In whole seconds, as Kubernetes keeps it."""
    run = rerun(SOURCE, DEFINITION, **more)
    assert run.rerun is not None
    assert source_problem(run, run.rerun) is None


@pytest.mark.parametrize(
    ("source", "asked", "want"),
    [
        pytest.param(SOURCE, {}, None, id="a task failed"),
        pytest.param(SOURCE, {"from_": "Task", "task": "a"}, None, id="a task is named"),
        pytest.param(
            *(SOURCE, {"from_": "Task", "task": "aa"}),
            (R.INVALID_RERUN, "no task 'aa'; did you mean 'a'?"),
            id="a name that is nearly one",
        ),
        pytest.param(
            *(SOURCE, {"from_": "Task", "task": "quite-another"}),
            (R.INVALID_RERUN, "its tasks: a, b, tidy"),
            id="a name that is like none",
        ),
        pytest.param(
            *(SOURCE, {"from_": "Task", "task": "tidy"}),
            (R.INVALID_RERUN, "always runs"),
            id="a finally task is named",
        ),
        pytest.param(
            *(SOURCE, {"from_": "Task", "task": "b", "downstream_only": True}),
            (R.INVALID_RERUN, "remove downstreamOnly"),
            id="a failed task cannot be taken over",
        ),
        pytest.param(
            *(replace(earlier(chain("a"), a="ok"), log=RunLog(succeeded=True)), {}),
            (R.NOTHING_TO_RERUN, "set from to All"),
            id="nothing failed",
        ),
    ],
)
def test_the_tasks_to_repeat_must_be_there(
    source: ObservedRun, asked: dict[str, Any], want: tuple[R, str] | None
) -> None:
    """A task's name is compared with those of the rerun's definition."""
    assert source.definition is not None
    run = rerun(source, source.definition, asked)
    assert run.rerun is not None
    problem = task_problem(run, run.rerun, source.definition)
    if want is None:
        assert problem is None
    else:
        assert problem is not None
        assert want[0] is problem[0]
        assert want[1] in problem[1]
