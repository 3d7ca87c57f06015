"""
What the world of a cluster calls in its process.

Knows the kinds of calls. Calls nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from headrace.cluster.events import EventRecorder
from headrace.engine.archive import ArchiveTerms
from headrace.engine.pool.observed import PoolKey
from headrace.engine.run.observed import RunKey
from headrace.evaluation.answers import Asks


class CacheUse(StrEnum):
    """What came of the cache of a task."""

    REUSED = "reused"
    """The task has an earlier result."""
    RAN = "ran"
    """There was none that counts, so its program runs."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the world calls in its process."""

    clock: Callable[[], datetime]
    """The wall clock."""
    later: Callable[[RunKey, float], None]
    """Asks for a turn of a run in so many seconds."""
    events: EventRecorder
    evaluate: Asks
    """Evaluates questions."""
    hurry: Callable[[RunKey | PoolKey], None] = lambda _: None
    """Asks for a turn of a run or pool now, also if it rests after a turn."""
    archive: ArchiveTerms | None = None
    """What the archive asks for; None: there is none."""
    job_created: Callable[[RunKey], None] = lambda _: None
    """Called for each Job that was created, for metrics."""
    cache_asked: Callable[[CacheUse], None] = lambda _: None
    """Called for each task with a cache that could start, for metrics."""
