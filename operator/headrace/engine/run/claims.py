"""
The claims of a run: its attempts that may start as soon as their pools have room.

Knows what the pools have given to the run. Does not know how a pool chooses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course, Mode
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.ways import FROM
from headrace.engine.definition.work import FanOut
from headrace.engine.room import Claim, PoolView, Rank, Room
from headrace.engine.run.observed import ObservedRun, Watched
from headrace.engine.task.judgement import Judged, held
from headrace.engine.task.verdict import Start, Wait
from headrace.engine.text import listed

LOOK_AGAIN = timedelta(seconds=30)
"""How old the words of a waiting task may be. Nobody wakes a run to tell its place in a queue."""

NAMED = 3
"""How many holders a message names."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a run after a turn, and the tasks that wait for an answer."""

    all: Mapping[str, Claim] = field(default_factory=dict)
    """By task. Among them are the attempts that start in this turn."""
    held: Mapping[str, Judged] = field(default_factory=dict)
    """The judged tasks that could start and must wait."""


def rank(run: ObservedRun, definition: Definition, task: TaskDefinition) -> Rank:
    """Return the order of a task among all that wait for room."""
    priority = priority_of(run, definition) + task.priority
    path = definition.graph.paths.get(task.name, 0)  # `finally` tasks are in no path
    return Rank(-priority, -path, run.created, task.position)


def has_room(run: ObservedRun, task: Judged) -> bool:
    """Return whether a task that may start needs no pool, or has what it needs of it."""
    start, room = task.verdict, run.room
    if room is None or task.task.pool is None or not isinstance(start, Start):
        return True
    return room.grant(task.task.name, start.number) is not None


def priority_of(run: ObservedRun, definition: Definition) -> int:
    """Return the priority of a run: its own, or that of its workflow."""
    return definition.priority if run.priority is None else run.priority


def parked(run: ObservedRun, definition: Definition, course: Course) -> frozenset[str]:
    """
    Return the tasks without a TaskRun that can do nothing but wait for their pools.

    They were judged when they asked for room, and nothing but a change of the run's course can
    give another answer. So a turn of a run with thousands of them stays cheap.
    """
    room, limited = run.room, definition.max_parallel is not None or run.slots is not None
    if room is None or course.mode is not Mode.GO or limited:
        return frozenset()
    return frozenset(room.places.keys() - room.granted.keys() - run.tasks.keys())


def claims(
    run: ObservedRun,
    definition: Definition,
    judged: Mapping[str, Judged],
    waiting: frozenset[str],
    now: datetime,
) -> Claims:
    """
    Return what a run asks of pools, and the tasks that must wait for the answers.

    Args:
        run: The run.
        definition: Its definition.
        judged: The judged tasks. Those that may start and need a pool ask for room.
        waiting: The parked tasks: they go on asking.
        now: The time of the turn.

    """
    room = run.room
    if room is None:
        return Claims()
    asked = {name: room.claims[name] for name in waiting}
    held_back: dict[str, Judged] = {}
    for name, task in judged.items():
        if not isinstance(task.verdict, Start) or task.task.pool is None:
            continue
        claim = _claim(run, definition, task.task, task.task.pool, task.verdict)
        asked[name] = claim
        grant = room.grant(name, task.verdict.number)
        if grant is None:
            wait = Wait(*why_no_room(room, claim), until=now + LOOK_AGAIN)
            held_back[name] = held(task, wait, now)
        elif grant.programs < claim.programs:
            held_back[name] = replace(task, verdict=replace(task.verdict, programs=grant.programs))
    return Claims(asked, held_back)


def pool_waits(room: Room, asked: Mapping[str, Claim]) -> Iterator[Watched]:
    """Yield, for each pool that keeps tasks of a run waiting, the first of these tasks."""
    by_pool: dict[str, list[Claim]] = {}
    for name, claim in asked.items():
        if name in room.places and name not in room.granted:
            by_pool.setdefault(claim.pool, []).append(claim)
    for waiting in by_pool.values():
        first = min(waiting, key=lambda claim: room.places[claim.task])
        reason, words = why_no_room(room, first)
        others = len(waiting) - 1
        wait = "waits" if others == 1 else "wait"
        more = f"; {others} more of this run {wait} for the pool" if others else ""
        yield Watched(first.task, reason, f"{words}{more}")


def _claim(
    run: ObservedRun, definition: Definition, task: TaskDefinition, pool: str, start: Start
) -> Claim:
    order = rank(run, definition, task)
    return Claim(task.name, start.number, pool, _programs(task, start), task.pool_slots, order)


def _programs(task: TaskDefinition, start: Start) -> int:
    """Return how many programs of an attempt may run at the same time."""
    work = task.work
    if not isinstance(work, FanOut):
        return 1
    if start.items is not None:
        items = len(start.items.todo)
    else:
        listed_items = start.fields[FROM] if work.items is None else work.items
        assert isinstance(listed_items, Sequence)  # noqa: S101 - the field wants a list
        items = len(listed_items)
    return max(1, min(items, work.max_parallel or items))


def why_no_room(room: Room, claim: Claim) -> tuple[Reason, str]:
    """Return why an attempt waits for its pool."""
    view = room.pools.get(claim.pool)
    place = room.places.get(claim.task)
    if view is None or place is None:
        return Reason.WAITING_FOR_POOL, f"asks pool {claim.pool} for room"
    if view.slots is None:
        words = (
            f"there is no Pool {claim.pool!r} in this namespace; create it, or correct the task's"
            " pool"
        )
        return Reason.POOL_NOT_FOUND, words
    return Reason.WAITING_FOR_POOL, _words(claim, view, view.slots, place)


def _words(claim: Claim, view: PoolView, slots: int, place: int) -> str:
    """Return what an attempt waits for in an existing pool."""
    if slots == 0:
        return f"pool {claim.pool} has 0 slots, so nothing starts; raise its spec.slots"
    if claim.each > slots:
        return (
            f"poolSlots is {claim.each}, and pool {claim.pool} has {slots} slots; raise its"
            " spec.slots, or lower poolSlots"
        )
    holders = f" by {listed(view.holders, NAMED)}" if view.holders else ""
    return (
        f"{view.used} of {slots} slots of pool {claim.pool} are taken{holders}; place {place} of"
        f" {view.waiting} in its queue"
    )
