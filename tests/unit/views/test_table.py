"""Columns that stand under each other: `headrace.views.table`."""

from headrace.views.columns import OF_KIND, RUNS
from headrace.views.table import Cell, Row, aligned, rows, shown
from headrace.views.tones import Tone
from support.window import NOW, ago, approval, run, task, workflow


def lines(titles: list[str], *body: list[str]) -> list[str]:
    listed = aligned(titles, [Row(tuple(map(Cell, line))) for line in body])
    return ["".join(cell.text for cell in line) for line in listed]


def test_each_column_is_as_wide_as_its_widest_cell() -> None:
    """Also in letters that take two places, or none."""
    assert ["NAME   END", "a      1", "東京   2", "e\u0301      3"] == lines(
        ["NAME", "END"], ["a", "1"], ["東京", "2"], ["e\u0301", "3"]
    )


def test_a_long_cell_is_cut_unless_it_is_the_last() -> None:
    """A question may have thousands of characters; a message is what people look for."""
    (_, line) = lines(["A", "B"], ["x" * 99, "y" * 99])
    assert f"{'x' * 59}…   {'y' * 99}" == line


def test_a_cell_is_one_line() -> None:
    """Whatever a message holds."""
    (row,) = rows([run("a", "Failed", "first\nsecond\t third")], RUNS, NOW)
    assert "first second third" == row.cells[-1].text


def test_the_state_has_the_mood_of_the_row() -> None:
    """No other cell has a colour."""
    (row,) = rows([run("a", "Failed")], shown(RUNS, wide=False), NOW)
    assert [None, None, Tone.BAD, None, None, None, None] == [cell.tone for cell in row.cells]


def test_each_kind_has_its_columns() -> None:
    """With the cells that people look for."""
    started = {"startTime": ago(seconds=90)}
    items = [
        run("r", progress="1/3", **started),
        task("r", "t", attemptCount=2, attempts=[{"nodeName": "n1"}], **started),
        workflow(lastRunTime=ago(hours=1), nextRunTime="2030-02-01T00:00:00Z"),
        approval("r", "ask", answer="approve"),
    ]
    expected = {
        "WorkflowRun": {"PROGRESS": "1/3", "DURATION": "1m30s", "AGE": "2m", "STATUS": "Running"},
        "TaskRun": {"TASK": "t", "ATTEMPTS": "2", "NODE": "n1"},
        "Workflow": {"READY": "True", "SUSPENDED": "false", "LAST RUN": "1h"},
        "Approval": {"CHOICES": "approve,reject", "ANSWER": "approve", "STATUS": "Answered"},
    }
    held = {"run": "r", "task": "t"}
    pool = {"kind": "Pool", "metadata": {"name": "warehouse"}, "spec": {"slots": 2}}
    items.append({**pool, "status": {"used": 2, "waiting": 1, "queue": [held]}})
    expected["Pool"] = {"SLOTS": "2", "USED": "2", "WAITING": "1", "NEXT": "r.t"}
    for item in items:
        columns = OF_KIND[item["kind"]]
        (row,) = rows([item], columns, NOW)
        cells = {column.title: cell.text for column, cell in zip(columns, row.cells, strict=True)}
        assert expected[item["kind"]].items() <= cells.items()


def test_an_object_without_a_status_has_a_row() -> None:
    """The controller may not have seen it yet."""
    for kind, columns in OF_KIND.items():
        (row,) = rows([{"kind": kind, "metadata": {"name": "a"}}], columns, NOW)
        assert "a" == row.cells[0].text
