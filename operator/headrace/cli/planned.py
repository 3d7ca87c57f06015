"""
What a backfill would do at each logical time: the runs by name, and those that are there already.

Knows the engine's plan. Asks nobody: definitions and runs are values, from a cluster or a file.
Loads no types: they take longer than the rest of a dry run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from headrace.api.checks.instants import read_time
from headrace.api.v1alpha1.backfill_words import Existing, Step, TickOrder
from headrace.cli.input import InputError
from headrace.engine.backfill.chains import Chains, Link
from headrace.engine.backfill.existing import TickRun, passed_over, rerun
from headrace.engine.backfill.plan import Plan, Span, plan
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.text import rfc3339
from headrace.engine.workflow.cron import Timing
from headrace.views.objects import Object, field, instant, name, reason, succeeded, text
from headrace.views.ticks import WrittenSchedule


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


class Wanted(Span, Protocol):
    """What somebody asked for."""

    @property
    def existing(self) -> Existing:
        """What happens at a logical time that has a run already."""

    @property
    def order(self) -> TickOrder:
        """Which logical times come first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A Backfill as the command line writes it, with all that says what it would do."""

    workflow: str
    from_: datetime
    to: datetime
    step: Step
    step_seconds: int | None
    time_zone: str
    existing: Existing
    order: TickOrder


def asked_of(spec: Mapping[str, Any]) -> Asked:
    """Read the spec of a Backfill that has been checked."""
    return Asked(
        workflow=spec["workflow"],
        from_=read_time(spec["from"]),
        to=read_time(spec["to"]),
        step=Step(spec.get("step", Step.SCHEDULE)),
        step_seconds=spec.get("stepSeconds"),
        time_zone=spec.get("timeZone", "UTC"),
        existing=Existing(spec.get("existing", Existing.SKIP)),
        order=TickOrder(spec.get("order", TickOrder.OLDEST_FIRST)),
    )


def schedules_of(triggers: Sequence[Any]) -> tuple[WrittenSchedule, ...]:
    """Return the schedules among triggers that somebody has checked already."""
    written = (field(each, "schedule") for each in triggers)
    return tuple(WrittenSchedule.of(each) for each in written if each is not None)


def planned_of(spec: Span, schedules: tuple[Timing, ...]) -> Plan:
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
    spec: Wanted, found: Plan, runs: Iterable[Object], done: Places = NO_PLACES
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
            again = rerun(called, known)
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
