"""When schedules fire next: `headrace.views.ticks`."""

from datetime import UTC, datetime
from itertools import islice

from headrace.views.ticks import ticks
from support.window import workflow

MARCH = datetime(2030, 3, 30, tzinfo=UTC)


def test_the_clocks_of_the_zone_are_told() -> None:
    """A night on which they change has a mark."""
    daily = {"schedule": {"cron": "0 4 * * *", "timeZone": "Europe/Berlin"}}
    upcoming = list(islice(ticks(workflow(spec={"triggers": [daily]}), MARCH), 3))
    assert [
        ("2030-03-30T04:00:00+01:00", ""),
        ("2030-03-31T04:00:00+02:00", "+01:00"),
        ("2030-04-01T04:00:00+02:00", ""),
    ] == [(tick.local, tick.clocks) for tick in upcoming]
    autumn = datetime(2030, 10, 26, 12, tzinfo=UTC)
    (back,) = islice(ticks(workflow(spec={"triggers": [daily]}), autumn), 1)
    assert "-01:00" == back.clocks


def test_several_schedules_are_one_list() -> None:
    """In the order of time; a workflow without a schedule has none."""
    triggers = [
        {"schedule": {"everySeconds": 3600}},
        {"schedule": {"cron": "30 0 30 3 *"}},
        {"workflow": {"name": "other"}},
    ]
    upcoming = list(islice(ticks(workflow(spec={"triggers": triggers}), MARCH), 2))
    assert ["2030-03-30T00:30:00Z", "2030-03-30T01:00:00Z"] == [tick.utc for tick in upcoming]
    assert [] == list(ticks(workflow(), MARCH))
