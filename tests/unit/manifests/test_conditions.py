"""How an object stands, and since when: `headrace.manifests.conditions`."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import RunLog
from headrace.engine.task.observed import TaskLog
from headrace.manifests.conditions import Past
from headrace.manifests.run_status import run_status
from headrace.manifests.task_status import task_status
from support.builders import at, ended, failed, log
from support.invariants import moves_only_on_change
from support.statuses import RUN_LOGS, TASK_LOGS, TIMES, stored

BORN = at(-10)
UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PAST = Past(BORN)


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
            id="the run goes on",
        ),
        pytest.param(
            ended(Outcome.SUCCEEDED),
            {
                "Succeeded": ("True", END),
                "Ready": ("True", END),
                "Reconciling": ("False", END),
                "Stalled": ("False", BIRTH),
            },
            id="the run succeeded",
        ),
        pytest.param(
            ended(Outcome.FAILED),
            {
                "Succeeded": ("False", END),
                "Ready": ("False", END),
                "Reconciling": ("False", END),
                "Stalled": ("True", END),
            },
            id="the run failed",
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
