"""
How many runs of a backfill may start now: `maxActive`, and the workflow's concurrency.

A run of a backfill is never first in a line: it starts only where it would begin at once. So the
line of a workflow has room for its schedules and for people, whatever the backfill still has to do.
Knows numbers of active runs. Knows no logical time.
"""

from collections.abc import Sequence

from headrace.api.v1alpha1.trigger import Concurrency
from headrace.engine.siblings import SiblingRun, limit_of, turn_words


def room(max_active: int, concurrency: Concurrency, own: int, others: Sequence[SiblingRun]) -> int:
    """
    Return how many runs may start now.

    Args:
        max_active: The limit of the backfill.
        concurrency: That of the workflow.
        own: How many runs of the backfill have not ended.
        others: The other runs of the workflow that have not ended, begun or not.

    """
    free = max_active - own
    limit = limit_of(concurrency)
    if limit is not None:
        free = min(free, limit - own - len(others))
    return max(0, free)


def crowded(concurrency: Concurrency, own: int, others: Sequence[SiblingRun]) -> str | None:
    """Say which runs a backfill lets go first; None: it waits for no run of others."""
    limit = limit_of(concurrency)
    if limit is None or not others or own + len(others) < limit:
        return None
    return turn_words(limit, others)
