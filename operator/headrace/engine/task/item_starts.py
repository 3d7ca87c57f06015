"""
The items that start now, of work without a program: only so many go on at a time.

Knows the items on record and in the world. Starts nothing. A Job, or a runner, does this for
programs.
"""

from datetime import datetime
from typing import Final

from headrace.engine.course import Course, Mode
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Approvals, ChildRuns
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.observed import Sighting, TaskLog
from headrace.engine.task.obstacles import Busy, Obstacle

AT_ONCE: Final = 50
"""The most items that start in one turn: somebody who stops the run need not wait for the rest."""

GOES_ON: Final[dict[bool, frozenset[Mode]]] = {
    False: frozenset({Mode.GO}),
    True: frozenset(Mode) - {Mode.PAUSE, Mode.TERMINATE},
}
"""The modes of a run in which items start, of usual tasks and of `finally` tasks."""


def first_items(places: Places, most: int | None) -> Places:
    """Return the first of some items, as many as may start."""
    return places.lowest(min(AT_ONCE, most or AT_ONCE))


def items_to_start(
    task: TaskDefinition, log: TaskLog, sighting: Sighting | None, course: Course
) -> Places:
    """Return the items of an open attempt that start now."""
    work, items = task.work, log.items
    seen = sighting.items if sighting is not None else None
    if not isinstance(work, ChildRuns | Approvals) or items is None or seen is None:
        return NO_PLACES
    is_open = log.outcome is None and log.last is not None and log.last.open
    if not is_open or course.mode not in GOES_ON[task.is_finally]:
        return NO_PLACES
    most = work.max_parallel or items.total
    waiting = items.open - seen.running - Places.of(seen.ended)
    return first_items(waiting, room) if (room := most - len(seen.running)) > 0 else NO_PLACES


def held_until(obstacle: Obstacle | None, now: datetime) -> datetime | None:
    """Return until when the world has no room for further items; None: it may have some."""
    return obstacle.until if isinstance(obstacle, Busy) and now < obstacle.until else None
