"""Builders of observed backfills: a case shows only what matters to it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy, Schedule
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.existing import TickRun
from headrace.engine.backfill.observed import KnownWorkflow, ObservedBackfill
from headrace.engine.siblings import SiblingRun

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAILY = Schedule(cron="0 0 * * *")
WORKFLOW = KnownWorkflow(schedules=(DAILY,))


def spec(days: int = 3, **fields: Any) -> BackfillSpec:
    """Return the spec of a backfill of the first days of 2029."""
    span = {"from": "2029-01-01T00:00:00Z", "to": f"2029-01-{days:02}T00:00:00Z"}
    return BackfillSpec.model_validate({"workflow": "w", **span, **fields})


def backfill(given: BackfillSpec | None = None, **fields: Any) -> ObservedBackfill:
    """Return a backfill that nobody has looked at."""
    base = ObservedBackfill(created=NOW, generation=1, spec=given or spec(), workflow=WORKFLOW)
    return replace(base, **fields)


def name(day: int) -> str:
    """Return the name of the run of a day of January 2029."""
    return f"w-{int(datetime(2029, 1, day, tzinfo=UTC).timestamp()) // 60}"


def tick_run(of: str, *, ours: bool = True, **fields: Any) -> TickRun:
    """Return a run with this name; by default, the backfill has created it."""
    return TickRun(of, f"uid-{of}", ours, **fields)


def looked(observed: ObservedBackfill, now: datetime = NOW) -> ObservedBackfill:
    """Return the backfill after a turn: its runs are there, and the status is written."""
    decision = advance(observed, now)
    made: dict[str, Any] = {}
    for placed in decision.create:
        tick = name(placed.place + 1)
        made[tick] = [*observed.runs.get(tick, ()), tick_run(placed.run.name)]
    return replace(observed, log=decision.status or observed.log, runs={**observed.runs, **made})


def ended(observed: ObservedBackfill, *days: int, succeeded: bool = True) -> ObservedBackfill:
    """Return the backfill with the ends of runs."""
    end = {"finished": NOW, "succeeded": succeeded}
    over = {name(day): [tick_run(name(day), **end)] for day in days}
    return replace(observed, runs={**observed.runs, **over})


def started(observed: ObservedBackfill, now: datetime = NOW) -> list[str]:
    """Return the names of the runs that a turn starts."""
    return [placed.run.name for placed in advance(observed, now).create]


def concurrency(policy: str, max_runs: int | None = None) -> KnownWorkflow:
    """Return a workflow with this concurrency."""
    given = Concurrency(policy=ConcurrencyPolicy(policy), max_runs=max_runs)
    return replace(WORKFLOW, concurrency=given)


def other(label: str = "hand") -> SiblingRun:
    """Return another active run of the workflow."""
    return SiblingRun(label, NOW, NOW, began=True, cancelling=False)
