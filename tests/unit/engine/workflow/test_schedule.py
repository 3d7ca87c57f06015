"""Which ticks are due and which were missed: `headrace.engine.workflow.schedule`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.api.schema.name_limits import MAX_NAME
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import CatchUp, Schedule
from headrace.engine.workflow.run_names import run_name
from headrace.engine.workflow.schedule import (
    COUNTED,
    Due,
    Recorded,
    due,
    key_of,
    record_for,
)

DAY = datetime(2030, 5, 6, tzinfo=UTC)


def at(text: str) -> datetime:
    """Return a time of the day of the tests (`12:30`), or an instant in UTC."""
    if "-" in text:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    clock = datetime.strptime(text, "%H:%M:%S" if text.count(":") > 1 else "%H:%M")  # noqa: DTZ007 - the date follows
    return datetime.combine(DAY, clock.time(), tzinfo=UTC)


def hourly(catch_up: CatchUp = CatchUp.LATEST, **more: Any) -> Schedule:
    """Return a schedule with a tick at each full hour."""
    return Schedule(cron="0 * * * *", catch_up=catch_up, **more)


def recorded(schedule: Schedule, last_tick: str | None, since: str = "00:30") -> Recorded:
    """Return a record of a schedule that took effect at half past midnight."""
    last = None if last_tick is None else at(last_tick)
    return Recorded(key_of([schedule]), at(since), last)


def look(schedule: Schedule, last_tick: str | None, now: str, *, suspended: bool = False) -> Due:
    """Return what is due of one schedule."""
    return due([schedule], recorded(schedule, last_tick), at(now), suspended=suspended)


def started(answer: Due) -> str:
    """Return the times of the ticks that start a run."""
    return " ".join(tick.at.strftime("%H:%M") for tick in answer.ticks)


NONE, LATEST, ALL = CatchUp.NONE, CatchUp.LATEST, CatchUp.ALL

CATCH_UP = [
    pytest.param(hourly(), "05:00", "05:59", "", 0, id="no tick is due before its time"),
    pytest.param(hourly(), "05:00", "06:00", "06:00", 0, id="a tick is due at its time"),
    pytest.param(hourly(), None, "00:59", "", 0, id="no tick before the schedule took effect"),
    pytest.param(hourly(ALL), None, "03:00", "01:00 02:00 03:00", 0, id="no tick is recorded yet"),
    pytest.param(
        hourly(),
        "05:00",
        "09:30",
        "09:00",
        3,
        id="Latest starts the newest tick, and the others are missed",
    ),
    pytest.param(
        hourly(NONE), "05:00", "06:00:59", "06:00", 0, id="None starts a tick that is 59 s late"
    ),
    pytest.param(
        hourly(NONE), "05:00", "06:01:01", "", 1, id="None starts no tick that is 61 s late"
    ),
    pytest.param(
        hourly(NONE), "05:00", "09:00:10", "09:00", 3, id="None starts only the newest tick on time"
    ),
    pytest.param(hourly(NONE), "05:00", "09:30", "", 4, id="None starts no late tick"),
    pytest.param(
        hourly(NONE, starting_deadline_seconds=1800),
        *("05:00", "09:30", "09:00", 3),
        id="None starts a tick within startingDeadlineSeconds",
    ),
    pytest.param(
        *(hourly(ALL), "05:00", "09:30", "06:00 07:00 08:00 09:00", 0),
        id="All starts the oldest tick first",
    ),
    pytest.param(
        hourly(ALL, max_catch_up=2),
        *("05:00", "09:30", "08:00 09:00", 2),
        id="All starts the newest maxCatchUp ticks",
    ),
    pytest.param(
        *(hourly(ALL, max_catch_up=1), "05:00", "09:30", "09:00", 3),
        id="All with one tick is like Latest",
    ),
    pytest.param(
        hourly(starting_deadline_seconds=1800),
        *("05:00", "09:30", "09:00", 3),
        id="a tick just within startingDeadlineSeconds",
    ),
    pytest.param(
        hourly(starting_deadline_seconds=1799),
        *("05:00", "09:30", "", 4),
        id="a tick just after startingDeadlineSeconds",
    ),
    pytest.param(
        hourly(ALL, starting_deadline_seconds=7200),
        *("05:00", "09:30", "08:00 09:00", 2),
        id="All starts the ticks within startingDeadlineSeconds",
    ),
    pytest.param(
        Schedule(every_seconds=1200), "05:00", "05:59", "05:40", 1, id="everySeconds catches up too"
    ),
]


@pytest.mark.parametrize(("schedule", "last_tick", "now", "want", "missed"), CATCH_UP)
def test_what_is_due(
    schedule: Schedule, last_tick: str | None, now: str, want: str, missed: int
) -> None:
    """Each tick after the recorded one and not in the future starts a run or counts as missed."""
    answer = look(schedule, last_tick, now)
    assert want == started(answer)
    assert missed == answer.missed
    assert (missed > 0) == any(note.reason is Reason.MISSED_SCHEDULE for note in answer.notes)


def test_the_newest_tick_is_recorded_even_if_it_was_missed() -> None:
    """A missed tick is dealt with: the next turn does not count it again."""
    schedule = hourly(NONE)
    first = look(schedule, "05:00", "09:30")
    assert at("09:00") == first.recorded.last_tick
    again = due([schedule], first.recorded, at("09:30"), suspended=False)
    assert ((), 0, first.recorded) == (again.ticks, again.missed, again.recorded)


def test_the_next_look_is_the_next_tick() -> None:
    """Nobody needs to look before that."""
    assert at("10:00") == look(hourly(), "05:00", "09:30").next_look
    assert at("10:00") == look(hourly(), "08:00", "09:00").next_look


def test_an_interval_is_from_the_tick_before() -> None:
    """The interval is that of the schedule, also when ticks before were missed."""
    (tick,) = look(hourly(), "05:00", "09:30").ticks
    assert (at("08:00"), at("09:00")) == (tick.interval_start, tick.at)


def test_a_run_is_named_by_its_tick() -> None:
    """The name is the workflow's and the tick in minutes since 1970; in seconds between two."""
    want = "inventory-29396730"
    assert want == run_name("inventory", at("2025-11-22T09:30"))
    assert "inventory-1763803830" == run_name("inventory", at("2025-11-22T09:30:30"))
    longest = run_name("w" * MAX_NAME["Workflow"], at("2285-12-31T23:59:59"))
    assert MAX_NAME["WorkflowRun"] == len(longest)


