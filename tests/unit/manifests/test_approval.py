"""Approvals as manifests and as sightings: `headrace.manifests.approval`."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from headrace.api.v1alpha1.approval import Approvers
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Answered, Attempt, Stage
from headrace.manifests.approval import Approval, approval, forbidden_answer, sight
from headrace.manifests.approval_status import asked_status, closed_status
from headrace.manifests.objects import owner
from headrace.manifests.where import asked_in
from support.builders import NOON, asking, at, start, workflow

LATER = at(5)
UNTIL = "2030-01-01T13:00:00Z"


def made(**fields: Any) -> dict[str, Any]:
    """Return the manifest of a question."""
    task = workflow(asking("ask", **fields)).tasks["ask"]
    return approval(start(task), owner("TaskRun", "etl-1.ask", "t1"))


def item(answer: dict[str, Any] | None = None, **status: Any) -> Approval:
    """Return a question with a deadline in an hour, as it is read."""
    spec = made(timeout_seconds=3600, approvers=Approvers(users=("alice",)))["spec"]
    if answer is not None:
        spec = {**spec, "answer": answer}
    meta = {"name": "q", "namespace": "default", "uid": "a1", "generation": 1 + bool(answer)}
    meta = {**meta, "creationTimestamp": "2030-01-01T12:00:00Z"}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": status}, Approval)


YES = {"choice": "approve", "by": "alice", "time": "2030-01-01T12:00:05Z"}


def test_the_manifest_has_all_that_people_need() -> None:
    """The question, what they may choose, who may, until when, and what counts without them."""
    spec = made(
        message="Deploy?",
        choices=("eu", "us", "reject"),
        approvers=Approvers(groups=("on-call",)),
        timeout_seconds=3600,
        on_timeout="reject",
    )["spec"]
    assert {
        "run": "etl-1",
        "task": "ask",
        "attempt": 1,
        "message": "Deploy?",
        "choices": ["eu", "us", "reject"],
        "failOn": ["reject"],
        "approvers": {"users": [], "groups": ["on-call"]},
        "deadline": UNTIL,
        "onTimeout": "reject",
    } == spec


def test_the_name_is_derived_and_the_task_run_owns_it() -> None:
    """So that a second one cannot be made, and both go together."""
    first, again = made()["metadata"], made()["metadata"]
    assert first == again
    assert ["TaskRun"] == [each["kind"] for each in first["ownerReferences"]]
    assert ("etl", "etl-1", "ask") == tuple(
        first["labels"][f"headrace.dev/{name}"] for name in ("workflow", "run", "task")
    )


def test_the_trial_of_the_guard_has_what_the_policy_must_refuse() -> None:
    """An answer, for an approver that no cluster has."""
    spec = forbidden_answer("shop")["spec"]
    assert spec["answer"]["choice"] in spec["choices"]
    assert ["headrace.dev/nobody"] == spec["approvers"]["users"]


def test_an_open_question_is_alive_and_says_what_is_asked() -> None:
    """It has begun, and ends by itself at its deadline."""
    shown = sight(item(), gone=False, now=LATER)
    assert (1, Stage.RUNNING, asked_in("q")) == (shown.number, shown.stage, shown.where)
    assert (True, False) == (shown.alive, shown.unclosed)
    assert f"(answer approve or reject in Approval q until {UNTIL})" in shown.message
    assert shown.expected is not None
    assert (at(3600), Reason.APPROVAL_TIMEOUT) == (shown.expected.at, shown.expected.reason)


def test_an_answer_ends_it_at_the_time_that_the_api_server_wrote() -> None:
    """Nothing is alive then, and people cannot see the end yet."""
    shown = sight(item({**YES, "comment": "fine"}), gone=False, now=at(500))
    assert shown.ending is not None
    assert (at(5), Answered("approve", "alice", "fine")) == (shown.ending.at, shown.ending.answer)
    assert (False, True) == (shown.alive, shown.unclosed)


@pytest.mark.parametrize(
    ("given", "now"),
    [({**YES, "time": "2030-01-01T13:00:01Z"}, at(5)), ({"choice": "approve"}, at(3601))],
    ids=["the API server says when", "nobody says when, and it is seen after the deadline"],
)
def test_an_answer_after_the_deadline_is_none(given: dict[str, Any], now: Any) -> None:
    """What counts without an answer comes first."""
    shown = sight(item(given), gone=False, now=now)
    assert None is shown.ending
    assert shown.expected is not None


def test_an_answer_that_others_could_have_given_does_not_count() -> None:
    """The message says what to install."""
    shown = sight(item(YES), gone=False, now=LATER, trusted=False)
    assert shown.ending is not None
    assert (Reason.APPROVAL_NOT_GUARDED, None) == (shown.ending.reason, shown.ending.answer)
    assert "install the admission policies" in shown.ending.message


def test_a_name_that_anybody_could_have_written_is_left_out() -> None:
    """Where no approvers are named, the choice counts all the same."""
    free = item(YES)
    free = msgspec.structs.replace(free, spec=msgspec.structs.replace(free.spec, approvers=None))
    shown = sight(free, gone=False, now=LATER, trusted=False)
    assert shown.ending is not None
    assert Answered("approve") == shown.ending.answer
    assert "somebody chose approve" == shown.ending.message


def test_a_deleted_question_has_ended_without_an_answer() -> None:
    """Unless it had one: that counts."""
    gone = sight(item(), gone=True, now=LATER)
    assert gone.ending is not None
    assert (Reason.APPROVAL_DELETED, False, False) == (
        *(gone.ending.reason, gone.alive, gone.unclosed),
    )
    answered = sight(item(YES), gone=True, now=LATER)
    assert answered.ending is not None
    assert Answered("approve", "alice") == answered.ending.answer


def test_a_closed_question_is_not_alive() -> None:
    """Whatever it says: there is nothing left to do."""
    shown = sight(item(completionTime="2030-01-01T12:00:09Z"), gone=False, now=LATER)
    assert (False, False) == (shown.alive, shown.unclosed)


def test_the_question_is_kept_in_a_usual_size() -> None:
    """The cache must not grow with what people write."""
    long = item()
    spec = msgspec.structs.replace(long.spec, message="?" * 4096)
    assert 1024 == len(spec.message)


# --- the status -------------------------------------------------------------------------------


def told(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return status and reason of each condition."""
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


