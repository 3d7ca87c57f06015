"""Between the engine's log of a workflow and its `status`: `headrace.manifests.workflow_status`."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import WorkflowStatus
from headrace.engine.workflow.ends import Handled, Upstream
from headrace.engine.workflow.observed import WorkflowLog
from headrace.engine.workflow.schedule import Recorded
from headrace.manifests.conditions import Past
from headrace.manifests.workflow_status import read_workflow_status, workflow_status
from support.builders import at
from support.invariants import moves_only_on_change
from support.statuses import fields_of, stored, values_of

UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PAST = Past(at(-60))
TIMES = st.integers(0, 10**9).map(lambda seconds: at(0) + timedelta(seconds=seconds))
NAMES = st.none() | st.text("abc-1", min_size=1, max_size=10)
LOGS = st.builds(
    WorkflowLog,
    ready=st.booleans(),
    reason=st.sampled_from(Reason),
    message=st.text("words ", max_size=20),
    since=TIMES,
    observed_generation=st.integers(0, 99),
    revision=NAMES,
    applied_revision=NAMES,
    active=st.integers(0, 99),
    waiting=st.integers(0, 99),
    last_run=NAMES,
    last_run_time=st.none() | TIMES,
    last_outcome=NAMES,
    schedule=st.none() | st.builds(Recorded, st.text("abc", min_size=1), TIMES, st.none() | TIMES),
    next_run=st.none() | TIMES,
    missed=st.integers(0, 99),
)


@UNHURRIED
@given(LOGS)
def test_the_log_of_a_workflow_is_read_back_the_same(known: WorkflowLog) -> None:
    """A difference would be a change, and be written for ever."""
    assert known == read_workflow_status(stored(workflow_status(known, PAST)))


@UNHURRIED
@given(st.lists(st.tuples(LOGS, TIMES), max_size=8))
def test_the_time_of_a_condition_moves_only_on_change_and_never_back(
    steps: list[tuple[WorkflowLog, datetime]],
) -> None:
    """Whatever the log says next, and whatever the clock shows."""
    status: dict[str, Any] = {}
    for known, now in steps:
        after = workflow_status(known, Past.of(status, at(-60), now))
        moves_only_on_change(status, after)
        status = stored(after)


@UNHURRIED
@given(LOGS)
def test_the_status_of_a_workflow_fits_the_api(known: WorkflowLog) -> None:
    """What is written is what the schema allows."""
    WorkflowStatus.model_validate_json(json.dumps(stored(workflow_status(known, PAST))))


def test_an_object_without_a_status_has_an_empty_log() -> None:
    """It was just created."""
    assert WorkflowLog() == read_workflow_status({})


@pytest.mark.parametrize(
    ("ready", "since", "want"),
    [
        (True, None, {"Ready": ("True", -60), "Stalled": ("False", -60)}),
        (True, at(5), {"Ready": ("True", 5), "Stalled": ("False", 5)}),
        (False, at(9), {"Ready": ("False", 9), "Stalled": ("True", 9)}),
    ],
)
def test_conditions(
    ready: bool,  # noqa: FBT001 - a table
    since: datetime | None,
    want: dict[str, tuple[str, int]],
) -> None:
    """Ready and Stalled change together; a workflow is never being worked on for long."""
    status = workflow_status(WorkflowLog(ready=ready, since=since), PAST)
    found = {
        each["type"]: (each["status"], (datetime.fromisoformat(each["lastTransitionTime"]) - at(0)))
        for each in status["conditions"]
    }
    seconds = {kind: (state, int(when.total_seconds())) for kind, (state, when) in found.items()}
    assert {**want, "Reconciling": ("False", -60)} == seconds


FULL = WorkflowLog(
    ready=True,
    reason=Reason.READY,
    message="all is well",
    since=at(0),
    observed_generation=1,
    revision="etl-2",
    applied_revision="etl-1",
    active=1,
    waiting=1,
    last_run="etl-7",
    last_run_time=at(1),
    last_outcome="Failed",
    schedule=Recorded("key", at(0), at(1)),
    next_run=at(2),
    missed=1,
    followed={Upstream("shop", "orders"): Handled(at(3), frozenset({"u1"}))},
)


def test_every_field_of_the_type_is_written() -> None:
    """The reference describes no field that nobody fills."""
    written = workflow_status(FULL, PAST)
    assert fields_of(WorkflowStatus) == values_of(written)
    assert read_workflow_status(written) == FULL
