"""A task with `cache` has the result of an earlier run, if there is one that counts."""

from headrace.engine.task.cache import freshest
from headrace.engine.task.starting import next_start
from headrace.engine.task.verdict import Reuse, TaskView, Verdict


def from_cache(view: TaskView) -> Verdict | None:
    """
    Use an earlier result instead of the first attempt.

    Asked last: a task that could not start has no use for a result. A retry never asks: whoever
    tries again wants the work done.
    """
    cache, known = view.task.cache, view.evaluated
    if cache is None or known is None or known.cache is None or view.log.count:
        return None
    result = freshest(known.cache.results, cache, view.turn.now)
    return None if result is None else Reuse(result, next_start(view))
