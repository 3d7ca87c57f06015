"""Between the engine's logs and the `status` of objects, both ways: `headrace.manifests.status`."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import RunStatus
from headrace.api.v1alpha1.taskrun import TaskRunStatus
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, Mark, RunLog
from headrace.engine.task.observed import Attempt, One, TaskLog, Watched
from headrace.manifests.conditions import Past
from headrace.manifests.status import (
    duration,
    read_run_status,
    read_task_status,
    run_status,
    task_status,
)
from headrace.manifests.where import where
from support.builders import at, ended, failed, log
from support.invariants import moves_only_on_change

BORN = at(-10)
UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PAST = Past(BORN)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
WORDS = st.text("abc-1", min_size=1, max_size=10)
REASONS = st.sampled_from(Reason)

ATTEMPTS = st.builds(
    Attempt,
    number=st.integers(1, 99),
    where=st.builds(where, st.none() | WORDS, st.none() | WORDS, st.none() | WORDS),
    created=st.none() | TIMES,
    scheduled=st.none() | TIMES,
    started=st.none() | TIMES,
    finished=st.none() | TIMES,
    progress=st.builds(One, st.none() | st.integers(0, 255)),
    reason=st.none() | REASONS,
    message=TEXTS,
    memory=st.none() | WORDS,
)
COUNT = st.integers(0, 5000)
TASK_LOGS = st.builds(
    TaskLog,
    attempts=st.lists(ATTEMPTS, max_size=10, unique_by=lambda each: each.number).map(tuple),
    count=COUNT,
    user_failures=COUNT,
    infrastructure_failures=COUNT,
    outcome=st.none() | st.sampled_from(Outcome),
    reason=REASONS,
    message=TEXTS,
    started=st.none() | TIMES,
    finished=st.none() | TIMES,
    next_attempt=st.none() | TIMES,
    outputs=st.none() | st.dictionaries(TEXTS, st.integers() | TEXTS, max_size=3),
    observed_generation=COUNT,
)
RUN_LOGS = st.builds(
    RunLog,
    reason=REASONS,
    message=TEXTS,
    since=st.none() | TIMES,
    started=st.none() | TIMES,
    finally_since=st.none() | TIMES,
    counts=st.builds(Counts, *[COUNT] * 8),
    positions=st.sampled_from(["", "0", "0-41,43"]),
    marks=st.none()
    | st.lists(
        st.builds(
            *(Mark, st.sampled_from(Outcome), REASONS, TEXTS, st.none() | TIMES),
            st.sampled_from(["0", "0-41,43"]),
        ),
        max_size=20,
    ).map(tuple),
    attention=st.lists(
        st.builds(Watched, WORDS.map(lambda name: f"t{name}t"), REASONS, TEXTS, st.none() | TIMES),
        max_size=20,
    ).map(tuple),
    revision=st.none() | WORDS,
    observed_generation=COUNT,
)


def stored(status: dict[str, Any]) -> dict[str, Any]:
    """Return a status as an API server gives it back: as JSON, without what is null."""
    kept = json.loads(json.dumps(status))
    return {key: value for key, value in kept.items() if value is not None}


@UNHURRIED
@given(TASK_LOGS)
def test_the_log_of_a_task_is_read_back_the_same(known: TaskLog) -> None:
    """A difference would be a change, and be written for ever."""
    assert known == read_task_status(stored(task_status(known, PAST)))


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
@given(TASK_LOGS)
def test_the_status_of_a_task_fits_the_api(known: TaskLog) -> None:
    """What is written is what the schema allows."""
    TaskRunStatus.model_validate_json(json.dumps(stored(task_status(known, PAST))))


@UNHURRIED
@given(RUN_LOGS)
def test_the_status_of_a_run_fits_the_api(known: RunLog) -> None:
    """What is written is what the schema allows."""
    RunStatus.model_validate_json(json.dumps(stored(run_status(known, PAST))))


def test_an_object_without_a_status_has_an_empty_log() -> None:
    """It was just created."""
    assert TaskLog() == read_task_status({})
    assert RunLog() == read_run_status({})


def conditions(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return status and time of each condition."""
    return {
        each["type"]: (each["status"], each["lastTransitionTime"]) for each in status["conditions"]
    }


BIRTH, END = "2030-01-01T11:59:50Z", "2030-01-01T12:00:05Z"


@pytest.mark.parametrize(
    ("known", "want"),
    [
        pytest.param(
            log(failed()),
            {
                "Succeeded": ("Unknown", BIRTH),
                "Ready": ("Unknown", BIRTH),
                "Reconciling": ("True", BIRTH),
                "Stalled": ("False", BIRTH),
            },
            id="it goes on",
        ),
        pytest.param(
            ended(Outcome.SUCCEEDED),
            {
                "Succeeded": ("True", END),
                "Ready": ("True", END),
                "Reconciling": ("False", END),
                "Stalled": ("False", BIRTH),
            },
            id="it succeeded",
        ),
        pytest.param(
            ended(Outcome.FAILED),
            {
                "Succeeded": ("False", END),
                "Ready": ("False", END),
                "Reconciling": ("False", END),
                "Stalled": ("True", END),
            },
            id="it failed",
        ),
    ],
)
def test_conditions(known: TaskLog, want: dict[str, tuple[str, str]]) -> None:
    """Four conditions, in the form that all tools read; each time is when it last changed."""
    assert want == conditions(task_status(known, PAST))


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.INTERNAL_ERROR])
def test_a_run_that_cannot_go_on_is_stalled(reason: Reason) -> None:
    """For as long as that is so: kubectl wait and deployment tools need not wait for it."""
    known = RunLog(reason=reason)
    want = {
        "Succeeded": ("Unknown", BIRTH),
        "Ready": ("Unknown", BIRTH),
        "Reconciling": ("False", END),
        "Stalled": ("True", END),
    }
    assert want == conditions(run_status(known, Past(BORN, at(5))))


