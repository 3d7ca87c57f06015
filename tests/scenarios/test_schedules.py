"""Schedules over months of a simulated clock: ticks, time changes, downtime, jumps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.workflow.observed import KnownRun, NewRun, ObservedWorkflow
from headrace.engine.workflow.supervise import supervise

BERLIN = ZoneInfo("Europe/Berlin")


class Clockwork:
    """A workflow, its runs, and a clock that a test moves. Each run ends at once."""

    def __init__(self, born: datetime, schedule: dict[str, Any], **spec: Any) -> None:
        task = {"name": "only", "image": "busybox", "command": ["true"]}
        given = {"tasks": [task], "triggers": [{"schedule": schedule}], **spec}
        self.made: list[NewRun] = []
        self.notes: list[str] = []
        self.workflow = ObservedWorkflow(
            *("default", "night", "w1", born, 1),
            WorkflowSpec.model_validate(given),
            revision="night-r1",
        )

    def look(self, now: datetime) -> datetime | None:
        """Take one turn at a time; return when the next is asked for."""
        decision = supervise(self.workflow, now)
        known = {run.name for run in self.workflow.runs}
        new = [run for run in decision.create if run.name not in known]
        self.made += new
        self.notes += [note.message for note in decision.notes]
        ended = [KnownRun(run.name, now, run.logical_time or now, finished=now) for run in new]
        log = decision.status or self.workflow.log
        self.workflow = replace(self.workflow, log=log, runs=(*self.workflow.runs, *ended))
        return decision.look_again_at

    def live(self, start: datetime, end: datetime) -> None:
        """Look whenever a look is asked for."""
        now: datetime | None = start
        while now is not None and now <= end:
            now = self.look(now)

    def local(self) -> list[str]:
        """Return the ticks of the runs that were made, in Berlin's time."""
        times = [run.logical_time for run in self.made if run.logical_time]
        return [f"{at.astimezone(BERLIN):%d.%m. %H:%M %Z}" for at in times]


@pytest.mark.parametrize(
    ("born", "end", "want"),
    [
        pytest.param(
            datetime(2026, 3, 28, tzinfo=UTC),
            datetime(2026, 3, 30, 12, tzinfo=UTC),
            ["28.03. 02:30 CET", "29.03. 03:00 CEST", "30.03. 02:30 CEST"],
            id="in spring at the first instant after the gap",
        ),
        pytest.param(
            datetime(2026, 10, 24, tzinfo=UTC),
            datetime(2026, 10, 26, 12, tzinfo=UTC),
            ["24.10. 02:30 CEST", "25.10. 02:30 CEST", "26.10. 02:30 CET"],
            id="in autumn at the first of the two",
        ),
    ],
)
def test_a_nightly_run_happens_once_each_night(
    born: datetime, end: datetime, want: list[str]
) -> None:
    """A run at 02:30 local time happens once a night, also when the clocks change."""
    clock = Clockwork(born, {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"})

    clock.live(born, end)

    assert want == clock.local()


def test_a_year_of_nights_has_a_run_for_each() -> None:
    """Over a whole year each local day has its run, each with a name of its own."""
    born = datetime(2026, 1, 1, tzinfo=UTC)
    clock = Clockwork(born, {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"})

    clock.live(born, born + timedelta(days=365))

    days = {f"{run.logical_time:%Y-%m-%d}" for run in clock.made}
    assert (365, 365, 365) == (len(clock.made), len(days), len({run.name for run in clock.made}))


def test_intervals_join_without_gap_or_overlap() -> None:
    """Each run's interval begins where the one before ended, time changes included."""
    born = datetime(2026, 3, 1, tzinfo=UTC)
    clock = Clockwork(born, {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"})

    clock.live(born, born + timedelta(days=60))

    intervals = [run.interval for run in clock.made if run.interval]
    assert [each.end for each in intervals[:-1]] == [each.start for each in intervals[1:]]


@pytest.mark.parametrize(
    ("catch_up", "made", "missed"),
    [
        pytest.param({"catchUp": "None"}, 0, 50, id="catchUp None starts no missed tick"),
        pytest.param({"catchUp": "Latest"}, 1, 49, id="catchUp Latest starts the newest tick"),
        pytest.param({"catchUp": "All"}, 50, 0, id="catchUp All starts each tick"),
        pytest.param(
            {"catchUp": "All", "maxCatchUp": 5}, 5, 45, id="catchUp All starts maxCatchUp ticks"
        ),
        pytest.param(
            {"catchUp": "All", "startingDeadlineSeconds": 7200},
            2,
            48,
            id="startingDeadlineSeconds drops old ticks",
        ),
    ],
)
def test_after_downtime(catch_up: dict[str, Any], made: int, missed: int) -> None:
    """What passed during 50 hours without a controller is caught up as the policy says."""
    born = datetime(2030, 1, 1, tzinfo=UTC)
    clock = Clockwork(born, {"cron": "0 * * * *", **catch_up})
    clock.look(born)

    clock.look(born + timedelta(hours=50, minutes=30))

    assert (made, missed) == (len(clock.made), clock.workflow.log.missed)
    assert (missed > 0) == bool(clock.notes)


@pytest.mark.parametrize("years", [-10, 10], ids=["back", "forward"])
def test_a_jump_of_the_clock_starts_no_burst(years: int) -> None:
    """A clock that jumps by ten years and comes back starts at most one run."""
    born = datetime(2030, 1, 1, 0, 30, tzinfo=UTC)
    clock = Clockwork(born, {"everySeconds": 3600})
    clock.look(born)

    clock.look(born + timedelta(days=365 * years))
    clock.look(born + timedelta(minutes=1))

    assert len(clock.made) <= 1
