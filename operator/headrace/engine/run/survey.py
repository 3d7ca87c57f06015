"""
All tasks of a run in one turn: what became of each, judged in an order that needs no second look.

Knows which tasks must be judged before which. How one is judged is `judgement`'s to say.
Tasks that cannot have changed are passed over quickly: a turn costs what is going on in a run,
more than how large it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine import ranges
from headrace.engine.course import Course
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.run_when import NONE, PATIENT, tally
from headrace.engine.outcome import LOOKS, Ended, Look, Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.task.judgement import Judged, judge_lost, judge_seen, judge_unseen
from headrace.engine.task.verdict import Turn


@dataclass(frozen=True, slots=True)
class Survey:
    """Every task of a run. Those in neither table wait for tasks upstream."""

    settled: Mapping[str, Outcome]
    """Tasks that ended in an earlier turn, and of which nothing runs any more."""
    judged: Mapping[str, Judged]

    def outcomes(self) -> Iterator[tuple[str, Outcome]]:
        """Yield the tasks that ended."""
        yield from self.settled.items()
        for name, each in self.judged.items():
            if each.outcome is not None:
                yield name, each.outcome


def survey(run: ObservedRun, definition: Definition, course: Course, now: datetime) -> Survey:
    """Judge started tasks, then those that wait for them, then `finally` tasks."""
    turn = Turn(now, run.uid, course, created=run.created)
    found = Survey(_settled(run, definition), {})
    found = _with(found, _started(run, definition, turn, found))
    found = _with(found, _refused(run, definition, turn, found))
    turn = replace(turn, halted=_halt(definition, found))
    found = _with(found, _waiting(run, definition, turn, found))
    turn = replace(turn, unfinished=_unfinished(run, definition, found))
    return _with(found, _last(run, definition, turn, found))


def lost(run: ObservedRun, definition: Definition) -> Iterator[str]:
    """Name the tasks that were started, and have no TaskRun any more or never got one."""
    known, names = run.tasks, definition.names
    for position in ranges.read(run.log.positions):
        if position < len(names) and names[position] not in known:
            yield names[position]
    for name in run.deleted:
        if name not in known and name in definition.tasks:
            yield name


def _with(found: Survey, more: Iterator[tuple[str, Judged]]) -> Survey:
    return replace(found, judged={**found.judged, **dict(more)})


def _settled(run: ObservedRun, definition: Definition) -> dict[str, Outcome]:
    return {
        name: seen.log.outcome
        for name, seen in run.tasks.items()
        if seen.log.outcome is not None and name in definition.tasks and not seen.still_there
    }


def _started(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the tasks of which there is or was an attempt."""
    for name, seen in run.tasks.items():
        tried = seen.log.count or seen.sighting is not None
        if tried and name not in found.settled and name in definition.tasks:
            yield name, judge_seen(turn, definition.tasks[name], seen, run.obstacles.get(name))
    refusals = {
        each.task: each
        for each in run.log.attention
        if KINDS.get(each.reason) is Kind.DEFINITION and each.task not in run.deleted
    }
    for name in lost(run, definition):
        yield name, judge_lost(turn, definition.tasks[name], refusals.get(name))


def _refused(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the tasks that fail without a TaskRun: like others that failed they may halt a run."""
    looks = _looks(found) if run.obstacles else {}
    for name, obstacle in run.obstacles.items():
        if name in definition.tasks and name not in run.tasks and name not in found.judged:
            task = definition.tasks[name]
            judged = judge_unseen(turn, task, tally(task.upstream, looks), obstacle)
            if judged.outcome is Outcome.FAILED:
                yield name, judged


def _waiting(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """
    Judge the tasks without an attempt, each after all that it waits for.

    One pass is enough, as each end is known before it is asked for. Where `a` failed, `b` waits for
    `a` and `c` for `b`: `b` is left out, by that `c` becomes one of the troubled, and as it is the
    next in the order, it is left out in the same turn.
    """
    looks = _looks(found)
    troubled = _troubled(definition, looks)
    for name in definition.graph.order:
        if name in looks or name in found.judged:
            continue
        task, seen, obstacle = definition.tasks[name], run.tasks.get(name), run.obstacles.get(name)
        if seen is not None:
            judged = judge_seen(turn, task, seen, obstacle)
        elif name not in troubled and _must_wait(task, looks):
            continue
        else:
            judged = judge_unseen(turn, task, tally(task.upstream, looks), obstacle)
        if isinstance(judged.verdict, Ended):
            looks[name] = judged.verdict.look
            troubled.update(definition.graph.downstream[name])
        yield name, judged


def _looks(found: Survey) -> dict[str, Look]:
    """Return how each task that ended looks to those that wait for it."""
    looks = {name: LOOKS[outcome] for name, outcome in found.settled.items()}
    for name, each in found.judged.items():
        if isinstance(each.verdict, Ended):
            looks[name] = each.verdict.look
    return looks


def _troubled(definition: Definition, looks: Mapping[str, Look]) -> set[str]:
    """Return the tasks that wait for one that ended otherwise than well."""
    downstream = definition.graph.downstream
    return {
        name
        for ended, look in looks.items()
        if look is not Look.SUCCESS
        for name in downstream.get(ended, ())
    }


def _must_wait(task: TaskDefinition, looks: Mapping[str, Look]) -> bool:
    """
    Tell, for a task upstream of which all is well, whether an open one keeps it waiting.

    A task with `AllSucceeded` over `a` and `b`, of which `a` succeeded and `b` runs, must wait: it
    needs no judgement. With `OneSucceeded` it may start, so it is not passed over.
    """
    if task.run_when not in PATIENT:
        return False
    for name in task.upstream:  # noqa: SIM110 - any() is slower, and this is the hottest loop
        if name not in looks:
            return True
    return False


def _last(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the `finally` tasks without an attempt."""
    for name in definition.names[len(definition.graph.order) :]:
        if name in found.settled or name in found.judged:
            continue
        task, seen, obstacle = definition.tasks[name], run.tasks.get(name), run.obstacles.get(name)
        if seen is not None:
            yield name, judge_seen(turn, task, seen, obstacle)
        else:
            yield name, judge_unseen(turn, task, NONE, obstacle)


def _halt(definition: Definition, found: Survey) -> str | None:
    """Return the failed task that `onFailure: Stop` stops the run for."""
    if definition.on_failure is not OnFailure.STOP:
        return None
    failed = [
        definition.tasks[name] for name, outcome in found.outcomes() if outcome is Outcome.FAILED
    ]
    blamed = [task for task in failed if not task.allow_failure and not task.is_finally]
    return min(blamed, key=lambda task: task.position).name if blamed else None


def _unfinished(run: ObservedRun, definition: Definition, found: Survey) -> str | None:
    """
    Return a task that `finally` tasks wait for: one not ended, or still being removed.

    Tasks that were passed over need no look: each waits for an open one, so one of those is here.
    """
    if len(definition.names) == len(definition.graph.order):
        return None
    for name in sorted(run.departing & definition.graph.downstream.keys()):
        return name
    for name, each in found.judged.items():
        there = each.seen is not None and each.seen.still_there
        if not each.task.is_finally and (each.outcome is None or there):
            return name
    return None
