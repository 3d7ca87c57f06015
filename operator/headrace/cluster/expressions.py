"""
The values of expressions in a cluster: from a task's TaskRun, else by evaluation.

Knows where a TaskRun keeps its values. Decides nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cluster.caches import Caches
from headrace.cluster.kinds import TASK_RUNS
from headrace.cluster.results import Results
from headrace.cluster.specs import Specs
from headrace.engine.definition.ways import FROM
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.observed import Evaluated
from headrace.engine.task.obstacles import Busy
from headrace.evaluation.answers import Asks, answers, no_answer, recorded
from headrace.evaluation.evaluator import NoAnswerError
from headrace.evaluation.lookups import with_lookups
from headrace.manifests.json_form import name_of
from headrace.manifests.kube import OwnObject
from headrace.manifests.work_spec import recorded_values

_ENV: Final = name_of(TaskRunSpec, "env")
_NAME: Final = name_of(EnvVar, "name")
_VALUE: Final = name_of(EnvVar, "value")


class Expressions:
    """Finds the values of a run's expressions."""

    def __init__(
        self, specs: Specs, asks: Asks, clock: Callable[[], datetime], caches: Caches
    ) -> None:
        """
        Work with these.

        Args:
            specs: Reads whole TaskRuns.
            asks: Evaluates questions.
            clock: The wall clock.
            caches: Have the results of earlier runs.

        """
        self._specs = specs
        self._asks = asks
        self._clock = clock
        self._results = Results(caches)

    async def values(
        self, begun: Mapping[str, OwnObject], requests: Sequence[Evaluate]
    ) -> dict[str, Evaluated | Busy]:
        """
        Return the values of tasks' expressions, by task, or why there are none yet.

        Args:
            begun: The TaskRuns of the tasks that have begun, by task.
            requests: What the engine asks.

        Raises:
            StaleError: A TaskRun has changed or is gone. Look again.

        """
        found = await self._values(begun, requests)
        return with_lookups(found, requests, self._results.find)

    async def _values(
        self, begun: Mapping[str, OwnObject], requests: Sequence[Evaluate]
    ) -> dict[str, Evaluated | Busy]:
        found = {
            each.task: await self._recorded(begun[each.task], each)
            for each in requests
            if each.task in begun
        }
        # A TaskRun that somebody else wrote may lack the value of a field. None has the items.
        known = {
            each.task: found[each.task]
            for each in requests
            if each.task in found and _has_all(found[each.task], each)
        }
        new = [each for each in requests if each.task not in known]
        again = list(_not_recorded(known, requests))
        try:
            given = await answers(self._asks, [*new, *again])
        except NoAnswerError as error:
            return {**known, **no_answer([*new, *again], error, self._clock())}
        for each in again:
            fields = {**known[each.task].fields, **given[each.task].fields}
            given[each.task] = replace(known[each.task], fields=fields)
        return {**known, **given}

    async def _recorded(self, item: OwnObject, request: Evaluate) -> Evaluated:
        """Return the values in the spec of a TaskRun, which never changes."""
        whole = await self._specs.whole(TASK_RUNS, item.metadata)
        written = {each[_NAME]: each.get(_VALUE, "") for each in whole.spec.get(_ENV, ())}
        env = {name: str(written.get(name, "")) for name in request.env}
        return recorded(request, env, recorded_values(whole.spec, request.fields))


def _has_all(found: Evaluated, request: Evaluate) -> bool:
    """Return whether all values are on record. Those of items are never asked for once they are."""
    return not request.each and request.fields.keys() - {FROM} <= found.fields.keys()


def _not_recorded(known: Collection[str], requests: Sequence[Evaluate]) -> Iterator[Evaluate]:
    """
    Yield what must be asked again of tasks that have begun: their items, before an attempt ran any.

    A crash came before all items were kept. What they are made of has ended, so they are the same.
    """
    for each in requests:
        if each.task in known and FROM in each.fields:
            yield Evaluate(each.task, fields={FROM: each.fields[FROM]})