@UNHURRIED
@given(
    st.sampled_from([(RUN_LOGS, run_status), (TASK_LOGS, task_status)]).flatmap(
        lambda kind: st.tuples(
            st.lists(st.tuples(kind[0], st.none() | TIMES, TIMES), max_size=8), st.just(kind[1])
        )
    )
)
def test_the_time_of_a_condition_moves_only_on_change_and_never_back(
    drawn: tuple[list[tuple[Any, datetime | None, datetime]], Any],
) -> None:
    """Whatever the log says next, and whatever the clock shows."""
    steps, status_of = drawn
    status: dict[str, Any] = {}
    for known, finished, now in steps:
        after = status_of(replace(known, finished=finished), Past.of(status, BORN, now))
        moves_only_on_change(status, after)
        status = stored(after)


def test_a_trouble_that_has_passed_says_since_when() -> None:
    """Its conditions do not go back to the object's birth."""
    stuck, well = RunLog(reason=Reason.FORBIDDEN), RunLog(reason=Reason.RUNNING)
    begun = run_status(well, Past.of({}, BORN, at(1)))
    trouble = run_status(stuck, Past.of(begun, BORN, at(5)))
    passed = conditions(run_status(well, Past.of(trouble, BORN, at(8))))
    later = "2030-01-01T12:00:08Z"
    assert (("True", later), ("False", later)) == (passed["Reconciling"], passed["Stalled"])
    assert ("Unknown", BIRTH) == passed["Succeeded"]


@pytest.mark.parametrize(
    "garbled",
    [
        {"conditions": 3},
        {"conditions": [3, None, "Ready"]},
        {"conditions": [{"type": "Ready", "status": "Unknown", "lastTransitionTime": "soon"}]},
        {"conditions": [{"type": "Ready", "status": "Unknown", "lastTransitionTime": 7}]},
    ],
)
def test_conditions_that_somebody_garbled_are_made_anew(garbled: dict[str, Any]) -> None:
    """They count as not there."""
    known = RunLog(reason=Reason.RUNNING)
    assert run_status(known, PAST) == run_status(known, Past.of(garbled, BORN, at(5)))


def test_conditions_have_reason_message_and_generation() -> None:
    """They say which spec they speak of; the message is told once."""
    known = replace(log(failed()), reason=Reason.WAITING_FOR_RETRY, message="soon")
    found = task_status(known, PAST)["conditions"]
    assert {("WaitingForRetry", 1)} == {(c["reason"], c["observedGeneration"]) for c in found}
    assert {"Succeeded": "soon", "Ready": "", "Reconciling": "", "Stalled": ""} == {
        each["type"]: each["message"] for each in found
    }


def test_a_run_shows_its_progress() -> None:
    """For the printed column."""
    known = RunLog(counts=Counts(total=6, running=2, pending=1, succeeded=2, omitted=1))
    status = run_status(known, PAST)
    assert "3/6" == status["progress"]
    assert {"total": 6, "running": 2, "succeeded": 2}.items() <= status["tasks"].items()


@pytest.mark.parametrize(
    ("seconds", "want"),
    [
        (0, "0s"),
        (41.4, "41s"),
        (60, "1m"),
        (200, "3m20s"),
        (3600, "1h"),
        (7500, "2h5m"),
        (-5, "0s"),
    ],
)
def test_durations_are_written_for_people(seconds: float, want: str) -> None:
    """As kubectl does; clocks that disagree make none negative."""
    assert want == duration(BORN, BORN + timedelta(seconds=seconds))


def test_what_has_not_ended_has_no_duration() -> None:
    """It would change with every look."""
    assert duration(BORN, None) is None


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [{"no": "type"}]},
        {"conditions": [{"type": "Succeeded", "reason": "NobodyKnows"}]},
        {"outcome": "Maybe"},
        {"startTime": "yesterday"},
        {"startTime": "2030-01-01T12:00:00"},
        {"attempts": [{"number": 1, "reason": "NobodyKnows"}]},
        {"attempts": [{}]},
        {"attempts": 3},
    ],
)
def test_what_somebody_else_wrote_is_refused(status: dict[str, Any]) -> None:
    """Whoever reads it makes it anew."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_task_status(status)


@pytest.mark.parametrize(
    "status", [{"tasks": {"unknown": 1}}, {"started": "0-99999999999"}, {"attention": [{}]}]
)
def test_what_somebody_else_wrote_of_a_run_is_refused(status: dict[str, Any]) -> None:
    """Whoever reads it makes it anew."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_run_status(status)
