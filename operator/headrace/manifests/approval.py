"""
The Approval of an attempt: as a manifest, as it is read, and as the engine's sighting.

Knows the fields of an Approval. Decides nothing: it translates an answer and a deadline.
"""

from datetime import datetime
from typing import Any, Final

from msgspec.structs import force_setattr

from headrace.api.checks.instants import to_the_second
from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.approval import FAIL, Answer, ApprovalSpec, Approvers
from headrace.api.v1alpha1.group import API_VERSION
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import Approval as Asked
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.answers import answer_words, question_words, without_answer
from headrace.engine.task.observed import Answered, Ending, Sighting, Stage
from headrace.kube.objects import Meta, View
from headrace.manifests.json_form import as_json
from headrace.manifests.objects import Manifest
from headrace.manifests.task_labels import child_labels, child_name
from headrace.manifests.trimming import VALUE, bare, beginning, usual
from headrace.manifests.where import asked_in

PLACE: Final = (labels.WORKFLOW, labels.RUN, labels.TASK)
"""The labels that are read."""
NOBODY: Final = "headrace.dev/nobody"
"""The name of a user that no cluster has."""
DELETED: Final = "somebody deleted the Approval before anybody had answered"
NOT_GUARDED: Final = (
    "{} chose {}, and the API server did not keep others than the approvers from answering;"
    " install the admission policies of the chart (approvals.guard)"
)


class AnswerView(View, frozen=True):
    """The answer."""

    choice: str = ""
    comment: str = ""
    by: str = ""
    time: datetime | None = None


class Present(View, frozen=True):
    """An object whose fields nobody reads."""


class SpecView(View, frozen=True):
    """An Approval's spec."""

    task: str = ""
    attempt: int = 0
    message: str = ""
    choices: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    on_timeout: str = FAIL
    approvers: Present | None = None
    item: int | None = None
    deadline: datetime | None = None
    answer: AnswerView | None = None

    def __post_init__(self) -> None:
        """Keep a usual amount of the question."""
        if len(self.message) > VALUE:
            force_setattr(self, "message", beginning(self.message))


class StatusView(View, frozen=True):
    """An Approval's status."""

    conditions: tuple[dict[str, Any], ...] = ()
    guarded: bool = False
    completion_time: datetime | None = None
    observed_generation: int = 0


class Approval(View, frozen=True):
    """An Approval."""

    metadata: Meta
    spec: SpecView = SpecView()
    status: StatusView = StatusView()

    def __post_init__(self) -> None:
        """Keep what is read of the metadata."""
        if not usual(self.metadata):
            force_setattr(self, "metadata", bare(self.metadata, PLACE))

    @property
    def recorded(self) -> bool:
        """Whether the controller has recorded the question, and so asks it."""
        return bool(self.status.conditions)

    @property
    def closed(self) -> bool:
        """Whether it is over, and says so."""
        return self.status.completion_time is not None


def approval(start: StartAttempt[Asked], owner: Manifest, index: int | None = None) -> Manifest:
    """
    Return the Approval of an attempt, owned by its TaskRun.

    Args:
        start: The attempt.
        owner: The TaskRun as an owner reference.
        index: The item that the question is about; None: the task has no items.

    """
    context, asked, deadline = start.context, start.work.asked, start.work.deadline
    spec = ApprovalSpec(
        message=asked.message,
        choices=asked.choices,
        fail_on=asked.failing,
        approvers=asked.approvers,
        on_timeout=asked.on_timeout,
        run=context.run,
        task=start.task,
        attempt=start.number,
        item=index,
        deadline=None if deadline is None else to_the_second(deadline),
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "Approval",
        "metadata": {
            "name": child_name(start, index),
            "namespace": context.namespace,
            "labels": child_labels(start, index),
            "ownerReferences": [owner],
        },
        "spec": as_json(spec),
    }


def forbidden_answer(namespace: str) -> Manifest:
    """
    Return an Approval that the API server must refuse: it has an answer of somebody else.

    A dry run of its creation tells whether the admission policy of the chart is at work.
    """
    nobody = Approvers(users=(NOBODY,))
    spec = ApprovalSpec(
        message="Does the API server keep others from answering?",
        approvers=nobody,
        fail_on=(),
        run="none",
        task="none",
        attempt=1,
        answer=Answer(choice="approve", by=NOBODY),
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "Approval",
        "metadata": {"name": "headrace-asks-whether-others-are-refused", "namespace": namespace},
        "spec": as_json(spec),
    }


def sight(item: Approval, *, gone: bool, now: datetime, trusted: bool = True) -> Sighting:
    """
    Return the sighting of an attempt that asks people.

    Args:
        item: The Approval as last seen.
        gone: It was deleted, and `item` is its last state.
        now: Replaces times that Kubernetes does not give.
        trusted: Whether the API server refused answers of others all the time.

    """
    spec, meta = item.spec, item.metadata
    ending = ending_of(item, now, trusted=trusted)
    leaving = gone or meta.deletion_timestamp is not None
    if ending is None and leaving:
        ending = gone_ending(now)
    is_open = ending is None and not item.closed
    return Sighting(
        number=spec.attempt,
        stage=Stage.RUNNING if ending is None else Stage.ENDED,
        where=asked_in(meta.name),
        created=meta.creation_timestamp,
        started=meta.creation_timestamp,
        waiting=Reason.WAITING_FOR_APPROVAL if ending is None else None,
        message=_question(item) if ending is None else "",
        ending=ending,
        expected=_expected(spec),
        alive=is_open,
        unclosed=not (is_open or item.closed or leaving),
    )


def gone_ending(now: datetime) -> Ending:
    """Return the end of a question whose Approval somebody has deleted."""
    return Ending(now, reason=Reason.APPROVAL_DELETED, message=DELETED)


def _question(item: Approval) -> str:
    spec = item.spec
    return question_words(
        spec.message, spec.choices, f"Approval {item.metadata.name}", spec.deadline
    )


def ending_of(item: Approval, now: datetime, *, trusted: bool = True) -> Ending | None:
    """Return the end that an answer in time brings; None: there is no such answer."""
    answer, deadline = item.spec.answer, item.spec.deadline
    if answer is None:
        return None
    at = answer.time or now
    if deadline is not None and at > deadline:
        return None  # What is expected comes first.
    if not trusted and item.spec.approvers is not None:
        message = NOT_GUARDED.format(answer.by or "somebody", answer.choice)
        return Ending(at, reason=Reason.APPROVAL_NOT_GUARDED, message=message)
    by = answer.by if trusted else ""
    chosen = Answered(answer.choice, by, answer.comment, answer.choice in item.spec.fail_on)
    return Ending(at, message=answer_words(chosen), answer=chosen)


def _expected(spec: SpecView) -> Ending | None:
    """Return how the question ends without an answer."""
    if spec.deadline is None:
        return None
    return without_answer(spec.deadline, spec.on_timeout, spec.fail_on)
