"""
How many programs of a run may go on at a time, where its world has a limit.

Knows the limit, and which attempts go on. Does not know why a task may start.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import Program
from headrace.engine.run.observed import ObservedRun, Slots
from headrace.engine.task.judgement import Judged, held
from headrace.engine.task.observed import Sighting
from headrace.engine.task.verdict import Start, Wait


def without_slot(
    run: ObservedRun, slots: Slots, judged: Mapping[str, Judged], now: datetime
) -> Iterator[tuple[str, Judged]]:
    """
    Yield the tasks that may start and have no slot, as tasks that wait.

    A slot goes to a task that was tried before, then to the first one in the order of the
    definition: `judged` is in that order. A task without a program takes no slot.
    """
    free = max(0, slots.total - _taken(run))
    starts = [
        name
        for name, task in judged.items()
        if isinstance(task.verdict, Start) and isinstance(task.task.work, Program)
    ]
    wait = Wait(Reason.WAITING_FOR_SLOT, slots.message)
    for name in starts[free:]:
        yield name, held(judged[name], wait, now)


def _taken(run: ObservedRun) -> int:
    """Return how many programs may still be running. Other work needs no slot."""
    known = run.definition.tasks if run.definition is not None else {}
    others = {name for name, task in known.items() if not isinstance(task.work, Program)}
    return sum(
        _programs(seen.sighting) + len(seen.lingering)
        for name, seen in run.tasks.items()
        if name not in others
    )


def _programs(sighting: Sighting | None) -> int:
    """Return how many slots an attempt has: one for each item that runs, and at least one."""
    if sighting is None or not sighting.alive:
        return 0
    return 1 if sighting.items is None else max(1, len(sighting.items.running))
