"""
How many attempts of a run may go on at a time, where its world has a limit.

Knows the limit, and which attempts go on. Does not know why a task may start.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import Container
from headrace.engine.run.observed import ObservedRun, Slots
from headrace.engine.task.judgement import Judged, held
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
        if isinstance(task.verdict, Start) and isinstance(task.task.work, Container)
    ]
    wait = Wait(Reason.WAITING_FOR_SLOT, slots.message)
    for name in starts[free:]:
        yield name, held(judged[name], wait, now)


def _taken(run: ObservedRun) -> int:
    """Return how many programs may still be running. Other work needs no slot."""
    known = run.definition.tasks if run.definition is not None else {}
    others = {name for name, task in known.items() if not isinstance(task.work, Container)}
    return sum(
        (seen.sighting is not None and seen.sighting.alive) + len(seen.lingering)
        for name, seen in run.tasks.items()
        if name not in others
    )
