"""
The refusals of a rerun: what must be true of the earlier run.

Knows both runs before the rerun begins. Knows nothing of their tasks' results, besides their ends.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from headrace.api.checks.instants import to_the_second
from headrace.api.checks.similar import did_you_mean
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.run.rerun_plan import IN_VAIN, outcomes
from headrace.engine.text import listed, rfc3339

Why = tuple[Reason, str]
"""The reason and the message of a refusal."""

SHOWN: Final = 5
"""How many tasks a refusal names."""


def _why(reason: Reason, message: str) -> Why:
    """Return a refusal."""
    return reason, message


def source_problem(run: ObservedRun, rerun: RerunOf) -> Why | None:
    """Return why the earlier run cannot be repeated by this run; None: it can."""
    if run.source is None:
        return _why(
            Reason.RUN_NOT_FOUND,
            f"rerunOf: there is no WorkflowRun {rerun.name!r} here; name a run that exists"
            " (kubectl get workflowruns)",
        )
    for check in _CHECKS:
        problem = check(run, run.source)
        if problem is not None:
            return problem
    return None


def task_problem(run: ObservedRun, rerun: RerunOf, definition: Definition) -> Why | None:
    """Return why the tasks to repeat cannot be repeated; None: they can."""
    source = run.source
    if source is None:
        return None
    if rerun.task is not None:
        return _of_task(rerun.task, source, definition, downstream_only=rerun.downstream_only)
    vain = any(end in IN_VAIN for end in outcomes(source).values())
    if rerun.from_ is RerunFrom.FAILED and source.log.succeeded and not vain:
        return _why(
            Reason.NOTHING_TO_RERUN,
            f"rerunOf: run {source.key.name} succeeded, and no task of it failed; set from to All,"
            " or to Task and name the task",
        )
    return None


def _of_task(
    task: str, source: ObservedRun, definition: Definition, *, downstream_only: bool
) -> Why | None:
    """Return why one task cannot be repeated."""
    if task not in definition.tasks:
        cure = did_you_mean(task, definition.names) or (
            f"its tasks: {listed(definition.names, SHOWN)}"
        )
        return _why(
            Reason.INVALID_RERUN, f"rerunOf.task: the workflow has no task {task!r}; {cure}"
        )
    if definition.tasks[task].is_finally:
        words = f"rerunOf.task: {task!r} is a `finally` task, which always runs; name another task"
        return _why(Reason.INVALID_RERUN, words)
    if downstream_only and outcomes(source).get(task) is not Outcome.SUCCEEDED:
        return _why(
            Reason.INVALID_RERUN,
            f"rerunOf.downstreamOnly: task {task} of run {source.key.name} did not succeed, so it"
            " must run again; remove downstreamOnly",
        )
    return None


def _another_workflow(run: ObservedRun, source: ObservedRun) -> Why | None:
    if source.workflow == run.workflow:
        return None
    return _why(
        Reason.INVALID_RERUN,
        f"rerunOf: run {source.key.name} is of workflow {source.workflow!r}, not of"
        f" {run.workflow!r}; correct spec.workflow, or name another run",
    )


def _not_ended(_: ObservedRun, source: ObservedRun) -> Why | None:
    if source.log.finished is not None:
        return None
    return _why(
        Reason.RUN_NOT_ENDED,
        f"rerunOf: run {source.key.name} has not ended; wait for its end, or end it"
        " (desiredState: Cancel), and create the rerun then",
    )


def _never_began(_: ObservedRun, source: ObservedRun) -> Why | None:
    """Refuse to repeat a rerun that took nothing over: it has lost the way to its own source."""
    if source.rerun is None or source.log.inheritance is not None:
        return None
    return _why(
        Reason.INVALID_RERUN,
        f"rerunOf: run {source.key.name} never began to repeat run {source.rerun.name}; name that"
        " run instead",
    )


def _another_time(run: ObservedRun, source: ObservedRun) -> Why | None:
    known = source.log.inheritance or source
    stands_for = known.logical_time or source.created
    if _same(run.logical_time, stands_for):
        return None
    return _why(
        Reason.INVALID_RERUN,
        f"logicalTime: run {source.key.name} stands for {rfc3339(stands_for)}, and a rerun stands"
        " for the same instant; remove logicalTime",
    )


def _another_interval(run: ObservedRun, source: ObservedRun) -> Why | None:
    asked, known = run.interval, (source.log.inheritance or source).interval
    alike = asked is None or (
        known is not None and _same(asked.start, known.start) and _same(asked.end, known.end)
    )
    if alike:
        return None
    return _why(
        Reason.INVALID_RERUN,
        f"interval: run {source.key.name} has another one, and a rerun processes the same; remove"
        " interval",
    )


_CHECKS: Final[tuple[Callable[[ObservedRun, ObservedRun], Why | None], ...]] = (
    _another_workflow,
    _not_ended,
    _never_began,
    _another_time,
    _another_interval,
)


def _same(asked: datetime | None, known: datetime) -> bool:
    """Return whether nobody asked for another instant, in whole seconds as Kubernetes keeps it."""
    return asked is None or to_the_second(asked) == to_the_second(known)
