"""
When the schedules of a workflow fire next.

Knows the schedules as the API server, or `validate`, has checked them already. Starts nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from headrace.engine.workflow.cron import next_tick
from headrace.engine.workflow.run_names import run_name
from headrace.views.objects import Object, entries, field, name, number, text
from headrace.views.workflow_rows import Tick


@dataclass(frozen=True, slots=True)
class WrittenSchedule:
    """When a schedule fires, as its author wrote it."""

    cron: str | None
    every_seconds: int | None
    time_zone: str

    @classmethod
    def of(cls, schedule: Object) -> "WrittenSchedule":
        """Read a schedule."""
        every = number(schedule, "everySeconds") or None
        zone = text(schedule, "timeZone") or "UTC"
        return cls(text(schedule, "cron") or None, every, zone)


def ticks(workflow: Object, begin: datetime) -> Iterator[Tick]:
    """Yield the ticks of all schedules of a workflow after an instant, without end."""
    written = [field(each, "schedule") for each in entries(workflow, "spec", "triggers")]
    schedules = [WrittenSchedule.of(each) for each in written if each is not None]
    while schedules:
        following = [(next_tick(each, begin), each) for each in schedules]
        due = [(at, each) for at, each in following if at is not None]
        if not due:
            return
        at, schedule = min(due, key=lambda pair: pair[0])
        local = at.astimezone(ZoneInfo(schedule.time_zone))
        earlier = begin.astimezone(local.tzinfo)
        yield Tick(
            run=run_name(name(workflow), at),
            local=local.isoformat(),
            zone=schedule.time_zone,
            utc=at.isoformat().replace("+00:00", "Z"),
            clocks=_shift((local.utcoffset() or _ZERO) - (earlier.utcoffset() or _ZERO)),
        )
        begin = at


_ZERO = timedelta(0)


def _shift(by: timedelta) -> str:
    """Write how far the clocks were moved."""
    if not by:
        return ""
    hours, minutes = divmod(abs(int(by.total_seconds())) // 60, 60)
    return f"{'+' if by > _ZERO else '-'}{hours:02}:{minutes:02}"
