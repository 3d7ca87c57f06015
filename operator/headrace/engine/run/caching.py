"""
What a run does with the caches of its tasks: whether it asks them, and what it takes from them.

Knows `WorkflowRun.spec.cache`. Does not know what makes two tasks the same.
"""

from datetime import datetime

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.rerun import RerunFrom
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Container
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import RunContext, TakeOver
from headrace.engine.task.cache import reused
from headrace.engine.task.cached import CacheQuestion
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.verdict import Reuse
from headrace.engine.task.work import start_attempt


def cache_mode(run: ObservedRun) -> CacheMode:
    """Return what a run does: whoever names what to repeat wants it done again."""
    if run.cache is not None:
        return run.cache
    named = run.rerun is not None and run.rerun.from_ is not RerunFrom.FAILED
    return CacheMode.REFRESH if named else CacheMode.USE


def cache_question(run: ObservedRun, task: TaskDefinition, log: TaskLog) -> CacheQuestion | None:
    """Return what a run asks of a task's cache before the first attempt; None: nothing."""
    mode = cache_mode(run)
    off = task.cache is None or mode is CacheMode.OFF or log.count
    if off or not isinstance(task.work, Container):
        return None
    return CacheQuestion(
        *(run.key.namespace, run.workflow, task.name, task.work.body, task.outputs),
        looks=mode is CacheMode.USE,
    )


def take_from_cache(
    task: TaskDefinition, reuse: Reuse, context: RunContext, now: datetime
) -> TakeOver:
    """Return the request to give a task an earlier result."""
    attempt = start_attempt(task, reuse.start, context, now)
    return TakeOver(task.name, context, reused(reuse.result, now), attempt)
