"""
The next attempt of a task, once no policy objects to it.

Knows the task's log and the values of its expressions. Does not know whether it may start.
"""

from headrace.engine.task.memory import memory_of_next
from headrace.engine.task.values import each_of, env_of, fields_of
from headrace.engine.task.verdict import Start, TaskView


def next_start(view: TaskView) -> Start:
    """Return the next attempt of a task."""
    log, known = view.log, view.evaluated
    found = known.cache if known is not None and not log.count else None
    return Start(
        log.count + 1,
        memory_of_next(view.task, log),
        env_of(known),
        fields_of(known),
        log.items,
        each_of(known),
        cache=None if found is None else found.entry,
    )
