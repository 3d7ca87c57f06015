"""
What a backfill would do at each logical time: the runs by name, and those that are there already.

Knows the engine's plan. Asks nobody: definitions and runs are values, from a cluster or a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.api.reading.parse import InvalidObjectError, parse_backfill
from headrace.api.v1alpha1.backfill import BackfillSpec, TickOrder
from headrace.api.v1alpha1.trigger import Schedule
from headrace.cli.input import InputError
from headrace.engine.backfill.chains import Chains, Link
from headrace.engine.backfill.existing import passed_over, rerun
from headrace.engine.backfill.observed import TickRun
from headrace.engine.backfill.plan import Plan, plan
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.text import rfc3339
from headrace.views.objects import Object, field, instant, name, reason, succeeded, text


@dataclass(frozen=True, slots=True)
class Planned:
    """One logical time."""

    at: datetime
    run: str
    """The run to create; empty: none."""
    existing: str = ""
    """The newest run that is there, and its state."""

    def fields(self) -> dict[str, Any]:
        """Return it for a script."""
        told = {"logicalTime": rfc3339(self.at), "run": self.run or None}
        return {**told, "existing": self.existing or None}


def read_spec(manifest: Mapping[str, Any]) -> BackfillSpec:
    """
    Read a Backfill.

    Raises:
        InputError: A field is wrong; it is named by its option.

    """
    try:
        return parse_backfill(manifest)
    except InvalidObjectError as error:
        raise InputError(*(str(problem) for problem in error.problems)) from error


def schedules_of(triggers: Sequence[Any]) -> tuple[Schedule, ...]:
    """Return the schedules among triggers that somebody has checked already."""
    written = (field(each, "schedule") for each in triggers)
    return tuple(Schedule.model_validate(each) for each in written if each is not None)


def planned_of(spec: BackfillSpec, schedules: tuple[Schedule, ...]) -> Plan:
    """
    Return the logical times.

    Raises:
        InputError: There are none, or too many.

    """
    found = plan(spec, schedules)
    if not isinstance(found, Plan):
        raise InputError(found[1])
    return found


def preview(
    spec: BackfillSpec, found: Plan, runs: Iterable[Object], done: Places = NO_PLACES
) -> list[Planned]:
    """
    Return what would be done at each logical time, in the order of the starts.

    Args:
        spec: The backfill.
        found: Its logical times.
        runs: The runs of its workflow.
        done: The logical times that it has counted already.

    """
    chains = Chains(map(_link, runs))
    lines = []
    for place, (tick, called) in enumerate(zip(found.ticks, found.names, strict=True)):
        there = chains.of(called)
        known = [_tick_run(run, spec.workflow) for run in there]
        state = f"{name(there[-1])} {reason(there[-1])}" if there else ""
        if place in done or passed_over(called, known, spec.existing):
            lines.append(Planned(tick.at, "", state))
        else:
            again = rerun(called, known, spec.existing)
            lines.append(Planned(tick.at, again[0] if again else called, state))
    return lines if spec.order is TickOrder.OLDEST_FIRST else lines[::-1]


def _link(run: Object) -> Link[Object]:
    repeats = text(run, "spec", "rerunOf", "name") or None
    return Link(name(run), instant(run, "metadata", "creationTimestamp"), repeats, run)


def _tick_run(run: Object, workflow: str) -> TickRun:
    repeats = bool(text(run, "spec", "rerunOf", "name"))
    return TickRun(
        name=name(run),
        uid=text(run, "metadata", "uid"),
        ours=False,
        strange=text(run, "spec", "workflow") != workflow,
        began=not repeats or field(run, "status", "rerun") is not None,
        finished=instant(run, "status", "completionTime"),
        succeeded=succeeded(run),
    )
