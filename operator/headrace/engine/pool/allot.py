"""
The one entry to the pool wing: an observed pool in, the slots to give out.

Counts what really runs, each time anew, so no slot can leak. Knows no run besides its claims.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.pool import MAX_LISTED, PoolClaim, PoolHolder
from headrace.engine.pool.observed import Holder, ObservedPool, PoolDecision, PoolLog, Waiting
from headrace.engine.room import Grant, PoolView

STATUS_INTERVAL = timedelta(seconds=1)
"""The shortest time between two writes of a pool's status."""


def allot(pool: ObservedPool, now: datetime) -> PoolDecision:
    """Decide on a pool. The same observation and time give the same decision."""
    given = dict(_given(pool))
    line = sorted((each for each in pool.claims if each.attempt not in given), key=_order)
    holders = (*sorted(pool.holders, key=_age), *_coming(pool, given))
    new = dict(_give(line, pool.slots, sum(holder.slots for holder in holders)))
    given |= new
    holders += tuple(_coming(pool, new))
    queue = tuple(waiting for waiting in line if waiting.attempt not in new)
    names = tuple(f"{holder.run}/{holder.task}" for holder in holders)
    view = PoolView(pool.slots, sum(holder.slots for holder in holders), len(queue), names)
    return _with_status(pool, holders, PoolDecision(given, queue, view), now)


def fitting(waiting: Waiting, slots: int) -> int:
    """Return how many programs of an attempt a pool of so many slots can hold at most."""
    return min(waiting.claim.programs, slots // waiting.claim.each)


def wanted(waiting: Waiting, slots: int) -> int:
    """Return how many slots an attempt waits for, in a pool of so many slots."""
    return max(1, fitting(waiting, slots)) * waiting.claim.each


def _give(line: list[Waiting], slots: int | None, used: int) -> Iterator[tuple[str, Grant]]:
    """
    Yield what the first in the line get.

    Nobody overtakes: a task that needs many slots would wait for ever behind tasks that need one.
    A task that needs more slots than the pool has does not keep others waiting.
    """
    if slots is None:
        return
    free = slots - used
    for waiting in line:
        programs = fitting(waiting, slots)
        if not programs:
            continue
        free -= programs * waiting.claim.each
        if free < 0:
            return
        yield waiting.attempt, Grant(waiting.claim.number, programs)


def _given(pool: ObservedPool) -> Iterator[tuple[str, Grant]]:
    """
    Yield what attempts with a claim have already.

    An attempt that runs has what it runs with, whoever gave that: this process, or one before it.
    """
    there = {holder.attempt: holder for holder in pool.holders}
    for waiting in pool.claims:
        grant, holder = pool.given.get(waiting.attempt), there.get(waiting.attempt)
        if grant is None and holder is not None:
            grant = Grant(waiting.claim.number, max(1, holder.slots // waiting.claim.each))
        if grant is not None:
            yield waiting.attempt, grant


def _coming(pool: ObservedPool, given: Mapping[str, Grant]) -> Iterator[Holder]:
    """Yield the attempts that were given slots and are not in the world yet."""
    there = {holder.attempt for holder in pool.holders}
    for waiting in pool.claims:
        if waiting.attempt in given and waiting.attempt not in there:
            slots = given[waiting.attempt].programs * waiting.claim.each
            yield Holder(waiting.attempt, waiting.run, waiting.claim.task, slots)


def _age(holder: Holder) -> tuple[float, str]:
    return (holder.since.timestamp() if holder.since is not None else 0.0), holder.attempt


def _order(waiting: Waiting) -> tuple[object, ...]:
    """Return the sort key of a claim; the attempt's id decides between equals."""
    return waiting.claim.rank, waiting.attempt


def _with_status(
    pool: ObservedPool, holders: tuple[Holder, ...], decision: PoolDecision, now: datetime
) -> PoolDecision:
    """Add the status: at once after a change of the spec, else at most once a second."""
    if pool.slots is None:
        return decision
    last, seen = pool.logged_at, pool.generation == pool.log.observed_generation
    due = now if last is None or last > now else last + STATUS_INTERVAL
    if seen and now < due:
        return replace(decision, look_again_at=due)
    status = _log(pool, holders, decision)
    return decision if status == pool.log else replace(decision, status=status)


def _log(pool: ObservedPool, holders: tuple[Holder, ...], decision: PoolDecision) -> PoolLog:
    view, shown = decision.view, decision.queue[:MAX_LISTED]
    return PoolLog(
        message=_words(view),
        used=view.used,
        waiting=view.waiting,
        holders=tuple(
            PoolHolder(run=holder.run, task=holder.task, slots=holder.slots, since=holder.since)
            for holder in holders[:MAX_LISTED]
        ),
        queue=tuple(
            PoolClaim(
                run=waiting.run,
                task=waiting.claim.task,
                slots=wanted(waiting, view.slots or 0),
                priority=waiting.claim.priority,
            )
            for waiting in shown
        ),
        observed_generation=pool.generation,
    )


def _words(view: PoolView) -> str:
    """Return the state of a pool in words."""
    tasks = "1 task waits" if view.waiting == 1 else f"{view.waiting} tasks wait"
    return f"{view.used} of {view.slots} slots are taken" + (f"; {tasks}" if view.waiting else "")
