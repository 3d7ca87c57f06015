"""
How many tasks of a run may go on at a time: its `maxParallel`, and the limit of its world.

Knows the limits, and which attempts go on. Does not know why a task may start.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Program
from headrace.engine.run.claims import has_room, rank
from headrace.engine.run.observed import ObservedRun, Slots
from headrace.engine.task.judgement import Judged, held
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.verdict import Start, Wait


def free_slots(run: ObservedRun, definition: Definition) -> Slots | None:
    """Return how many tasks may start, by the tighter limit; None: there is no limit."""
    limits: list[Slots] = []
    if run.slots is not None:
        limits.append(Slots(run.slots.total - _taken(run, _programs), run.slots.message))
    most = definition.max_parallel
    if most is not None:
        words = f"{most} tasks of the run may run at the same time (maxParallel)"
        limits.append(Slots(most - _taken(run, _one), words))
    tightest = min(limits, key=lambda slots: slots.total, default=None)
    return None if tightest is None else Slots(max(0, tightest.total), tightest.message)


def without_slot(
    run: ObservedRun,
    definition: Definition,
    slots: Slots | None,
    judged: Mapping[str, Judged],
    now: datetime,
) -> Iterator[tuple[str, Judged]]:
    """
    Yield the judged tasks that may start and have none of the free slots, as tasks that wait.

    Tasks that can start at once come first, in the order of their ranks. What they leave is how
    many tasks may ask each pool for room: a pool that gave more would give slots to tasks that
    cannot start. A task without a program takes no slot.
    """
    if slots is None:
        return
    starts = [
        task
        for task in judged.values()
        if isinstance(task.verdict, Start) and isinstance(task.task.work, Program)
    ]
    starts.sort(key=lambda task: rank(run, definition, task.task))
    wait = Wait(Reason.WAITING_FOR_SLOT, slots.message)
    ready = [task for task in starts if has_room(run, task)]
    left = max(0, slots.total - len(ready))
    for task in ready[slots.total :]:
        yield task.task.name, held(task, wait, now)
    asking: Counter[str | None] = Counter()
    for task in starts:
        if not has_room(run, task):
            asking[task.task.pool] += 1
            if asking[task.task.pool] > left:
                yield task.task.name, held(task, wait, now)


def _taken(run: ObservedRun, count: Callable[[ObservedTask], int]) -> int:
    """Return how much may still be running. Work without a program needs no slot."""
    known = run.definition.tasks if run.definition is not None else {}
    others = {name for name, task in known.items() if not isinstance(task.work, Program)}
    return sum(count(seen) for name, seen in run.tasks.items() if name not in others)


def _one(seen: ObservedTask) -> int:
    """Return whether anything of a task may still be running."""
    return int(seen.still_there)


def _programs(seen: ObservedTask) -> int:
    """Return how many programs of a task may still be running."""
    return _programs_of(seen.sighting) + len(seen.lingering)


def _programs_of(sighting: Sighting | None) -> int:
    """Return how many slots an attempt has: one for each item that runs, and at least one."""
    if sighting is None or not sighting.alive:
        return 0
    return 1 if sighting.items is None else max(1, len(sighting.items.running))