# --- suspension -------------------------------------------------------------------------------


def test_a_suspended_schedule_waits() -> None:
    """Nothing starts, nothing is missed yet, nothing is recorded, nobody need look."""
    schedule = hourly()
    want = Due((), 0, (), recorded(schedule, "05:00"), None)
    assert want == look(schedule, "05:00", "09:30", suspended=True)


@pytest.mark.parametrize(
    ("catch_up", "want", "missed"),
    [(NONE, "", 4), (LATEST, "09:00", 3), (ALL, "06:00 07:00 08:00 09:00", 0)],
)
def test_the_end_of_a_suspension_is_the_end_of_a_downtime(
    catch_up: CatchUp, want: str, missed: int
) -> None:
    """`catchUp` says what becomes of ticks during a suspension."""
    schedule = hourly(catch_up)
    during = look(schedule, "05:00", "08:30", suspended=True)
    after = due([schedule], during.recorded, at("09:30"), suspended=False)
    assert (want, missed) == (started(after), after.missed)


# --- clocks that jump -------------------------------------------------------------------------


def test_a_clock_that_jumps_ahead_starts_one_run() -> None:
    """Ten years ahead: the newest tick, and a count that stops counting."""
    answer = look(hourly(), "05:00", "2040-05-06T09:30")
    assert [at("2040-05-06T09:00")] == [tick.at for tick in answer.ticks]
    want = COUNTED
    assert want == answer.missed
    assert answer.notes[0].message.startswith(f"at least {want} ticks of ")


def test_missed_ticks_of_an_interval_are_counted_exactly() -> None:
    """Millions of them are one subtraction."""
    schedule = Schedule(every_seconds=60)
    answer = look(schedule, "05:00", "2040-05-06T05:00")
    want = 3653 * 24 * 60 - 1
    assert want == answer.missed


