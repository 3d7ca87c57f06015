"""
How the expressions of a task end it before it starts, read from the reference a second time.

Without a line of the engine: only the language itself is the program's own.
"""

from collections.abc import Mapping
from typing import Any

from headrace.engine import ranges
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.expressions.types import Failure, Scope
from headrace.engine.definition.ways import FROM
from headrace.engine.definition.work import FanOut
from headrace.engine.outcome import Outcome
from headrace.engine.task.items import ItemsLog
from support.evaluation import value_of
from support.fake_cluster import FakeRun


def end_without_task_run(run: FakeRun, name: str) -> Outcome | None:
    """
    Return how a task that its rule lets start ends all the same; None: it starts.

    What is on record of it comes first: a run that was stopped since changes nothing.
    """
    task, marked = _task(run, name), _marked(run, name)
    if marked is not None:
        return marked
    results = {each: _result(run, each) for each in task.expressions.reads}
    if any(result is None for result in results.values()):
        return None
    when = task.expressions.when
    scope = _scope(run, {each: result for each, result in results.items() if result is not None})
    wanted = True if when is None else value_of(when, scope)
    if isinstance(wanted, Failure):
        return Outcome.FAILED
    if wanted is False:
        return Outcome.SKIPPED
    fields = {path: value_of(each, scope) for path, each in task.expressions.fields.items()}
    values = [value_of(each, scope) for each in task.expressions.env.values()]
    if any(isinstance(each, Failure) for each in (*values, *fields.values())):
        return Outcome.FAILED
    return Outcome.SKIPPED if fields.get(FROM) == [] else None


def _result(run: FakeRun, name: str) -> Mapping[str, Any] | None:
    """Return what can be read of a task; None: it has not ended."""
    record = run.task_runs.get(name)
    if name in run.lost or (record is not None and record.deleted):
        return {"outcome": Outcome.FAILED.value, "outputs": {}}
    if record is None:
        outcome = _marked(run, name) or end_without_task_run(run, name) or Outcome.OMITTED
        return {"outcome": outcome.value, "outputs": {}, **_items(run, name, ItemsLog(0))}
    if record.log.outcome is None:
        return None
    outputs = dict(record.log.outputs or {})
    items = _items(run, name, record.log.items or ItemsLog(0))
    return {"outcome": record.log.outcome.value, "outputs": outputs, **items}


def _items(run: FakeRun, name: str, items: ItemsLog) -> Mapping[str, Any]:
    """Return what can be read of items; of a task that has none, nothing."""
    if not isinstance(_task(run, name).work, FanOut):
        return {}
    numbers = {"succeeded": len(items.succeeded), "failed": len(items.failed)}
    return {"items": {"total": items.total, **numbers}}


def _marked(run: FakeRun, name: str) -> Outcome | None:
    task = _task(run, name)
    marks = run.log.marks or ()
    return next((m.outcome for m in marks if task.position in ranges.read(m.positions)), None)


def _task(run: FakeRun, name: str) -> TaskDefinition:
    assert run.definition is not None
    return run.definition.tasks[name]


def _scope(run: FakeRun, results: Mapping[str, Mapping[str, Any]]) -> Scope:
    time = run.logical_time or run.created
    about = {"name": run.key.name, "workflow": run.workflow, "namespace": run.key.namespace}
    times = dict.fromkeys(("logicalTime", "intervalStart", "intervalEnd"), time)
    return Scope(params=run.given, run={**about, **times, "trigger": "Manual"}, tasks=results)
