"""
What has become of each logical time of a backfill: started, succeeded, failed or skipped.

Knows the recorded states and the existing runs. Decides no start. A state on record never changes,
so a run that was counted may be deleted.
"""

from collections.abc import Sequence
from dataclasses import replace

from headrace.api.v1alpha1.backfill_words import Existing
from headrace.engine.backfill.existing import TickRun, passed_over
from headrace.engine.backfill.observed import BackfillLog, ObservedBackfill
from headrace.engine.backfill.plan import Plan
from headrace.engine.places import Places


def reckon(backfill: ObservedBackfill, plan: Plan, existing: Existing) -> BackfillLog:
    """
    Return the log with the state of each logical time.

    Args:
        backfill: What is observed.
        plan: The logical times.
        existing: What happens at those that have runs already.

    """
    log = replace(backfill.log, total=len(plan.ticks))
    unsettled = list(Places.first(log.total) - log.settled)
    started: list[int] = []
    good: list[int] = []
    bad: list[int] = []
    skipped: list[int] = []
    for place in unsettled:
        tick = plan.names[place]
        runs = backfill.runs.get(tick, ())
        own = own_run(runs)
        if own is not None:
            started.append(place)
            if own.finished is not None:
                (good if own.succeeded else bad).append(place)
        elif place in log.started or place in backfill.made:  # Somebody has deleted it.
            started.append(place)
            bad.append(place)
        elif passed_over(tick, runs, existing):
            skipped.append(place)
    return replace(
        log,
        started=log.started | Places.of(started),
        good=log.good | Places.of(good),
        bad=log.bad | Places.of(bad),
        skipped=log.skipped | Places.of(skipped),
    )


def own_run(runs: Sequence[TickRun]) -> TickRun | None:
    """Return the run of a logical time that the backfill has created; None: there is none."""
    return next((run for run in runs if run.ours), None)
