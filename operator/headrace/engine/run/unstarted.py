"""
The tasks of a run without an attempt, each judged after its upstream tasks.

Knows which tasks need no judgement, because only one answer is possible: those that wait for tasks
upstream, and those that could start at once, while `maxParallel` lets others start before them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from heapq import nsmallest

from headrace.api.v1alpha1.task import RunWhen
from headrace.engine.course import Mode
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.run_when import PATIENT, tally
from headrace.engine.definition.task_expressions import NO_EXPRESSIONS
from headrace.engine.definition.work import Container
from headrace.engine.outcome import Ended, Look
from headrace.engine.run.beside import beside, left_running
from headrace.engine.run.claims import rank
from headrace.engine.run.inheritance import without_takeover
from headrace.engine.run.observed import ObservedRun
from headrace.engine.run.slots import free_slots
from headrace.engine.task.judgement import Judged, judge_seen, judge_unseen
from headrace.engine.task.observed import ObservedTask
from headrace.engine.task.verdict import TaskView, Turn


@dataclass(frozen=True, slots=True)
class Unstarted:
    """The judged tasks, and those for which the run has no slot."""

    judged: Mapping[str, Judged]
    crowded_out: frozenset[str] = field(default_factory=frozenset)


def unstarted(
    run: ObservedRun,
    definition: Definition,
    turn: Turn,
    looks: dict[str, Look],
    done: Collection[str],
) -> Unstarted:
    """
    Judge the tasks without an attempt that are not `done`, each after its upstream tasks.

    One pass is enough, because each end is known before it is needed. Example: `a` failed, `b`
    waits for `a`, and `c` for `b`. `b` is left out, so `c` becomes one of the troubled tasks. `c`
    is next in the order, so it is left out in the same turn.
    """
    judged, ready = dict[str, Judged](), list[TaskDefinition]()
    view = partial(_view, run, turn, looks, left_running(run, done, looks))
    troubled, free = _troubled(definition, looks), _limit(run, definition, turn)
    for name in definition.graph.order:
        if name in looks or name in done:
            continue
        task, seen = definition.tasks[name], run.tasks.get(name)
        if seen is not None:
            judged[name] = seen_task(run, turn, task, seen)
        elif name in troubled or not _must_wait(task, looks):
            if free is not None and name not in troubled and _surely_starts(run, task):
                ready.append(task)
                continue
            judged[name] = judge_unseen(view(task))
        else:
            continue
        verdict = judged[name].verdict
        if isinstance(verdict, Ended):
            looks[name] = verdict.look
            troubled.update(definition.graph.downstream[name])
    first = nsmallest(free or 0, ready, key=lambda task: rank(run, definition, task))
    judged |= {task.name: judge_unseen(view(task)) for task in first}
    return Unstarted(judged, frozenset(task.name for task in ready) - judged.keys())


def seen_task(run: ObservedRun, turn: Turn, task: TaskDefinition, seen: ObservedTask) -> Judged:
    """Judge a task with a TaskRun."""
    known, seen = run.evaluated.get(task.name), without_takeover(run, task.name, seen)
    return judge_seen(turn, task, seen, run.obstacles.get(task.name), known)


def _limit(run: ObservedRun, definition: Definition, turn: Turn) -> int | None:
    """Return how many tasks may start; None: no limit, or other answers than a start are likely."""
    goes_on = turn.course.mode is Mode.GO and turn.halted is None and run.rerun is None
    slots = free_slots(run, definition) if goes_on else None
    return None if slots is None else slots.total


def _surely_starts(run: ObservedRun, task: TaskDefinition) -> bool:
    """
    Return whether a task whose upstream tasks have succeeded starts, as soon as it has a slot.

    It has no condition and no values to find, it runs one program, it asks no pool for room, and
    nothing has kept it from starting before.
    """
    plain = task.run_when is RunWhen.ALL_SUCCEEDED and task.expressions == NO_EXPRESSIONS
    return (
        plain
        and task.pool is None
        and isinstance(task.work, Container)
        and task.name not in run.obstacles
    )


def _view(
    run: ObservedRun,
    turn: Turn,
    looks: Mapping[str, Look],
    held: Mapping[str, str],
    task: TaskDefinition,
) -> TaskView:
    """Return the view of a task without a TaskRun, among the tasks that it waits for."""
    reads = task.expressions.reads
    return TaskView(
        *(turn, task),
        obstacle=run.obstacles.get(task.name),
        upstream=tally(task.upstream, looks),
        beside=beside(task, looks, held),
        unread=min((name for name in reads if name not in looks), default=None) if reads else None,
        evaluated=run.evaluated.get(task.name),
    )


def _troubled(definition: Definition, looks: Mapping[str, Look]) -> set[str]:
    """Return the tasks that wait for a task that ended without success."""
    downstream = definition.graph.downstream
    return {
        name
        for ended, look in looks.items()
        if look is not Look.SUCCESS
        for name in downstream.get(ended, ())
    }


def _must_wait(task: TaskDefinition, looks: Mapping[str, Look]) -> bool:
    """
    Return whether an open upstream task keeps a task waiting; no upstream task has failed.

    Example: `a` succeeded and `b` runs. A task with `AllSucceeded` over both must wait and needs no
        judgement. With `OneSucceeded`, it may start, so it is judged.
    """
    if task.run_when not in PATIENT:
        return False
    for name in task.upstream:  # noqa: SIM110 - any() is slower, and this is the hottest loop
        if name not in looks:
            return True
    return False
