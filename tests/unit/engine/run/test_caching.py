"""What a run does with the caches of its tasks: `headrace.engine.run.caching`."""

from dataclasses import replace

import pytest

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.engine.outcome import Outcome
from headrace.engine.run.caching import cache_mode, cache_question, take_from_cache
from headrace.engine.run.context import context_of
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.engine.task.cached import CachedResult, CacheEntry
from headrace.engine.task.observed import EMPTY
from headrace.engine.task.verdict import Reuse, Start
from support.builders import at, cached, failed, log, task, workflow

DEFINITION = workflow(cached("a"), task("b"), task("each", for_each=ForEach(items=[1])))
RUN = ObservedRun(RunKey("shop", "etl-1"), "uid-1", at(0), DEFINITION, workflow="etl")


def rerun(start: RerunFrom, **more: object) -> ObservedRun:
    """Return a run that repeats another one."""
    name = "a" if start is RerunFrom.TASK else None
    return replace(RUN, rerun=RerunOf(name="etl-0", from_=start, task=name), **more)


@pytest.mark.parametrize(
    ("want", "run"),
    [
        pytest.param(CacheMode.USE, RUN, id="nobody says anything"),
        pytest.param(CacheMode.OFF, replace(RUN, cache=CacheMode.OFF), id="somebody does"),
        pytest.param(CacheMode.USE, rerun(RerunFrom.FAILED), id="what failed is repeated"),
        pytest.param(CacheMode.REFRESH, rerun(RerunFrom.ALL), id="all is repeated"),
        pytest.param(CacheMode.REFRESH, rerun(RerunFrom.TASK), id="a task is repeated"),
        pytest.param(
            CacheMode.USE, rerun(RerunFrom.ALL, cache=CacheMode.USE), id="all, and results will do"
        ),
    ],
)
def test_whoever_names_what_to_repeat_wants_it_done_again(
    want: CacheMode, run: ObservedRun
) -> None:
    """Unless the run says otherwise."""
    assert want is cache_mode(run)
    assert want is context_of(run, DEFINITION).cache


def test_only_the_first_attempt_of_a_task_with_a_cache_asks() -> None:
    """With all that its result depends on."""
    tasks = DEFINITION.tasks
    question = cache_question(RUN, tasks["a"], EMPTY)
    assert question is not None
    assert ("shop", "etl", "a", True) == (
        *(question.namespace, question.workflow, question.task),
        question.looks,
    )
    refreshing = cache_question(replace(RUN, cache=CacheMode.REFRESH), tasks["a"], EMPTY)
    assert replace(question, looks=False) == refreshing
    assert cache_question(replace(RUN, cache=CacheMode.OFF), tasks["a"], EMPTY) is None
    assert cache_question(RUN, tasks["a"], log(failed())) is None
    assert cache_question(RUN, tasks["b"], EMPTY) is None


def test_a_task_with_a_result_has_the_task_run_of_an_attempt_that_is_not_made() -> None:
    """Its log says who did the work, and when."""
    entry = CacheEntry("k", "9f86d081")
    result = CachedResult("etl-0", at(-60), {"rows": 3})
    reuse = Reuse(result, Start(1, cache=entry))
    action = take_from_cache(DEFINITION.tasks["a"], reuse, context_of(RUN, DEFINITION), now=at(10))
    assert ("a", "9f86d081", entry) == (
        *(action.task, action.found_by),
        action.attempt and action.attempt.cache,
    )
    assert (Outcome.SUCCEEDED, Reason.FROM_CACHE, {"rows": 3}, 0) == (
        *(action.log.outcome, action.log.reason),
        *(action.log.outputs, action.log.count),
    )
    assert ("etl-0", at(-60), at(10)) == (
        *(action.log.taken_over_from, action.log.done),
        action.log.finished,
    )
    assert "run etl-0 did the work at 2030-01-01T11:59:00Z" == action.log.message
