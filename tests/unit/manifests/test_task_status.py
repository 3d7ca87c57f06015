"""Between a task's log and the `status` of a TaskRun: `headrace.manifests.task_status`."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.taskrun import TaskRunStatus
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.task.items import FailureCount, ItemFailure, ItemsLog
from headrace.engine.task.observed import Attempt, One, TaskLog
from headrace.manifests.conditions import Past
from headrace.manifests.task_status import read_task_status, task_status
from headrace.manifests.where import asked_in, in_run, where
from support.builders import at
from support.statuses import TASK_LOGS, fields_of, stored, values_of

BORN = at(-10)
UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PAST = Past(BORN)


@UNHURRIED
@given(TASK_LOGS)
def test_the_log_of_a_task_is_read_back_the_same(known: TaskLog) -> None:
    """A difference would be a change, and be written for ever."""
    assert known == read_task_status(stored(task_status(known, PAST)))


@UNHURRIED
@given(TASK_LOGS)
def test_the_status_of_a_task_fits_the_api(known: TaskLog) -> None:
    """What is written is what the schema allows."""
    TaskRunStatus.model_validate_json(json.dumps(stored(task_status(known, PAST))))


def test_an_object_without_a_status_has_an_empty_log() -> None:
    """It was just created."""
    assert TaskLog() == read_task_status({})


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [{"no": "type"}]},
        {"conditions": [{"type": "Succeeded", "reason": "NobodyKnows"}]},
        {"outcome": "Maybe"},
        {"startTime": "yesterday"},
        {"startTime": 7},
        {"startTime": "2030-01-01T12:00:00"},
        {"attempts": [{"number": 1, "reason": "NobodyKnows"}]},
        {"attempts": [{}]},
        {"attempts": 3},
        {"items": {"total": 2, "failed": "2"}},
        {"items": {"total": 2, "failed": "1-0"}},
    ],
)
def test_what_somebody_else_wrote_is_refused(status: dict[str, Any]) -> None:
    """Whoever reads it makes it anew."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong
        read_task_status(status)


FULL = TaskLog(
    attempts=(
        Attempt(
            number=1,
            where=where("x-a-1", "x-a-1-b7h2k", "n1"),
            created=at(0),
            scheduled=at(1),
            started=at(2),
            finished=at(3),
            progress=One(3),
            reason=Reason.NON_ZERO_EXIT,
            message="exit code 3",
            memory="2Gi",
            replaced=at(1),
        ),
        Attempt(2, where=in_run("etl-1-a-2"), created=at(3)),
        Attempt(3, where=asked_in("x-a-3"), created=at(3)),
    ),
    count=2,
    user_failures=1,
    infrastructure_failures=1,
    outcome=Outcome.FAILED,
    reason=Reason.RETRIES_EXHAUSTED,
    message="exit code 3",
    started=at(0),
    finished=at(3),
    next_attempt=at(4),
    outputs={"rows": {"new": 7}},
    items=ItemsLog(
        total=9,
        succeeded=Places.of([0, 1, 5]),
        failed=Places.of([7]),
        retrying=Places.of([8]),
        counts=(FailureCount(Places.of([8]), 1, 2),),
        failures=(ItemFailure(7, Reason.NON_ZERO_EXIT, "exit code 3", 3),),
        running=Places.of([2, 3]),
        memory_rule=1,
        taken_over=Places.of([0, 1]),
        digest="9f86d081",
    ),
    taken_over_from="etl-0",
    done=at(-60),
    observed_generation=1,
)


def test_every_field_of_the_type_is_written() -> None:
    """The reference describes no field that nobody fills."""
    written = task_status(FULL, PAST)
    assert fields_of(TaskRunStatus) == values_of(written, until=frozenset({".outputs"}))
    assert read_task_status(written) == FULL


def test_a_field_without_a_value_takes_away_what_was_there() -> None:
    """A status is a merge patch: what it does not name would stay."""
    written = task_status(TaskLog(), PAST)
    absent = {name for name, value in written.items() if value is None}
    assert {"outcome", "startTime", "completionTime"} < absent
    assert {field.alias for field in TaskRunStatus.model_fields.values()} == set(written)


def test_what_a_program_wrote_is_kept_as_it_is() -> None:
    """With its nulls, its large numbers and its order."""
    outputs = {"b": None, "a": [None, {"c": None}, 2**63], "n": {}}
    written = task_status(TaskLog(outputs=outputs), PAST)["outputs"]
    assert json.dumps(outputs) == json.dumps(written)


def test_fields_of_a_newer_version_are_passed_over() -> None:
    """After a step back to this version no task loses its log."""
    written = task_status(FULL, PAST)
    newer = {**written, "new": 1, "attempts": [{**each, "new": 1} for each in written["attempts"]]}
    assert read_task_status(newer) == FULL
