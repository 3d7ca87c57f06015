"""What people find in the ledger: `headrace.archive.ledger.reading`, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from headrace.archive.ledger.kept import kept_log
from headrace.archive.ledger.reading import Reader, Search
from headrace.archive.ledger.writing import Writer
from headrace.views.objects import name
from support.kept_runs import LOG, SPEC, changed, kept
from support.window import NOW, conditions

LATE = conditions("Succeeded", "False", "DeadlineExceeded")


def found(reader: Reader, **search: Any) -> list[str]:
    """Return the names of the runs that a search finds, in its order."""
    return [name(each) for each in reader.runs(Search(**search))]


@pytest.fixture
def filled(writer: Writer, reader: Reader) -> Reader:
    """Return a ledger with runs of two workflows and two namespaces, the newest first."""
    for number, item in enumerate(
        (
            kept("stock-4", created=NOW),
            kept("stock-3", "Failed", created=NOW - timedelta(hours=1)),
            kept("prices-2", "Cancelled", workflow="prices", created=NOW - timedelta(hours=2)),
            kept("prices-1", workflow="prices", namespace="other", conditions=LATE),
            kept("stock_x", namespace="other", created=NOW - timedelta(hours=9)),
        )
    ):
        assert writer.keep(item, NOW), number
    return reader


@pytest.mark.parametrize(
    ("search", "want"),
    [
        pytest.param(
            {"namespace": "shop"},
            ["stock-4", "stock-3", "prices-2"],
            id="newest first, one namespace",
        ),
        pytest.param({"namespace": "shop", "most": 2}, ["stock-4", "stock-3"], id="a limit"),
        pytest.param({"namespace": "shop", "workflow": "prices"}, ["prices-2"], id="a workflow"),
        pytest.param({"status": "failed"}, ["prices-1", "stock-3"], id="each way to fail"),
        pytest.param({"status": "CANCELLED"}, ["prices-2"], id="a reason in any case"),
        pytest.param({"status": "running"}, [], id="nothing runs here"),
        pytest.param({"name": "k_"}, ["stock_x"], id="a sign of patterns means itself"),
    ],
)
def test_a_search_finds(filled: Reader, search: dict[str, Any], want: list[str]) -> None:
    """The same words as on the command line find the same runs as in the cluster."""
    assert sorted(want) == sorted(found(filled, **search))
    assert "prices-1" in want or want == found(filled, **search)  # two have one time


def test_a_run_comes_out_as_it_went_in(writer: Writer, reader: Reader) -> None:
    """With its mark, its tasks in the order of their start, its definition and its warnings."""
    item = kept()
    writer.keep(item, NOW)
    run = reader.run("shop", "stock-1")
    assert run is not None
    stamps = run.run["metadata"]["annotations"]
    assert {
        "headrace.dev/requested-by": "alice",
        "headrace.dev/archived": "2030-01-31T12:00:00Z",
    } == stamps
    assert item.run["spec"] == run.run["spec"]
    assert item.run["status"] == run.run["status"]
    assert sorted(item.tasks, key=name) == sorted(run.tasks, key=name)
    assert SPEC == run.definition
    assert (("stock-1-load-1", "Back-off pulling image"),) == run.warnings


def test_there_may_be_no_such_run(filled: Reader) -> None:
    """A name of another namespace is another name."""
    assert filled.run("shop", "prices-1") is None
    assert [] == list(filled.logs("shop", "prices-1"))


def test_names_are_those_of_the_newest(filled: Reader) -> None:
    """They complete in a shell, and one of them is suggested for a wrong one."""
    assert ["stock-4", "stock-3"] == filled.names("shop", 2)


def test_logs_come_by_task_attempt_and_item(writer: Writer, reader: Reader) -> None:
    """As bytes: a program may print anything."""
    odd = b"2030-01-31T11:59:01Z \xff\x00\n"
    logs = [
        kept_log(("load", 2, None), "p3", LOG, cut=True),
        kept_log(("load", 1, 10), "p2", odd, cut=False),
        kept_log(("load", 1, 9), "p1", LOG, cut=False),
    ]
    writer.keep(changed(kept(), logs=logs), NOW)
    got = list(reader.logs("shop", "stock-1"))
    assert [logs[2], logs[1], logs[0]] == got
    assert [odd.rstrip(b"\n")] == got[1].lines
    assert [logs[0]] == list(reader.logs("shop", "stock-1", "load", 2))
    assert [] == list(reader.logs("shop", "stock-1", "extract"))
