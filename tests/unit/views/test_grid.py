"""Runs and tasks as a grid: `headrace.views.grid`."""

from zoneinfo import ZoneInfo

import pytest

from headrace.views.grid import days, grid, usual
from support.window import ago, run, task

OLD = {"tasks": [{"name": "gone"}, {"name": "load"}]}
NEW = {"tasks": [{"name": "extract"}, {"name": "load"}]}


def test_tasks_of_older_definitions_come_last() -> None:
    """A run without a task has nothing in its row."""
    shown = grid(
        [run("new"), run("old", "Failed")],
        [task("old", "gone", "Succeeded"), task("old", "load", "Failed")],
        {"new": NEW, "old": OLD},
        more=False,
    )
    assert ["extract", "load", "gone"] == shown.tasks
    assert ["old", "new"] == [row.name for row in shown.runs]
    by_run = [
        [shown.states[cell].reason if cell >= 0 else "" for cell in cells] for cells in shown.cells
    ]
    assert [["", "Failed", "Succeeded"], ["Pending", "Pending", ""]] == by_run


@pytest.mark.parametrize(
    ("count", "expected"), [(4, None), (10, (1.9, 5.5, 9.1))], ids=["too few", "enough"]
)
def test_what_is_usual_comes_from_runs_that_succeeded(
    count: int, expected: tuple[float, float, float] | None
) -> None:
    """Failed runs end early, or late, and say nothing of it."""
    ended = [
        run(
            f"r{number}",
            "Succeeded",
            startTime=ago(seconds=100),
            completionTime=ago(seconds=100 - number),
        )
        for number in range(1, count + 1)
    ]
    failed = run("bad", "Failed", startTime=ago(hours=9), completionTime=ago(hours=1))
    found = usual([*ended, failed, run("now", startTime=ago(minutes=1))])
    assert expected == (
        None
        if found is None
        else tuple(round(each, 1) for each in (found.low, found.middle, found.high))
    )


def test_a_run_belongs_to_the_day_of_its_logical_time() -> None:
    """In the zone of whoever looks."""
    late = {"spec": {"logicalTime": "2030-01-30T23:30:00Z"}}
    early = {"spec": {"logicalTime": "2030-01-30T01:00:00Z"}}
    runs = [run("a", "Succeeded", **late), run("b", "Failed", **early), run("c", **early)]
    berlin = days(runs, ZoneInfo("Europe/Berlin"))
    assert [("2030-01-30", 0, 1, 1, ""), ("2030-01-31", 1, 0, 0, "a")] == [
        (day.date, day.good, day.bad, day.going_on, day.run) for day in berlin
    ]
    assert ["2030-01-30"] == [day.date for day in days(runs, ZoneInfo("UTC"))]
