"""
The slots of this machine among attempts over items: those with the fewest running items come first.

Knows how many items run and wait. Does not know what an item is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from headrace.engine.definition.compile import Definition
from headrace.engine.run.observed import Slots
from headrace.local.attempt import LiveAttempt
from headrace.local.carriers import LocalAttempt
from headrace.local.items import FanOutAttempt


@dataclass(frozen=True, slots=True)
class Wish:
    """The items of one attempt: how many run, and how many more could."""

    running: int
    wanted: int


def shares(wishes: Sequence[Wish], free: int | None) -> list[int]:
    """
    Return how many items each attempt may start.

    Args:
        wishes: The attempts, in the order of the definition, which decides between equals.
        free: The free slots; None: there is no limit.

    """
    if free is None:
        return [wish.wanted for wish in wishes]
    given = [0] * len(wishes)
    for _ in range(min(max(0, free), sum(wish.wanted for wish in wishes))):
        hungry = (
            (wish.running + given[place], place)
            for place, wish in enumerate(wishes)
            if given[place] < wish.wanted
        )
        given[min(hungry)[1]] += 1
    return given


def fill(attempts: Collection[LocalAttempt], definition: Definition, slots: Slots | None) -> None:
    """Start items that wait, as far as there are slots."""
    waiting = [each for each in attempts if isinstance(each, FanOutAttempt) and each.wanted]
    if not waiting:
        return
    waiting.sort(key=lambda attempt: definition.tasks[attempt.record.task].position)
    wishes = [Wish(attempt.running, attempt.wanted) for attempt in waiting]
    free = None if slots is None else slots.total - sum(map(programs, attempts))
    for attempt, count in zip(waiting, shares(wishes, free), strict=True):
        attempt.start(count)


def programs(attempt: LocalAttempt) -> int:
    """Return how many programs of an attempt run. Waits, questions and called runs have none."""
    if isinstance(attempt, FanOutAttempt):
        return attempt.running
    return int(isinstance(attempt, LiveAttempt) and attempt.alive)
