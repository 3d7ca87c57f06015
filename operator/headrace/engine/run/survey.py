"""
All tasks of a run in one turn, judged in an order that needs only one pass.

Knows the order of judgements. `judgement` judges one task. Tasks without a possible change are
skipped quickly: the cost of a turn depends on the activity of a run, more than on its size.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine import ranges
from headrace.engine.course import Course
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.run_when import tally
from headrace.engine.outcome import LOOKS, Ended, Look, Outcome
from headrace.engine.room import Claim
from headrace.engine.run.caching import cache_mode
from headrace.engine.run.claims import claims, parked
from headrace.engine.run.continued import without_source
from headrace.engine.run.leftovers import remains
from headrace.engine.run.marks import by_mark, on_record, to_keep, with_ends
from headrace.engine.run.observed import Mark, ObservedRun, Slots
from headrace.engine.run.slots import free_slots, without_slot
from headrace.engine.run.unstarted import seen_task, unstarted
from headrace.engine.task.judgement import Judged, judge_lost, judge_unseen
from headrace.engine.task.verdict import TaskView, Turn


@dataclass(frozen=True, slots=True)
class Survey:
    """All tasks of a run. Tasks in none of the tables wait: for tasks upstream, pools or slots."""

    settled: Mapping[str, Outcome]
    """Tasks that ended in an earlier turn, as their TaskRuns say. None of them runs any more."""
    judged: Mapping[str, Judged]
    marked: Mapping[Mark, frozenset[str]] = field(default_factory=dict)
    """The marks of tasks that ended without a TaskRun, in this turn or before."""
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """What the run asks of pools, by task."""
    parked: frozenset[str] = frozenset()
    """The tasks that wait for their pools, and need no judgement."""
    slots: Slots | None = None
    """How many tasks may start, and why not more; None: there is no limit."""
    crowded_out: frozenset[str] = frozenset()
    """The tasks that wait for others of the run to end (`maxParallel`), and need no judgement."""

    def ended(self, how: Outcome) -> Iterator[str]:
        """Yield the tasks with an outcome."""
        yield from (name for name, outcome in self.settled.items() if outcome is how)
        for mark, names in self.marked.items():
            if mark.outcome is how:
                yield from names
        for name, task in self.judged.items():
            if task.outcome is how and self.mark(name) is None:
                yield name

    def outcome(self, name: str) -> Outcome | None:
        """Return the outcome of a task; None: it has not ended."""
        if name in self.settled:
            return self.settled[name]
        mark, judged = self.mark(name), self.judged.get(name)
        if mark is not None:
            return mark.outcome
        return judged.outcome if judged is not None else None

    def looks(self) -> dict[str, Look]:
        """Return how the tasks that wait for each ended task see its end."""
        looks = {name: LOOKS[outcome] for name, outcome in self.settled.items()}
        for mark, names in self.marked.items():
            looks.update(dict.fromkeys(names, mark.end.look))
        for name, task in self.judged.items():
            if isinstance(task.verdict, Ended):
                looks[name] = task.verdict.look
        return looks

    def mark(self, name: str) -> Mark | None:
        """Return the mark of a task that ended without a TaskRun."""
        return next((mark for mark, names in self.marked.items() if name in names), None)


def survey(run: ObservedRun, definition: Definition, course: Course, now: datetime) -> Survey:
    """Judge started tasks, then waiting tasks, then `finally` tasks."""
    marked = by_mark(on_record(run, definition), run, definition)
    slots = free_slots(run, definition)
    found = Survey(_settled(run, definition), {}, marked, slots=slots)
    facts = (now, run.uid, course, _halt(definition, found), None, run.created, run.chain)
    turn = Turn(*facts, cache_mode(run))
    found = _with(found, _started(run, definition, turn, found))
    found = _with(found, _refused(run, definition, turn, found))
    turn = replace(turn, halted=_halt(definition, found))
    if turn.halted is None:
        found = replace(found, parked=parked(run, definition, course))
    found = _with_unstarted(run, definition, turn, found)
    turn = replace(turn, unfinished=_unfinished(definition, found))
    found = _with(found, _last(run, definition, turn, found))
    found = _with(found, without_source(run, found.judged, now))
    found = _with(found, without_slot(run, definition, slots, found.judged, now))
    asked = claims(run, definition, found.judged, found.parked, now)
    found = replace(_with(found, iter(asked.held.items())), claims=asked.all)
    return _recorded(run, definition, found, now)


def lost(run: ObservedRun, definition: Definition) -> Iterator[str]:
    """Return the started tasks without a TaskRun."""
    known, names = run.tasks, definition.names
    started = ranges.read(run.log.positions)
    yield from [names[n] for n in started if n < len(names) and names[n] not in known]
    for name in run.deleted:
        if name not in known and name in definition.tasks:
            yield name


def _with(found: Survey, more: Iterator[tuple[str, Judged]]) -> Survey:
    added = dict(more)
    return replace(found, judged={**found.judged, **added}) if added else found


def _recorded(run: ObservedRun, definition: Definition, found: Survey, now: datetime) -> Survey:
    """Add the tasks that ended in this turn without a TaskRun: they are not judged again."""
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
        if seen.log.outcome is not None and name in definition.tasks and not seen.unsettled
    }


def _started(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the tasks that have, or had, an attempt."""
    for name, seen in run.tasks.items():
        if name in found.settled or name not in definition.tasks:
            continue
        if seen.log.count or seen.sighting is not None:
            yield name, seen_task(run, turn, definition.tasks[name], seen)
    for name in lost(run, definition):
        if found.mark(name) is None:
            yield name, judge_lost(turn, definition.tasks[name])


