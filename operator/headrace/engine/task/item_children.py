"""
An attempt whose items have a run or a question each, put together from what each of them shows.

Knows sightings. Knows no kind of object.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.observed import Ending, SeenItems, Sighting, Stage
from headrace.engine.text import clip


@dataclass(frozen=True, slots=True)
class AllItems:
    """What is known of all items of an attempt together."""

    total: int
    """How many items the task has."""
    created: datetime | None
    """When the attempt began."""
    digest: str = ""
    """A hash of the items."""


def together(
    number: int, all_: AllItems, children: Mapping[int, Sighting], now: datetime
) -> Sighting:
    """
    Return the sighting of an attempt.

    Args:
        number: The attempt.
        all_: What is known of its items together.
        children: What the run or the question of each item shows that has one, by index.
        now: Replaces the time of an end that nobody knows.

    """
    items = _items(all_, children, now)
    going_on = [children[index] for index in items.running]
    first = going_on[0] if going_on else None
    waits = first is not None and all(child.waiting is not None for child in going_on)
    begun = (child.created for child in children.values())
    return Sighting(
        number,
        Stage.RUNNING,
        created=all_.created,
        started=min((begin for begin in begun if begin is not None), default=None),
        waiting=first.waiting if first is not None and waits else None,
        message=_words(len(going_on), all_.total, first),
        alive=first is not None,
        leaving=first is not None and all(child.leaving for child in going_on),
        unclosed=bool(items.unclosed - items.running),
        passed=first.passed if first is not None else None,
        items=items,
    )


def missing(seen: SeenItems, expected: Places) -> Places:
    """Return the items that had a run or a question by the log, and show none."""
    return expected - seen.running - Places.of(seen.ended)


def _items(all_: AllItems, children: Mapping[int, Sighting], now: datetime) -> SeenItems:
    ended = {index: child.ending for index, child in children.items() if child.ending is not None}
    for index, child in children.items():
        if child.stage is Stage.GONE:
            ended[index] = deleted(child.where.unit_name, now)
    alive = {index: child for index, child in children.items() if child.alive}
    return SeenItems(
        all_.total,
        ended,
        running=Places.of(alive),
        expected={n: each.expected for n, each in alive.items() if each.expected is not None},
        since={n: each.created for n, each in alive.items() if each.created is not None},
        passed={n: each.passed for n, each in alive.items() if each.passed is not None},
        digest=all_.digest,
        unclosed=Places.of(n for n, child in children.items() if _is_unclosed(child)),
    )


def deleted(name: str, now: datetime) -> Ending:
    """Return the end of an item whose run somebody has deleted."""
    words = f"the run {name} was deleted before its end was seen"
    return Ending(now, reason=Reason.RUN_DELETED, message=words)


def _is_unclosed(child: Sighting) -> bool:
    """Return whether somebody must close a question. A run ends by itself."""
    return child.passed is None and (child.alive or child.unclosed)


def _words(count: int, total: int, first: Sighting | None) -> str:
    """Return how many go on, and what the first of them says."""
    if first is None:
        return ""
    if count == 1:
        return first.message
    more = f"{count} of {total} items go on"
    return clip(f"{more}; the first: {first.message}" if first.message else more)
