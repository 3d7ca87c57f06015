"""
The retention of an ended run's Jobs.

Knows ages. Does not know what a Job is.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from headrace.engine.archive import waits_until
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import EndAttempt
from headrace.engine.task.observed import Stage


def jobs_expire(run: ObservedRun) -> datetime | None:
    """
    Return when the Jobs of an ended run's succeeded tasks may be deleted.

    Their pods have the logs, so they wait for the archive as the run itself does.
    """
    if run.log.finished is None or run.definition is None:
        return None
    finished = run.log.finished
    written = waits_until(finished, run.archive, archived=run.archived)
    kept = finished + timedelta(seconds=run.definition.history.job_seconds)
    return max(kept, written or kept)


def expired_jobs(run: ObservedRun, now: datetime) -> Iterator[EndAttempt]:
    """Return the Jobs of succeeded tasks to delete."""
    limit = jobs_expire(run)
    if limit is None or now < limit:
        return
    for name, seen in run.tasks.items():
        sighting = seen.sighting
        if sighting is None or sighting.due is not None or sighting.passed is not None:
            continue  # A wait has no Job, and a run that was called stays as long as its caller.
        if seen.log.outcome is Outcome.SUCCEEDED:
            # The log keeps only the last attempts. The Jobs of all attempts exist, except the
            # newest if somebody deleted it.
            newest = seen.log.count - (sighting.stage is Stage.GONE)
            yield from (EndAttempt(name, number) for number in range(1, newest + 1))
