"""
The runs and the questions of a task's items, in the cluster in memory.

Each is what a called run, or an Approval, of a task without items is there.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from headrace.engine.definition.work import Approvals, ChildRuns
from headrace.engine.places import Places
from headrace.engine.run.nested import NestedRun, sighting_of
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.each import asked_for, called_for, own
from headrace.engine.task.item_children import AllItems, together
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.timer import waits_sighting
from support.fake_cluster import FakeCluster, FakeJob, FakeRun, FakeTaskRun

Child = FakeRun | FakeJob


def start_items(cluster: FakeCluster, run: FakeRun, start: StartAttempt[Any]) -> None:
    """Make the runs or the questions of some items, once each."""
    record, number = run.task_runs[start.task], start.number
    work = record.each
    assert work is not None
    for index in start.work.begin:
        if (number, index) in record.children:
            continue
        values, what = own(work.given, index), f"{start.task}/{number}/{index}"

        def make(index: int = index, values: Any = values) -> None:
            cluster.children_made[run.uid, start.task, number, index] += 1
            if isinstance(work, ChildRuns):
                call = called_for(work.of, values)
                child: Child = cluster.called(run, start, call, f"-{index}")
            else:
                assert isinstance(work, Approvals)
                asked = asked_for(work.of, values, cluster.now)
                child = cluster.question(start.task, number, asked, f"-{index}")
                child.told = child.sighting
            record.children[number, index] = child

        cluster.write(f"item {what}", make)


def observed(record: FakeTaskRun, now: datetime) -> ObservedTask:
    """Return a task whose work over items runs no program, as it was told."""
    assert record.each is not None
    if record.until is not None:
        return ObservedTask(record.told, waits_sighting(record.made, record.each.ends))  # type: ignore[union-attr] # a wait has ends
    attempts: dict[int, dict[int, Sighting]] = {max(1, record.told.count): {}}
    for (number, index), child in record.children.items():
        attempts.setdefault(number, {})[index] = _shown(child, number)
    each = record.each
    all_ = AllItems(each.total, record.made, each.digest)
    seen = {number: together(number, all_, shown, now) for number, shown in attempts.items()}
    newest = seen[max(seen)]
    lingering = (n for n, each in seen.items() if each is not newest and each.alive)
    return ObservedTask(record.told, newest, frozenset(lingering))


def chosen(record: FakeTaskRun, number: int, items: Places | None) -> Iterator[Child]:
    """Yield the runs or questions of some items of an attempt."""
    for (of, index), child in record.children.items():
        if of == number and (items is None or index in items):
            yield child


def going_on(record: FakeTaskRun) -> list[int]:
    """Return the attempts of which a run or a question of an item goes on."""
    return sorted({number for (number, _), child in record.children.items() if goes_on(child)})


def goes_on(child: Child) -> bool:
    """Return whether a run has not ended, or a question is open."""
    if isinstance(child, FakeJob):
        return child.sighting.alive
    return child.log.finished is None and not child.deleted


def _shown(child: Child, number: int) -> Sighting:
    if isinstance(child, FakeJob):
        assert child.told is not None
        return child.told
    run = child
    nested = NestedRun(run.key.name, number, run.created, run.told, run.passed, run.deleted)
    return sighting_of(nested)