def test_a_clock_that_is_set_back_starts_nothing_and_says_why() -> None:
    """Nothing fires twice; a person learns what is wrong, and when it ends by itself."""
    answer = look(hourly(), "2040-05-06T09:00", "09:30")
    nothing, want = ((), 0), [Reason.CLOCK_SET_BACK]
    assert nothing == (answer.ticks, answer.missed)
    assert want == [note.reason for note in answer.notes]
    assert at("2040-05-06T09:00") == answer.recorded.last_tick
    assert at("2040-05-06T10:00") == answer.next_look


def test_clocks_of_two_leaders_may_differ_a_little() -> None:
    """A new leader whose clock is a few seconds behind waits without a word."""
    answer = look(hourly(), "09:00", "08:59:40")
    assert ((), (), at("10:00")) == (answer.ticks, answer.notes, answer.next_look)


# --- several schedules, and changes of them ---------------------------------------------------


def test_a_tick_that_two_schedules_share_starts_one_run() -> None:
    """The name of the run is the lock; the interval is that of the schedule named first."""
    both = [Schedule(cron="0 */3 * * *"), hourly()]
    record = Recorded(key_of(both), at("00:30"), at("05:00"))
    answer = due(both, record, at("06:00"), suspended=False)
    assert [(at("03:00"), at("06:00"))] == [(t.interval_start, t.at) for t in answer.ticks]
    assert (at("06:00"), at("07:00")) == (answer.recorded.last_tick, answer.next_look)


def test_schedules_catch_up_each_by_its_own_rule() -> None:
    """Ticks of all schedules come in one order, oldest first."""
    both = [hourly(ALL, max_catch_up=2), Schedule(cron="30 * * * *")]
    record = Recorded(key_of(both), at("00:30"), at("05:00"))
    answer = due(both, record, at("09:40"), suspended=False)
    want = ("08:00 09:00 09:30", 2 + 4)
    assert want == (started(answer), answer.missed)
    assert at("09:30") == answer.recorded.last_tick


def test_a_workflow_without_schedules_has_nothing_due() -> None:
    """Nothing starts and nobody need look."""
    record = Recorded(key_of([]), at("00:30"))
    assert Due((), 0, (), record, None) == due([], record, at("09:30"), suspended=False)


def test_a_new_workflow_counts_from_its_creation() -> None:
    """A controller that was down when the workflow was created catches up to that moment."""
    schedule = hourly(ALL)
    record = record_for([schedule], None, begin=at("07:10"), now=at("09:30"))
    want = "08:00 09:00"
    assert want == started(due([schedule], record, at("09:30"), suspended=False))


def test_a_changed_schedule_has_missed_nothing() -> None:
    """From daily to hourly at noon: the ticks of the morning never were."""
    daily, now = Schedule(cron="@daily"), at("12:10")
    old = Recorded(key_of([daily]), at("00:00"), at("00:00"))
    record = record_for([hourly(ALL)], old, begin=at("00:00"), now=now)
    answer = due([hourly(ALL)], record, now, suspended=False)
    assert ((), 0, at("13:00")) == (answer.ticks, answer.missed, answer.next_look)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param([hourly(ALL), Schedule(every_seconds=600)], id="another catchUp"),
        pytest.param([Schedule(every_seconds=600), hourly()], id="another order"),
        pytest.param(
            [Schedule(cron=" 0  *  * * * "), Schedule(every_seconds=600)], id="other blanks"
        ),
    ],
)
def test_what_does_not_move_ticks_is_no_change(same: list[Schedule]) -> None:
    """The record goes on if the schedules fire when they did."""
    both = [hourly(), Schedule(every_seconds=600)]
    old = Recorded(key_of(both), at("00:00"), at("09:00"))
    assert old == record_for(same, old, begin=at("00:00"), now=at("12:10"))


def test_another_zone_is_a_change() -> None:
    """The same text in another zone fires at other instants."""
    old = Recorded(key_of([hourly()]), at("00:00"), at("09:00"))
    moved = [hourly(time_zone="Asia/Kolkata")]
    assert at("12:10") == record_for(moved, old, begin=at("00:00"), now=at("12:10")).since
