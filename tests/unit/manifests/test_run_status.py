"""Between a run's log and the `status` of a WorkflowRun: `headrace.manifests.run_status`."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Interval, RunStatus
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, Inheritance, Mark, RunLog, Watched
from headrace.manifests.conditions import Past
from headrace.manifests.run_status import has_begun, read_run_status, read_what_is_left, run_status
from support.builders import at
from support.statuses import RUN_LOGS, TIMES, fields_of, stored, values_of

BORN = at(-10)
UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PAST = Past(BORN)


@UNHURRIED
@given(RUN_LOGS, st.none() | TIMES, st.booleans())
def test_the_log_of_a_run_is_read_back_the_same(
    known: RunLog,
    finished: datetime | None,
    succeeded: bool,  # noqa: FBT001 - drawn
) -> None:
    """Ended or not."""
    known = replace(known, finished=finished, succeeded=None if finished is None else succeeded)
    assert known == read_run_status(stored(run_status(known, PAST)))


@UNHURRIED
@given(RUN_LOGS)
def test_a_status_shows_that_a_run_has_begun_without_being_read(log: RunLog) -> None:
    """Thousands of runs may wait, and each is asked."""
    assert log.begun == has_begun(stored(run_status(log, PAST)))


@UNHURRIED
@given(RUN_LOGS)
def test_the_status_of_a_run_fits_the_api(known: RunLog) -> None:
    """What is written is what the schema allows."""
    RunStatus.model_validate_json(json.dumps(stored(run_status(known, PAST))))


def test_an_object_without_a_status_has_an_empty_log() -> None:
    """It was just created."""
    assert RunLog() == read_run_status({})


def test_a_run_shows_its_progress() -> None:
    """For the printed column."""
    known = RunLog(counts=Counts(total=6, running=2, pending=1, succeeded=2, omitted=1))
    status = run_status(known, PAST)
    assert "3/6" == status["progress"]
    assert {"total": 6, "running": 2, "succeeded": 2}.items() <= status["tasks"].items()


FULL = RunLog(
    succeeded=False,
    reason=Reason.FAILED,
    message="1 failed (a)",
    since=at(1),
    started=at(0),
    finally_since=at(2),
    finished=at(3),
    counts=Counts(8, 1, 1, 1, 1, 1, 1, 1),
    positions="0-41,43",
    marks=(Mark(Outcome.OMITTED, Reason.UPSTREAM_FAILED, "b failed", at(2), "7"),),
    attention=(Watched("a", Reason.NON_ZERO_EXIT, "exit code 3", at(2)),),
    outputs={"rows": {"new": 7}},
    revision="etl-1",
    observed_generation=1,
    inheritance=Inheritance(
        given={"region": "eu"},
        logical_time=at(0),
        interval=Interval(start=at(-9), end=at(0)),
        taken_over="0-3",
        continued="4",
        source_uid="9f86d081",
    ),
)


def test_every_field_of_the_type_is_written() -> None:
    """The reference describes no field that nobody fills."""
    written = run_status(FULL, PAST)
    assert fields_of(RunStatus) == values_of(written, until=frozenset({".outputs"}))
    assert read_run_status(written) == FULL


def test_fields_of_a_newer_version_are_passed_over() -> None:
    """After a step back to this version no run loses its log."""
    written = run_status(FULL, PAST)
    newer = {**written, "new": 1, "tasks": {**written["tasks"], "new": 1}}
    assert read_run_status(newer) == FULL


@pytest.mark.parametrize(
    "status",
    [
        {"tasks": {"total": "many"}},
        {"started": "0-99999999999"},
        {"attention": [{}]},
        {"marks": [{"outcome": "Odd", "reason": "Failed", "tasks": "0"}]},
        {"conditions": [{"type": "Succeeded"}]},
        {"startTime": 7},
    ],
)
def test_what_somebody_else_wrote_of_a_run_is_refused(status: dict[str, Any]) -> None:
    """Whoever reads it makes it anew."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong
        read_run_status(status)


KEPT = RunLog(revision=FULL.revision, positions=FULL.positions, marks=FULL.marks)


@pytest.mark.parametrize(
    ("garbled", "want"),
    [
        pytest.param({"attention": 3}, KEPT, id="what is told is garbled"),
        pytest.param({"conditions": ["x"]}, KEPT, id="conditions are garbled"),
        pytest.param({"revision": 3}, replace(KEPT, revision=None), id="the revision is garbled"),
        pytest.param({"started": "x"}, replace(KEPT, positions=""), id="positions are garbled"),
        pytest.param({"started": 3}, replace(KEPT, positions=""), id="positions are a number"),
        pytest.param({"marks": 3}, replace(KEPT, marks=()), id="marks are garbled"),
        pytest.param({"marks": [{}]}, replace(KEPT, marks=()), id="a mark is garbled"),
        pytest.param(
            {"marks": None}, replace(KEPT, marks=None), id="the status is older than marks"
        ),
    ],
)
def test_of_a_garbled_status_the_rest_is_kept(garbled: dict[str, Any], want: RunLog) -> None:
    """As far as it is found nowhere else: what is a projection is made anew."""
    assert want == read_what_is_left({**run_status(FULL, PAST), **garbled})
