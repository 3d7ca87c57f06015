"""Conditions: the state of an object, in the form that all Kubernetes tools read."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headrace.api.v1alpha1.base import ApiType, Instant
from headrace.api.v1alpha1.enums import ApiEnum


class ConditionType(ApiEnum):
    """The conditions that Headrace sets."""

    SUCCEEDED = "Succeeded"
    """On runs, tasks and backfills: Unknown until the end, then True or False for good."""

    ANSWERED = "Answered"
    """On an Approval: Unknown while people are asked, then True or False for good."""

    READY = "Ready"
    """On a Workflow: the definition is valid. On runs, tasks and backfills: the same as
    Succeeded; a dry run is ready when it has its names. On an Approval: the same as Answered."""

    RECONCILING = "Reconciling"
    """The controller works on the object (kstatus: in progress)."""

    STALLED = "Stalled"
    """The object cannot go on until somebody changes something (kstatus: failed)."""


class ConditionStatus(ApiEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiType):
    """One aspect of an object's state."""

    type: Annotated[str, StringConstraints(min_length=1, max_length=316)]
    """type names the aspect."""

    status: ConditionStatus
    """status is True, False or Unknown."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    """reason is one word for machines; the reference lists them all."""

    message: Annotated[str, StringConstraints(max_length=32_768)] = ""
    """message is one sentence for people."""

    last_transition_time: Instant
    """lastTransitionTime is when status last changed."""

    observed_generation: int | None = Field(default=None, ge=0)
    """observedGeneration is the generation of the object that the condition describes."""
