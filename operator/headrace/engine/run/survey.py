"""
All tasks of a run in one turn: what became of each, judged in an order that needs no second look.

Knows which tasks must be judged before which. How one is judged is `judgement`'s to say.
Tasks that cannot have changed are passed over quickly: a turn costs what is going on in a run,
more than how large it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine import ranges
from headrace.engine.course import Course
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.run_when import NONE, PATIENT, RULES, tally
from headrace.engine.outcome import LOOKS, Ended, Look, Outcome
from headrace.engine.run.leftovers import remains
from headrace.engine.run.marks import by_mark, on_record, to_keep, with_ends
from headrace.engine.run.observed import Mark, ObservedRun
from headrace.engine.task.judgement import Judged, judge_lost, judge_seen, judge_unseen
from headrace.engine.task.verdict import Turn


@dataclass(frozen=True, slots=True)
class Survey:
    """Every task of a run. Those in none of the tables wait for tasks upstream."""

    settled: Mapping[str, Outcome]
    """Tasks whose TaskRuns say how they ended in an earlier turn. Nothing of them runs any more."""
    judged: Mapping[str, Judged]
    marked: Mapping[Mark, frozenset[str]] = field(default_factory=dict)
    """Tasks that ended without a TaskRun, in an earlier turn or in this one."""

    def ended(self, how: Outcome) -> Iterator[str]:
        """Yield the tasks that ended so."""
        yield from (name for name, outcome in self.settled.items() if outcome is how)
        for mark, names in self.marked.items():
            if mark.outcome is how:
                yield from names
        for name, each in self.judged.items():
            if each.outcome is how and self.mark(name) is None:
                yield name

    def looks(self) -> dict[str, Look]:
        """Return how each task that ended looks to those that wait for it."""
        looks = {name: LOOKS[outcome] for name, outcome in self.settled.items()}
        for mark, names in self.marked.items():
            looks.update(dict.fromkeys(names, mark.end.look))
        for name, each in self.judged.items():
            if isinstance(each.verdict, Ended):
                looks[name] = each.verdict.look
        return looks

    def mark(self, name: str) -> Mark | None:
        """Return the mark of a task that ended without a TaskRun."""
        return next((mark for mark, names in self.marked.items() if name in names), None)


def survey(run: ObservedRun, definition: Definition, course: Course, now: datetime) -> Survey:
    """Judge started tasks, then those that wait for them, then `finally` tasks."""
    turn = Turn(now, run.uid, course, created=run.created)
    marked = by_mark(on_record(run, definition), run, definition)
    found = Survey(_settled(run, definition), {}, marked)
    found = _with(found, _started(run, definition, turn, found))
    found = _with(found, _refused(run, definition, turn, found))
    turn = replace(turn, halted=_halt(definition, found))
    found = _with(found, _waiting(run, definition, turn, found))
    turn = replace(turn, unfinished=_unfinished(definition, found))
    found = _with(found, _last(run, definition, turn, found))
    return _recorded(run, definition, found, now)


def lost(run: ObservedRun, definition: Definition) -> Iterator[str]:
    """Name the tasks that were started, and have no TaskRun any more."""
    known, names = run.tasks, definition.names
    for position in ranges.read(run.log.positions):
        if position < len(names) and names[position] not in known:
            yield names[position]
    for name in run.deleted:
        if name not in known and name in definition.tasks:
            yield name


def _with(found: Survey, more: Iterator[tuple[str, Judged]]) -> Survey:
    return replace(found, judged={**found.judged, **dict(more)})


def _recorded(run: ObservedRun, definition: Definition, found: Survey, now: datetime) -> Survey:
    """Put on record what ended in this turn without a TaskRun: it is not judged again."""
    ends = {
        name: judged.verdict
        for name, judged in found.judged.items()
        if judged.seen is None and isinstance(judged.verdict, Ended)
    }
    if not ends:
        return found
    looks = found.looks()
    kept = {
        definition.tasks[name].position: to_keep(name, end, looks, definition)
        for name, end in ends.items()
    }
    marks = with_ends(tuple(found.marked), kept, now)
    return replace(found, marked=by_mark(marks, run, definition))


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
    for name in lost(run, definition):
        if found.mark(name) is None:
            yield name, judge_lost(turn, definition.tasks[name])


def _refused(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the tasks that fail without a TaskRun: like others that failed they may halt a run."""
    looks = found.looks() if run.obstacles else {}
    for name, obstacle in run.obstacles.items():
        known = name in run.tasks or name in found.judged or found.mark(name) is not None
        if name in definition.tasks and not known:
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
    looks = found.looks()
    troubled, held = _troubled(definition, looks), _held(run, found, looks)
    for name in definition.graph.order:
        if name in looks or name in found.judged:
            continue
        task, seen, obstacle = definition.tasks[name], run.tasks.get(name), run.obstacles.get(name)
        if seen is not None:
            judged = judge_seen(turn, task, seen, obstacle)
        elif name not in troubled and _must_wait(task, looks):
            continue
        else:
            count, beside = tally(task.upstream, looks), _beside(task, looks, held)
            judged = judge_unseen(turn, task, count, obstacle, beside)
        if isinstance(judged.verdict, Ended):
            looks[name] = judged.verdict.look
            troubled.update(definition.graph.downstream[name])
        yield name, judged


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
    """Judge the `finally` tasks without an attempt: they start beside nothing at all."""
    there = remains(run, found.judged).items()
    beside = next((words for name, words in there if name in definition.graph.downstream), None)
    for name in definition.names[len(definition.graph.order) :]:
        if name in found.settled or name in found.judged or found.mark(name) is not None:
            continue
        task, seen, obstacle = definition.tasks[name], run.tasks.get(name), run.obstacles.get(name)
        if seen is not None:
            yield name, judge_seen(turn, task, seen, obstacle)
        else:
            yield name, judge_unseen(turn, task, NONE, obstacle, beside)


def _halt(definition: Definition, found: Survey) -> str | None:
    """Return the failed task that `onFailure: Stop` stops the run for."""
    if definition.on_failure is not OnFailure.STOP:
        return None
    failed = [definition.tasks[name] for name in found.ended(Outcome.FAILED)]
    blamed = [task for task in failed if not task.allow_failure and not task.is_finally]
    return min(blamed, key=lambda task: task.position).name if blamed else None


def _unfinished(definition: Definition, found: Survey) -> str | None:
    """
    Return a task that has not ended, for which `finally` tasks wait.

    Tasks that were passed over need no look: each waits for an open one, so one of those is here.
    """
    if len(definition.names) == len(definition.graph.order):
        return None
    for name, each in found.judged.items():
        if not each.task.is_finally and each.outcome is None:
            return name
    return None


def _held(run: ObservedRun, found: Survey, looks: Mapping[str, Look]) -> dict[str, str]:
    """Say what still runs of tasks that ended otherwise than well: nobody starts beside it."""
    ended = (name for name in found.judged if looks.get(name, Look.SUCCESS) is not Look.SUCCESS)
    return remains(run, ended)


def _beside(task: TaskDefinition, looks: Mapping[str, Look], held: Mapping[str, str]) -> str | None:
    """
    Say beside what a task would start; None if its rule is met by others alone.

    With `OneFailed` over `a`, which failed and is gone, and `b`, which is being removed, it starts.
    """
    there = [name for name in task.upstream if name in held]
    if not there:
        return None
    gone = {name: looks[name] for name in task.upstream if name in looks and name not in held}
    return None if RULES[task.run_when].met(tally(task.upstream, gone)) else held[there[0]]