def test_an_asked_question_is_in_progress() -> None:
    """Kstatus tools wait for it; its message has the question."""
    status = asked_status(item(), LATER, guarded=True)
    want = ("Unknown", "WaitingForApproval")
    assert {"Answered": want, "Ready": want} == {
        kind: each for kind, each in told(status).items() if kind in ("Answered", "Ready")
    }
    assert (True, 1) == (status["guarded"], status["observedGeneration"])
    assert "answer approve or reject until" in status["conditions"][0]["message"]


ATTEMPT = Attempt(1, asked_in("q"), created=NOON, finished=LATER, reason=Reason.SUCCEEDED)


@pytest.mark.parametrize(
    ("answer", "attempt", "want"),
    [
        (YES, ATTEMPT, ("True", "Answered")),
        (YES, replace(ATTEMPT, reason=Reason.REJECTED), ("True", "Answered")),
        (None, ATTEMPT, ("False", "ApprovalTimeout")),
        (None, replace(ATTEMPT, reason=Reason.APPROVAL_TIMEOUT), ("False", "ApprovalTimeout")),
        (None, replace(ATTEMPT, reason=Reason.CANCELLED), ("False", "Cancelled")),
        (YES, replace(ATTEMPT, reason=Reason.CANCELLED), ("False", "Cancelled")),
        (None, None, ("False", "Cancelled")),
    ],
    ids=[
        "somebody answered",
        "somebody rejected",
        "a choice counted without an answer",
        "its time was over",
        "the run was cancelled",
        "the run was cancelled before the answer was seen",
        "nothing is known of the attempt",
    ],
)
def test_a_closed_question_says_how_it_ended(
    answer: dict[str, Any] | None, attempt: Attempt | None, want: tuple[str, str]
) -> None:
    """As the log of its attempt has it, which alone counts."""
    status = closed_status(item(answer, guarded=True), attempt, at(7))
    assert want == told(status)["Answered"]
    assert want[0] == told(status)["Ready"][0]
    assert "False" == told(status)["Reconciling"][0]
    assert True is status["guarded"]
    assert status["completionTime"] is not None


def test_the_time_of_a_condition_moves_only_when_it_changes() -> None:
    """From the question to its end."""
    first = asked_status(item(), at(1), guarded=False)["conditions"]
    open_one = msgspec.structs.replace(
        item(YES), status=msgspec.structs.replace(item().status, conditions=tuple(first))
    )
    last = closed_status(open_one, ATTEMPT, at(9))["conditions"]
    since = {each["type"]: each["lastTransitionTime"] for each in (*first, *last)}
    assert "2030-01-01T12:00:00Z" == first[0]["lastTransitionTime"]
    assert LATER - NOON == timedelta(seconds=5)
    assert "2030-01-01T12:00:05Z" == since["Answered"]
