"""
The questions of expressions, with all that they may read.

Knows the results of a run's tasks. Evaluates nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headrace.api.checks.instants import read_time, to_the_second
from headrace.api.v1alpha1.task import OutputType
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.expressions.types import Question, Scope, Value
from headrace.engine.definition.params import values
from headrace.engine.definition.work import OF_ITEMS, Each
from headrace.engine.run.caching import cache_mode, cache_question
from headrace.engine.run.observed import ObservedRun
from headrace.engine.run.survey import Survey
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.item_outputs import readable
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import EMPTY
from headrace.engine.task.values import asked_fields

NO_ITEMS = ItemsLog(0)
"""The items of a task that did not run."""

AS_DECLARED: Mapping[OutputType, Callable[[Any], Value]] = {
    OutputType.NUMBER: float,
    OutputType.TIMESTAMP: read_time,
}
"""How expressions see outputs of some types. Those of the others are as they were written."""


def evaluate(
    task: TaskDefinition,
    run: ObservedRun,
    definition: Definition,
    found: Survey,
    *,
    conditional: bool,
) -> Evaluate:
    """
    Return the request for the values of a task's expressions.

    Args:
        task: The task.
        run: Its run.
        definition: The run's definition.
        found: All tasks of the run in this turn. The ones that the expressions read have ended.
        conditional: Whether `when` is asked too.

    """
    scope = scope_of(run, definition, found, task.expressions.reads)
    when = task.expressions.when if conditional else None
    judged = found.judged.get(task.name)
    log = EMPTY if judged is None else judged.log
    fields = asked_fields(task.expressions, log, cache_mode(run))
    items = task.work.items if isinstance(task.work, Each) else None
    return Evaluate(
        task.name,
        None if when is None else Question(when, scope),
        {name: Question(leaf, scope) for name, leaf in task.expressions.env.items()},
        {path: Question(each, scope) for path, each in fields.items()},
        {path: Question(each, scope) for path, each in task.expressions.each.items()},
        items,
        cache_question(run, task, log),
    )


def scope_of(
    run: ObservedRun, definition: Definition, found: Survey, reads: Iterable[str]
) -> Scope:
    """Return all that expressions may read which read these tasks."""
    read = (definition.tasks[name] for name in reads)
    return Scope(
        params=values(definition.params, run.given),
        run=_about(run),
        tasks={each.name: _result(each, run, found) for each in read},
    )


def _about(run: ObservedRun) -> dict[str, Value]:
    """Return what expressions can read of the run itself: times as its programs get them."""
    time = to_the_second(run.logical_time or run.created)
    interval = run.interval
    return {
        "name": run.key.name,
        "workflow": run.workflow,
        "namespace": run.key.namespace,
        "logicalTime": time,
        "intervalStart": time if interval is None else to_the_second(interval.start),
        "intervalEnd": time if interval is None else to_the_second(interval.end),
        "trigger": run.trigger.value,
    }


def _result(task: TaskDefinition, run: ObservedRun, found: Survey) -> dict[str, Any]:
    """Return what expressions can read of a task that has ended."""
    outcome = found.outcome(task.name)
    judged, seen = found.judged.get(task.name), run.tasks.get(task.name)
    log = judged.log if judged is not None else seen.log if seen is not None else EMPTY
    shown = {"outcome": outcome.value if outcome is not None else ""}
    if isinstance(task.work, OF_ITEMS):
        items = log.items or NO_ITEMS
        return {**shown, "outputs": readable(log.outputs, items), "items": _numbers(items)}
    outputs = dict(log.outputs or {})
    for output in task.outputs:
        if output.name in outputs and output.type in AS_DECLARED:
            outputs[output.name] = AS_DECLARED[output.type](outputs[output.name])
    return {**shown, "outputs": outputs}


def _numbers(items: ItemsLog) -> dict[str, int]:
    return {
        "total": items.total,
        "succeeded": len(items.succeeded),
        "failed": len(items.failed),
    }
