"""The `retry` field of a task."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import ApiType, Quantity
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.reasons import Reason


class Backoff(ApiType):
    """The wait before the next attempt: seconds * factor^(n-1), at most maxSeconds."""

    seconds: int = Field(default=10, ge=0, le=86_400)
    """seconds is the wait before the first retry."""

    factor: int = Field(default=2, ge=1, le=10)
    """factor multiplies the wait with every further retry."""

    max_seconds: int = Field(default=600, ge=0, le=86_400)
    """maxSeconds is the longest wait, however many retries there have been."""

    jitter_percent: int = Field(default=10, ge=0, le=100)
    """jitterPercent adds up to this share of the wait, derived from the attempt's name,
    so that many tasks do not retry at the same moment."""


class RetryAction(ApiEnum):
    """What follows an attempt that a rule matches."""

    RETRY = "Retry"
    FAIL = "Fail"
    IGNORE = "Ignore"


class RetryReason(ApiEnum):
    """The reasons of failed attempts that a rule can name."""

    NON_ZERO_EXIT = Reason.NON_ZERO_EXIT.value
    OOM_KILLED = Reason.OOM_KILLED.value
    ATTEMPT_TIMEOUT = Reason.ATTEMPT_TIMEOUT.value
    PENDING_TIMEOUT = Reason.PENDING_TIMEOUT.value
    INVALID_OUTPUTS = Reason.INVALID_OUTPUTS.value
    EVICTED = Reason.EVICTED.value
    PREEMPTED = Reason.PREEMPTED.value
    NODE_LOST = Reason.NODE_LOST.value
    POD_DELETED = Reason.POD_DELETED.value
    JOB_DELETED = Reason.JOB_DELETED.value
    RUN_FAILED = Reason.RUN_FAILED.value
    RUN_CANCELLED = Reason.RUN_CANCELLED.value
    RUN_DELETED = Reason.RUN_DELETED.value
    APPROVAL_DELETED = Reason.APPROVAL_DELETED.value
    APPROVAL_TIMEOUT = Reason.APPROVAL_TIMEOUT.value
    APPROVAL_NOT_GUARDED = Reason.APPROVAL_NOT_GUARDED.value
    REJECTED = Reason.REJECTED.value
    START_ERROR = Reason.START_ERROR.value
    INTERRUPTED = Reason.INTERRUPTED.value
    ADMISSION_DENIED = Reason.ADMISSION_DENIED.value
    INVALID_IMAGE_NAME = Reason.INVALID_IMAGE_NAME.value


LARGEST_EXIT_CODE = 255
MAX_RULES = 20


def _can_occur(code: int) -> int:
    if not 1 <= code <= LARGEST_EXIT_CODE:
        raise ValueError(f"{code} cannot occur; use 1 to {LARGEST_EXIT_CODE} (0 is success)")
    return code


ExitCode = Annotated[
    int,
    AfterValidator(_can_occur),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LARGEST_EXIT_CODE}),
]
"""The exit code of a process that failed."""


class RetryRule(ApiType):
    """What to do after an attempt that failed in certain ways. The first matching rule decides."""

    exit_codes: Annotated[tuple[ExitCode, ...], Unique()] = Field(default=(), max_length=64)
    """exitCodes are the exit codes that the rule matches, 1 to 255."""

    reasons: Annotated[tuple[RetryReason, ...], Unique()] = Field(default=(), max_length=20)
    """reasons are the reasons that the rule matches, as `kubectl get taskrun` shows them."""

    action: RetryAction
    """action is what follows: Retry (counts against the limit), Fail (no further attempt)
    or Ignore (try again without counting)."""

    memory_factor_percent: int | None = Field(default=None, ge=100, le=1000)
    """memoryFactorPercent is the next attempt's memory request and limit, in percent of this
    attempt's. 150 gives one half more."""

    max_memory: Quantity | None = None
    """maxMemory is the most memory that memoryFactorPercent can reach."""

    @model_validator(mode="after")
    def _says_what_it_matches(self) -> Self:
        if not self.exit_codes and not self.reasons:
            raise ValueError("a rule needs exitCodes or reasons: name what the rule matches")
        if self.memory_factor_percent and self.action is RetryAction.FAIL:
            raise ValueError("memoryFactorPercent needs action Retry or Ignore: Fail ends the task")
        if self.max_memory is not None and self.memory_factor_percent is None:
            raise ValueError(
                "maxMemory has no meaning without memoryFactorPercent: say by how much to raise"
                " memory"
            )
        return self


class RetryPolicy(ApiType):
    """How often and how fast a failed task is tried again."""

    limit: int = Field(default=0, ge=0, le=100)
    """limit is how many times the task may run again after failures of its own
    (a bad exit code, too little memory, a time limit)."""

    infrastructure_limit: int = Field(default=5, ge=0, le=100)
    """infrastructureLimit is how many times the task may run again after failures that are not
    its own (node lost, evicted, pod or Job deleted). Such failures never count against limit."""

    backoff: Backoff = Backoff()
    """backoff is the wait before each retry."""

    rules: tuple[RetryRule, ...] = Field(default=(), max_length=MAX_RULES)
    """rules decide by exit code or reason, before the limits. The first matching rule wins."""
