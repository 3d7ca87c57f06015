"""What holds for every history of looks at a schedule: `headrace.engine.workflow.schedule`."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.trigger import CatchUp, Schedule
from headrace.engine.workflow.cron import ticks
from headrace.engine.workflow.schedule import Due, Recorded, due, key_of
from headrace.engine.workflow.tick import Tick

UNHURRIED = settings(deadline=None)  # a loaded machine is no defect

SCHEDULES = st.builds(
    lambda base, **more: Schedule(**base, **more),
    st.sampled_from(
        [
            {"cron": "0 * * * *"},
            {"cron": "*/15 * * * *", "time_zone": "Australia/Lord_Howe"},
            {"cron": "0,30 1-3 * * *", "time_zone": "Europe/Berlin"},
            {"cron": "30 2 * * *", "time_zone": "America/New_York"},
            {"every_seconds": 3660},
        ]
    ),
    catch_up=st.sampled_from(CatchUp),
    max_catch_up=st.integers(1, 5),
    starting_deadline_seconds=st.none() | st.integers(10, 20_000),
)
STARTS = st.sampled_from(
    [
        datetime(2026, 3, 28, 18, 20, tzinfo=UTC),
        datetime(2026, 10, 24, 18, 20, tzinfo=UTC),
        datetime(2026, 4, 4, 5, tzinfo=UTC),
    ]
)
JUMPS = st.lists(st.integers(-100_000, 100_000).map(lambda s: timedelta(seconds=s)), max_size=20)


@UNHURRIED
@given(SCHEDULES, STARTS, JUMPS)
def test_a_tick_fires_at_most_once_whatever_the_clock_does(
    schedule: Schedule, start: datetime, jumps: list[timedelta]
) -> None:
    """Looks at any times, forwards and backwards: no tick twice, none early, none before."""
    now = start
    record, fired = Recorded(key_of([schedule]), now), []
    for jump in jumps:
        now += jump
        answer = due([schedule], record, now, suspended=False)
        assert all(start < tick.at <= now for tick in answer.ticks)
        fired += [tick.at for tick in answer.ticks]
        record = answer.recorded
    assert sorted(set(fired)) == fired


@UNHURRIED
@given(SCHEDULES, STARTS, JUMPS, st.lists(st.booleans(), min_size=20, max_size=20))
def test_each_tick_is_started_or_missed(
    schedule: Schedule, start: datetime, waits: list[timedelta], suspensions: list[bool]
) -> None:
    """Over any looks and suspensions, started and missed ticks add up to all that passed."""
    now = start
    record, fired, missed = Recorded(key_of([schedule]), now), 0, 0
    for wait, suspended in zip([*waits, timedelta(hours=1)], [*suspensions, False], strict=False):
        now += abs(wait)
        answer = due([schedule], record, now, suspended=suspended)
        fired, missed, record = fired + len(answer.ticks), missed + answer.missed, answer.recorded
    last = record.last_tick or start
    passed = takewhile(lambda tick: tick <= last, ticks(schedule, start, 1))
    assert sum(1 for _ in passed) == fired + missed


@UNHURRIED
@given(SCHEDULES, STARTS, JUMPS, st.lists(st.booleans(), min_size=20, max_size=20))
def test_a_tick_that_has_a_run_is_not_missed_though_no_record_tells_of_it(
    schedule: Schedule, start: datetime, waits: list[timedelta], losses: list[bool]
) -> None:
    """Records get lost, runs stay: started and missed ticks still add up to all that passed."""
    now = start
    record, fired, missed = Recorded(key_of([schedule]), now), set[datetime](), 0
    for wait, lost in zip([*waits, timedelta(hours=1)], [*losses, False], strict=False):
        now += abs(wait)
        answer = due([schedule], record, now, suspended=False, started=frozenset(fired))
        fired |= {tick.at for tick in answer.ticks}
        if not lost:
            missed, record = missed + answer.missed, answer.recorded
    last = record.last_tick or start
    passed = list(takewhile(lambda tick: tick <= last, ticks(schedule, start, 1)))
    assert len(passed) == len(fired & set(passed)) + missed


@UNHURRIED
@given(STARTS, st.lists(st.integers(0, 200_000), max_size=20))
def test_looking_more_often_changes_nothing_for_all(start: datetime, cuts: list[int]) -> None:
    """With `catchUp: All` and room for all, many looks start the same runs as one."""
    schedule = Schedule(
        cron="0,30 1-3 * * *", time_zone="Europe/Berlin", catch_up=CatchUp.ALL, max_catch_up=1000
    )
    begin, end = start, start + timedelta(seconds=200_000)
    record = Recorded(key_of([schedule]), begin)
    fired: list[Tick] = []
    for cut in [*sorted(cuts), 200_000]:
        answer = due([schedule], record, begin + timedelta(seconds=cut), suspended=False)
        fired += answer.ticks
        record = answer.recorded
    at_once = due([schedule], Recorded(key_of([schedule]), begin), end, suspended=False)
    assert list(at_once.ticks) == fired
    assert at_once.recorded == record


@UNHURRIED
@given(SCHEDULES, STARTS, st.integers(0, 200_000))
def test_deciding_again_asks_for_nothing_new(
    schedule: Schedule, start: datetime, later: int
) -> None:
    """A second turn at the same time, on what the first recorded, has nothing to do."""
    now = start + timedelta(seconds=later)
    first = due([schedule], Recorded(key_of([schedule]), start), now, suspended=False)
    again = due([schedule], first.recorded, now, suspended=False)
    want = Due((), 0, (), first.recorded, first.next_look)
    assert want == again