def _refused(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the tasks that fail without a TaskRun: such a failure too may halt a run."""
    looks = found.looks() if run.obstacles else {}
    for name, obstacle in run.obstacles.items():
        known = name in run.tasks or name in found.judged or found.mark(name) is not None
        if name in definition.tasks and not known:
            task = definition.tasks[name]
            view = TaskView(
                *(turn, task),
                obstacle=obstacle,
                upstream=tally(task.upstream, looks),
                evaluated=run.evaluated.get(name),
            )
            judged = judge_unseen(view)
            if judged.outcome is Outcome.FAILED:
                yield name, judged


def _with_unstarted(run: ObservedRun, definition: Definition, turn: Turn, found: Survey) -> Survey:
    done = found.judged.keys() | found.parked
    more = unstarted(run, definition, turn, found.looks(), done)
    return replace(found, judged={**found.judged, **more.judged}, crowded_out=more.crowded_out)


def _last(
    run: ObservedRun, definition: Definition, turn: Turn, found: Survey
) -> Iterator[tuple[str, Judged]]:
    """Judge the `finally` tasks without an attempt: they start when nothing else runs."""
    last = definition.names[len(definition.graph.order) :]
    there = remains(run, found.judged).items() if last else ()
    beside = next((words for name, words in there if name in definition.graph.downstream), None)
    for name in last:
        if name in found.settled or name in found.judged or found.mark(name) is not None:
            continue
        task, seen = definition.tasks[name], run.tasks.get(name)
        if seen is not None:
            yield name, seen_task(run, turn, task, seen)
        else:
            obstacle, known = run.obstacles.get(name), run.evaluated.get(name)
            view = TaskView(turn, task, obstacle=obstacle, beside=beside, evaluated=known)
            yield name, judge_unseen(view)


def _halt(definition: Definition, found: Survey) -> str | None:
    """Return the failed task that `onFailure: Stop` stops the run for."""
    if definition.on_failure is not OnFailure.STOP:
        return None
    failed = [definition.tasks[name] for name in found.ended(Outcome.FAILED)]
    blamed = [task for task in failed if not task.allow_failure and not task.is_finally]
    return min(blamed, key=lambda task: task.position).name if blamed else None


def _unfinished(definition: Definition, found: Survey) -> str | None:
    """Return an open task that `finally` tasks wait for. Others wait for it, or are parked."""
    if len(definition.names) == len(definition.graph.order):
        return None
    if found.parked or found.crowded_out:
        return min(found.parked or found.crowded_out)
    for name, task in found.judged.items():
        if not task.task.is_finally and task.outcome is None:
            return name
    return None
