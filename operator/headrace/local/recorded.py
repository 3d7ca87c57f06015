"""
What is on record of a run, as the engine sees it: of a run itself, and of the one that it repeats.

Knows the store. Decides nothing about tasks.
"""

from collections.abc import Iterable
from datetime import datetime

from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import TakeOver
from headrace.engine.task.observed import ObservedTask, TaskLog
from headrace.local.records import RunRecord
from headrace.local.store import Store


def observed(record: RunRecord, definition: Definition, callers: tuple[str, ...]) -> ObservedRun:
    """Return a run as it was requested, before any of its tasks."""
    called = record.caller is not None
    return ObservedRun(
        *(record.key, record.uid, record.created, definition, record.workflow),
        desired=DesiredState.RUN if called else record.desired,
        given=record.params,
        logical_time=record.logical_time,
        interval=record.origin.interval,
        trigger=record.origin.trigger,
        priority=record.origin.priority,
        passed=record.desired if called else DesiredState.RUN,
        callers=callers,
        rerun=record.rerun_of,
        cache=record.cache,
    )


def earlier_run(store: Store, record: RunRecord) -> ObservedRun | None:
    """Return the run that a run repeats; None: it repeats none, or it is gone."""
    if record.rerun_of is None or not store.has_run(record.rerun_of.name):
        return None
    name = record.rerun_of.name
    known, hashes = store.run(name), store.hashes(name)
    try:
        definition = compile_workflow(WorkflowSpec.model_validate_json(known.spec))
    except InvalidDefinitionError:  # An earlier version of headrace accepted it.
        definition = None
    return ObservedRun(
        *(known.key, known.uid, known.created, definition),
        workflow=known.workflow,
        given=known.params,
        logical_time=known.logical_time,
        interval=known.origin.interval,
        rerun=known.rerun_of,
        tasks={
            task: ObservedTask(log, cache_hash=hashes.get(task, ""))
            for task, log in store.task_logs(name).items()
        },
        log=store.run_log(name),
    )


def take_over(
    store: Store, run: str, actions: Iterable[TakeOver], now: datetime
) -> dict[str, TaskLog]:
    """Store the tasks that an earlier run did, all or none; return their logs."""
    actions = list(actions)
    logs = {action.task: action.log for action in actions}
    found_by = {action.task: action.found_by for action in actions if action.found_by}
    store.add_attempts(run, [], now, logs, found_by)
    return logs
