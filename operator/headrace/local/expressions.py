"""
The values of expressions on this machine: from a task's first attempt, else by evaluation.

Knows where an attempt keeps its values, and where results are. Decides nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.ways import PARAM
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.cache import result_of
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion
from headrace.engine.task.observed import Evaluated
from headrace.evaluation.answers import answers, recorded
from headrace.evaluation.lookups import with_lookups
from headrace.local.called_run import CalledRun
from headrace.local.carriers import LocalAttempt
from headrace.local.store import Store
from headrace.local.workplace import Workplace


async def values(
    workplace: Workplace,
    attempts: Mapping[tuple[str, int], LocalAttempt],
    questions: Sequence[Evaluate],
) -> dict[str, Evaluated]:
    """
    Return the values of tasks' expressions, by task.

    Args:
        workplace: Evaluates questions, and has the results of earlier runs.
        attempts: All attempts of the run, by task and number: a first attempt has its values.
        questions: What the engine asks.

    Raises:
        NoAnswerError: This machine cannot evaluate now.

    """
    known = {
        each.task: recorded(each, attempt.record.env, _given(attempt, each.fields))
        for each in questions
        if (attempt := attempts.get((each.task, 1))) is not None
    }
    new = [each for each in questions if each.task not in known]
    found = {**known, **await answers(workplace.evaluate, new)}
    return with_lookups(found, questions, partial(_results, workplace.store))


def _results(store: Store, question: CacheQuestion, entry: CacheEntry) -> Iterator[CachedResult]:
    for run, log in store.results(question.namespace, question.workflow, entry.hash):
        result = result_of(run, log)
        if result is not None:
            yield result


def _given(attempt: LocalAttempt, paths: Iterable[str]) -> dict[str, Value]:
    """Return the values that expressions gave to an attempt, by path: they never change."""
    known = attempt.record.fields
    if isinstance(attempt, CalledRun):
        values = attempt.world.run.params.values()
        known = {PARAM.format(index): value for index, value in enumerate(values)}
    return {path: known[path] for path in paths if path in known}
