"""
Tasks that are repeated in part: their first attempt goes on where the earlier run's ended.

Knows items and called runs. Does not know which tasks they are: see `rerun_plan`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import Approvals, ChildRun, ChildRuns, FanOut, Work
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.run.inheritance import continues
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.item_starts import first_items
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.judgement import Judged, ended
from headrace.engine.task.observed import RUN, Stage, TaskLog
from headrace.engine.task.verdict import Start


def without_source(
    run: ObservedRun, judged: Mapping[str, Judged], now: datetime
) -> Iterator[tuple[str, Judged]]:
    """Fail the tasks whose start needs the earlier run, if that run is gone."""
    if run.rerun is None or run.source is not None:
        return
    for name, task in judged.items():
        if isinstance(task.verdict, Start) and continues(run, name):
            message = (
                f"run {run.rerun.name} was deleted before its part of the work was taken over;"
                " start a new run of the workflow"
            )
            yield name, ended(task, Ended(Outcome.FAILED, Reason.SOURCE_RUN_DELETED, message), now)


def continued(run: ObservedRun, start: StartAttempt[Work], judged: Judged) -> StartAttempt[Work]:
    """Return the start of an attempt, with what was done before it."""
    match start.work:
        case FanOut() | ChildRuns() | Approvals() as work if _goes_on(run, start):
            return _items(run, start, work)
        case ChildRun() as work:
            earlier = _called(run, judged)
            if earlier is not None:
                return replace(start, work=replace(work, rerun_of=earlier))
    return start


def _goes_on(run: ObservedRun, start: StartAttempt[Work]) -> bool:
    return run.source is not None and continues(run, start.task)


def _items(
    run: ObservedRun, start: StartAttempt[Work], work: FanOut | ChildRuns | Approvals
) -> StartAttempt[Work]:
    """Leave out the items that succeeded in the earlier run, if the list is the same."""
    source = run.source
    assert source is not None  # noqa: S101 - the task goes on where its one ended
    seen = source.tasks.get(start.task)
    before = seen.log.items if seen is not None else None
    if seen is None or before is None or not before.todo_again:
        return start
    if before.digest != work.digest or before.total != work.total:
        return start
    items = ItemsLog(
        before.total,
        succeeded=before.succeeded,
        taken_over=before.succeeded,
        digest=before.digest,
    )
    log = TaskLog(
        items=items,
        outputs=seen.log.outputs,
        taken_over_from=seen.log.taken_over_from or source.key.name,
    )
    if isinstance(work, FanOut):
        return replace(start, work=replace(work, todo=items.todo), begins_with=log)
    begin = first_items(items.todo, work.max_parallel)
    return replace(start, work=replace(work, begin=begin), begins_with=log)


def _called(run: ObservedRun, judged: Judged) -> str | None:
    """Return the earlier run of a call that ended and had begun; None: there is none."""
    seen, last = judged.seen, judged.log.last
    if last is not None:
        sighting = seen.sighting if seen is not None else None
        if sighting is None or sighting.stage is not Stage.ENDED or sighting.started is None:
            return None
        return sighting.where.unit_name or None
    name = judged.task.name
    if run.source is None or not continues(run, name) or name not in run.source.tasks:
        return None
    before = run.source.tasks[name].log.last
    unit = before.where.unit if before is not None else None
    return unit.name if unit is not None and unit.kind == RUN else None
