"""
The look into the caches of tasks, as soon as their keys have values.

Knows the order: first the values, then the entry, then its results. A world finds the results.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from headrace.engine.task.actions import Evaluate
from headrace.engine.task.cache import entry_of
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion, Lookup
from headrace.engine.task.observed import Evaluated

Find = Callable[[CacheQuestion, CacheEntry], Iterable[CachedResult]]
"""Returns the results of an entry, as far as a world knows any."""

V = TypeVar("V")


def with_lookups(
    found: Mapping[str, V], requests: Iterable[Evaluate], find: Find
) -> dict[str, V | Evaluated]:
    """
    Return the values of tasks' expressions, with what the caches of the tasks have.

    Args:
        found: The values by task, or why there are none.
        requests: What the engine asked.
        find: Finds results.

    """
    looked: dict[str, V | Evaluated] = dict(found)
    for each in requests:
        known = looked.get(each.task)
        if each.cache is None or not isinstance(known, Evaluated):
            continue
        entry = entry_of(each.cache, known)
        if entry is not None:
            results = tuple(find(each.cache, entry)) if each.cache.looks else ()
            looked[each.task] = replace(known, cache=Lookup(entry, results))
    return looked
