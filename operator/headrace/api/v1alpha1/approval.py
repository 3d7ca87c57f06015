"""Approvals: a question of a run to people, who may answer it, and the answer."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import (
    MAX_SECONDS,
    ApiType,
    Instant,
    NoNul,
    ObjectName,
    ShortText,
    TaskName,
)
from headrace.api.v1alpha1.conditions import Condition
from headrace.api.v1alpha1.items import ItemIndex

APPROVE, REJECT = "approve", "reject"

FAIL = "Fail"
"""The value of onTimeout that fails the task."""

LONGEST_QUESTION = 4096

Choice = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=63, pattern=r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
    ),
]
"""One of the answers that people can give."""

Choices = Annotated[tuple[Choice, ...], Field(max_length=20), Unique()]
UserName = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
"""The name of a user or group, as the API server knows it."""


class Approvers(ApiType):
    """Who may answer: the API server refuses everybody else."""

    users: Annotated[tuple[UserName, ...], Unique()] = Field(default=(), max_length=50)
    """users are names of users, as the API server knows them: `alice@example.com`. A ServiceAccount
    is `system:serviceaccount:NAMESPACE:NAME`."""

    groups: Annotated[tuple[UserName, ...], Unique()] = Field(default=(), max_length=50)
    """groups are names of groups, as the API server knows them."""

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.users and not self.groups:
            raise ValueError("approvers need users or groups: say who may answer")
        return self


class Question(ApiType):
    """What people are asked."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUESTION), NoNul]
    """message is the question, for people. It may have `${{ }}`."""

    choices: Choices = Field(default=(APPROVE, REJECT), min_length=1)
    """choices are the answers that people can give. The answer is the output `choice`."""

    fail_on: Choices | None = None
    """failOn are the choices that fail the task, with the reason Rejected. Default: reject, if it
    is one of the choices. With any other choice, the task succeeds."""

    approvers: Approvers | None = None
    """approvers are the people who may answer. Default: everybody whom the namespace's roles let
    change Approvals."""

    on_timeout: Choice = FAIL
    """onTimeout says what counts if nobody answers in time: Fail, or one of the choices."""

    @model_validator(mode="after")
    def _is_of_its_choices(self) -> Self:
        if FAIL in self.choices:
            raise ValueError(f"choices: {FAIL} is what onTimeout says without an answer; rename it")
        others = [choice for choice in self.fail_on or () if choice not in self.choices]
        if others:
            raise ValueError(f"failOn: {others[0]!r} is none of the choices; choose one of them")
        if self.on_timeout not in (FAIL, *self.choices):
            raise ValueError(
                f"onTimeout: {self.on_timeout!r} is none of the choices; use one of them, or {FAIL}"
            )
        return self

    @property
    def failing(self) -> tuple[str, ...]:
        """The choices that fail the task."""
        if self.fail_on is not None:
            return self.fail_on
        return (REJECT,) if REJECT in self.choices else ()


class ApprovalRequest(Question):
    """A question to people: nothing runs until somebody answers it, or its time is over."""

    timeout_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """timeoutSeconds is how long people can answer, from the moment that they are asked. Default:
    without end."""

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if "on_timeout" in self.model_fields_set and self.timeout_seconds is None:
            raise ValueError(
                "onTimeout has no meaning without timeoutSeconds: say how long people can answer"
            )
        return self


class Answer(ApiType):
    """The answer. It never changes."""

    choice: Choice
    """choice is one of the choices."""

    comment: ShortText = ""
    """comment says why, for whoever reads it later."""

    by: UserName | None = None
    """by is who answered. The API server writes it (Kubernetes 1.36 and newer), and refuses
    another name than your own."""

    time: Instant | None = None
    """time is when. The API server writes it (Kubernetes 1.36 and newer), and refuses another
    time."""


class ApprovalSpec(Question):
    """The question and its answer. The controller writes all but the answer."""

    run: ObjectName
    """run is the WorkflowRun that asks."""

    task: TaskName
    """task is the name of the task that asks."""

    attempt: int = Field(ge=1)
    """attempt is the number of the task's attempt: a question may be asked again."""

    item: ItemIndex | None = None
    """item is the index of the item that the question is about, if the task has forEach."""

    deadline: Instant | None = None
    """deadline is until when people can answer."""

    answer: Answer | None = None
    """answer is what somebody answered. Set it once."""


class ApprovalStatus(ApiType):
    """What became of the question."""

    conditions: Annotated[tuple[Condition, ...], Unique("type", checked=False)] = Field(
        default=(), max_length=16
    )
    """conditions are Answered, Ready, Reconciling and Stalled."""

    observed_generation: int = Field(default=0, ge=0)
    """observedGeneration is the generation of the spec that the status describes."""

    guarded: bool = False
    """guarded says that the API server refused answers of others when the question was asked."""

    completion_time: Instant | None = None
    """completionTime is when the question was closed. A later answer counts for nothing."""
