"""
The ends of items that time alone brings: a wait is over, nobody has answered, a run is too slow.

Knows instants. Judges no end.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Ending, SeenItems, Sighting
from headrace.engine.task.terms import Terms

GATHERED: Final = timedelta(seconds=2)
"""How late the end of an item may be seen, if others end later: thousands of waits may end one by
one, and each look costs a turn."""


def timely(sighting: Sighting, terms: Terms, now: datetime) -> Sighting:
    """Return a sighting in which the items have ended whose time is over."""
    seen = sighting.items
    if seen is None or not (seen.expected or seen.since):
        return sighting
    over = {index: end for index, end in _ends(seen, terms) if end.at <= now}
    if not over:
        return sighting
    return replace(sighting, items=replace(seen, ended={**over, **seen.ended}))


def next_end(
    items: ItemsLog | None, sighting: Sighting | None, terms: Terms, now: datetime
) -> datetime | None:
    """Return when to look at the items next, because the time of some is over then."""
    seen = sighting.items if sighting is not None else None
    if items is None or seen is None:
        return None
    open_ = items.open
    ends = [end.at for index, end in _ends(seen, terms) if index in open_]
    if not ends:
        return None
    return min(max(min(ends), now + GATHERED), max(ends)) if len(ends) > 1 else ends[0]


def _ends(seen: SeenItems, terms: Terms) -> Iterator[tuple[int, Ending]]:
    """Yield how items end by themselves."""
    yield from seen.expected.items()
    seconds = terms.run_seconds
    if seconds is not None:
        words = f"ran longer than timeouts.attemptSeconds ({seconds})"
        for index, begin in seen.since.items():
            end = begin + timedelta(seconds=seconds)
            yield index, Ending(end, reason=Reason.ATTEMPT_TIMEOUT, message=words)
