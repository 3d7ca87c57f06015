"""Runs that wait for the archive: `headrace.engine.workflow.archive`, and what history deletes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.archive import ArchiveTerms
from headrace.engine.workflow.observed import KnownRun, ObservedWorkflow
from headrace.engine.workflow.supervise import supervise
from support.builders import at

TERMS = ArchiveTerms(timedelta(seconds=100))
NOTHING_STAYS = {"history": {"successfulRuns": 0, "failedRuns": 0}}
ENDED = KnownRun("stock-1", at(0), at(0), began=True, revision="r", finished=at(0), succeeded=True)


def stock(*runs: KnownRun, archive: ArchiveTerms | None = TERMS) -> ObservedWorkflow:
    """Return a workflow whose history keeps nothing."""
    task = {"name": "only", "image": "busybox"}
    spec = WorkflowSpec.model_validate({"tasks": [task], **NOTHING_STAYS})
    return ObservedWorkflow(
        *("shop", "stock", "w1", at(-9), 1, spec), revision="r", runs=runs, archive=archive
    )


@pytest.mark.parametrize(
    ("archive", "archived", "now", "want"),
    [
        pytest.param(None, False, 0, ("stock-1",), id="there is no archive"),
        pytest.param(TERMS, True, 0, ("stock-1",), id="the archive has it"),
        pytest.param(TERMS, False, 99, (), id="a second before the limit"),
        pytest.param(TERMS, False, 100, ("stock-1",), id="at the limit, unarchived"),
    ],
)
def test_history_waits_for_the_archive(
    archive: ArchiveTerms | None,
    archived: bool,  # noqa: FBT001 - a case
    now: int,
    want: tuple[str, ...],
) -> None:
    """A run goes when it is written; a lost archive must not fill the cluster."""
    seen = stock(replace(ENDED, archived=archived), archive=archive)
    assert want == supervise(seen, at(now)).delete_runs


def test_a_waiting_run_is_looked_at_again_at_the_limit() -> None:
    """If the archive is lost, no event wakes the workflow."""
    assert at(100) == supervise(stock(ENDED), at(3)).look_again_at


def test_what_is_lost_is_told_and_counted() -> None:
    """The Event names the runs and the cure; the world counts them for an alarm."""
    others = [replace(ENDED, name=f"stock-{n}") for n in (2, 3, 4)]
    seen = stock(ENDED, *others, replace(ENDED, name="stock-5", archived=True))
    decision = supervise(seen, at(100))
    assert ("stock-1", "stock-2", "stock-3", "stock-4") == decision.unarchived
    (note,) = decision.notes
    assert Reason.NOT_ARCHIVED == note.reason
    assert (
        "history deletes stock-1, stock-2, stock-3 and 1 more, which the archive has not written"
        " within 1m40s of the end; look at the log of the archive, or raise"
        " archive.hardLimitSeconds" == note.message
    )


def test_without_an_archive_nothing_is_lost() -> None:
    """Nobody has promised that these runs outlive the cluster."""
    decision = supervise(stock(ENDED, archive=None), at(100))
    assert ((), ()) == (decision.unarchived, decision.notes)


def test_runs_of_a_deleted_workflow_wait_too() -> None:
    """There is no Workflow to write an Event on; the world counts what is lost all the same."""
    gone = replace(stock(ENDED), exists=False, spec=None)
    hour: datetime = at(3600)
    written = replace(gone, runs=(replace(ENDED, archived=True),))
    slow = replace(gone, archive=ArchiveTerms(timedelta(hours=2)))
    assert ("stock-1",) == supervise(written, hour).delete_runs
    assert () == supervise(slow, hour).delete_runs
    assert ("stock-1",) == supervise(slow, at(7200)).unarchived


def test_a_called_run_goes_with_its_caller() -> None:
    """The archive marks the caller last, so the mark of the caller speaks for both."""
    called = replace(ENDED, name="called", called=True)
    assert ((), ()) == (
        supervise(stock(called), at(999)).delete_runs,
        supervise(stock(called), at(999)).unarchived,
    )
