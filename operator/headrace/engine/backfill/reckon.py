"""
What has become of each logical time of a backfill: started, succeeded, failed or skipped.

Knows the recorded states and the existing runs. Decides no start. A state on record never changes,
so a run that was counted may be deleted.
"""

from dataclasses import replace

from headrace.engine.backfill.observed import BackfillLog, ObservedBackfill
from headrace.engine.backfill.plan import Plan
from headrace.engine.places import Places


def reckon(backfill: ObservedBackfill, plan: Plan) -> BackfillLog:
    """Return the log with the state of each logical time."""
    log = replace(backfill.log, total=len(plan.ticks))
    unsettled = list(Places.first(log.total) - log.settled)
    started: list[int] = []
    good: list[int] = []
    bad: list[int] = []
    skipped: list[int] = []
    for place in unsettled:
        name = plan.names[place]
        run = backfill.runs.get(name)
        if run is None:
            if place in log.started or name in backfill.made:  # Somebody has deleted it.
                started.append(place)
                bad.append(place)
        elif not run.ours:
            skipped.append(place)
        else:
            started.append(place)
            if run.finished is not None:
                (good if run.succeeded else bad).append(place)
    return replace(
        log,
        started=log.started | Places.of(started),
        good=log.good | Places.of(good),
        bad=log.bad | Places.of(bad),
        skipped=log.skipped | Places.of(skipped),
    )
