"""
What a rerun has of the earlier run, and until when it needs that run.

Knows both runs' parameters and instants. Does not know which tasks are repeated.
"""

from collections.abc import Iterator
from dataclasses import replace

from headrace.engine import ranges
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.work import Each
from headrace.engine.run.observed import Inheritance, ObservedRun
from headrace.engine.task.observed import ObservedTask, SeenItems


def inherited(run: ObservedRun) -> ObservedRun:
    """Return a run with what it has of the earlier run, and without a run that is another one."""
    if run.rerun is None:
        return run
    known = run.log.inheritance or _of_source(run)
    if known is None:
        return run
    source = run.source
    if source is not None and known.source_uid not in ("", source.uid):
        source = None  # Another run has the name now.
    run = replace(run, source=source, given=known.given)
    return replace(run, logical_time=known.logical_time, interval=known.interval)


def _of_source(run: ObservedRun) -> Inheritance | None:
    """Return what a run will have of the earlier run, before that is on record."""
    if run.source is None:
        return None
    before, definition = inherited(run.source), run.definition
    declared = before.given if definition is None else {each.name for each in definition.params}
    kept = {name: value for name, value in before.given.items() if name in declared}
    return Inheritance(
        given={**kept, **run.given},
        logical_time=before.logical_time or before.created,
        interval=before.interval,
    )


def needs_source(run: ObservedRun) -> bool:
    """Return whether a run cannot go on without a look at the earlier run."""
    if run.rerun is None or run.log.finished is not None:
        return False
    if run.log.inheritance is None or run.definition is None:
        return True
    return any(open_tasks(run, run.definition))


def open_tasks(run: ObservedRun, definition: Definition) -> Iterator[str]:
    """Yield the tasks that do not have yet what they get from the earlier run."""
    known = run.log.inheritance
    if known is not None:
        yield from untaken(run, definition, known)
        tasks = (definition.tasks[name] for name in _names(known.continued, definition))
        yield from (task.name for task in tasks if _is_new(task, run.tasks.get(task.name)))


def untaken(run: ObservedRun, definition: Definition, known: Inheritance) -> Iterator[str]:
    """Yield the tasks that must still be taken over. One whose TaskRun was deleted is lost."""
    begun = ranges.read(run.log.positions)
    for name in _names(known.taken_over, definition):
        seen = run.tasks.get(name)
        if seen is not None:
            if seen.log.outcome is None:
                yield name
        elif definition.tasks[name].position not in begun and name not in run.deleted:
            yield name


def continues(run: ObservedRun, name: str) -> bool:
    """Return whether a task is repeated in part, and has not begun to be."""
    known, definition = run.log.inheritance, run.definition
    if known is None or not known.continued or definition is None:
        return False
    task, seen = definition.tasks[name], run.tasks.get(name)
    return task.position in ranges.read(known.continued) and _is_new(task, seen)


def without_takeover(run: ObservedRun, name: str, seen: ObservedTask) -> ObservedTask:
    """
    Return a task as it is before its part of the earlier run is taken over.

    The TaskRun of some work over items is its first attempt. A crash may have come before it was
    told which items need not be done.
    """
    if seen.sighting is None or seen.log.count or not continues(run, name):
        return seen
    return replace(seen, sighting=None)


def _is_new(task: TaskDefinition, seen: ObservedTask | None) -> bool:
    """Return whether a task has neither items on record nor an attempt."""
    if seen is None:
        return True
    log, sighting = seen.log, seen.sighting
    unbegun = sighting is None or (isinstance(task.work, Each) and not _has_begun(sighting.items))
    return log.outcome is None and log.items is None and not log.count and unbegun


def _has_begun(items: SeenItems | None) -> bool:
    return items is not None and bool(items.running or items.ended)


def _names(positions: str, definition: Definition) -> Iterator[str]:
    names = definition.names
    yield from (names[n] for n in sorted(ranges.read(positions)) if n < len(names))
