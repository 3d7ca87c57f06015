"""
What still runs of ended tasks: the tasks after them wait until it is gone.

Knows looks and rules. Judges no task.
"""

from collections.abc import Iterable, Mapping

from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.run_when import RULES, tally
from headrace.engine.outcome import Look
from headrace.engine.run.leftovers import remains
from headrace.engine.run.observed import ObservedRun


def left_running(
    run: ObservedRun, judged: Iterable[str], looks: Mapping[str, Look]
) -> dict[str, str]:
    """Return what still runs of tasks that ended without success: other tasks wait for it."""
    ended = (name for name in judged if looks.get(name, Look.SUCCESS) is not Look.SUCCESS)
    return remains(run, ended)


def beside(task: TaskDefinition, looks: Mapping[str, Look], held: Mapping[str, str]) -> str | None:
    """
    Return what still runs and keeps a task waiting; None if other tasks meet its rule.

    Example: a task with `OneFailed` over `a` and `b` starts if `a` failed and is gone, although `b`
    is still being removed.
    """
    there = [name for name in task.upstream if name in held]
    if not there:
        return None
    gone = {name: looks[name] for name in task.upstream if name in looks and name not in held}
    return None if RULES[task.run_when].met(tally(task.upstream, gone)) else held[there[0]]
