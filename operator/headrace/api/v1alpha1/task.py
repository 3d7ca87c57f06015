"""Tasks: what runs, after what, and how often it is tried."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import MAX_SECONDS, ApiEnum, ApiType, NoNul, ProgramText, TaskName
from headrace.api.v1alpha1.pod import PodSettings
from headrace.api.v1alpha1.retry import RetryPolicy

Image = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^\S+$"), NoNul]


class RunWhen(ApiEnum):
    """
    Which outcomes of the tasks in dependsOn let a task start.

    A cancelled task counts as failed. One that was left out counts as skipped, or as failed where
    a failure before it is the cause.
    """

    ALL_SUCCEEDED = "AllSucceeded"
    """All of them succeeded."""

    ALL_FAILED = "AllFailed"
    """All of them failed."""

    ALL_DONE = "AllDone"
    """All of them ended, in whatever way."""

    ALL_DONE_MIN_ONE_SUCCEEDED = "AllDoneMinOneSucceeded"
    """All of them ended, and at least one succeeded."""

    ALL_SKIPPED = "AllSkipped"
    """All of them were skipped."""

    ONE_FAILED = "OneFailed"
    """At least one failed; the others need not have ended."""

    ONE_SUCCEEDED = "OneSucceeded"
    """At least one succeeded; the others need not have ended."""

    ONE_DONE = "OneDone"
    """At least one succeeded or failed; the others need not have ended."""

    NONE_FAILED = "NoneFailed"
    """All of them ended, and none failed: each succeeded or was skipped."""

    NONE_FAILED_MIN_ONE_SUCCEEDED = "NoneFailedMinOneSucceeded"
    """All of them ended, none failed, and at least one succeeded."""

    NONE_SKIPPED = "NoneSkipped"
    """All of them ended, and none was skipped: each succeeded or failed."""

    ALWAYS = "Always"
    """At once, whatever becomes of them."""


class TaskTimeouts(ApiType):
    """Time limits of a task. Only pendingSeconds has a default."""

    pending_seconds: int = Field(default=3600, ge=1, le=MAX_SECONDS)
    """pendingSeconds is the longest time from an attempt's Job being made to its container
    running: scheduling and image pull are in it. 3600 by default."""

    attempt_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """attemptSeconds is the longest time of one attempt from when a node took its pod: the image
    pull is in it. The cluster ends it also while the controller is down."""

    total_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """totalSeconds is the longest time of the task from its first start, with all waits and
    retries."""


class TaskSettings(PodSettings):
    """What tasks have in common, and a workflow's defaults can say for all."""

    image: Image | None = None
    """image is the container image of the task."""

    retry: RetryPolicy | None = None
    """retry says how often and how fast a failed attempt is tried again. Default: not at all after
    failures of the task's own, 5 times after failures of the infrastructure."""

    timeouts: TaskTimeouts | None = None
    """timeouts are the task's time limits."""


class TaskBody(TaskSettings):
    """What a task runs."""

    command: tuple[ProgramText, ...] = Field(default=(), max_length=256)
    """command is the program and its first arguments; without one, the image's entrypoint runs.
    Parameters are never put into it: they arrive as HEADRACE_PARAMS."""

    args: tuple[ProgramText, ...] = Field(default=(), max_length=256)
    """args are arguments after the command."""


class NamedTask(TaskBody):
    """A task of a workflow."""

    name: TaskName
    """name of the task, unique in the workflow."""

    allow_failure: bool = False
    """allowFailure lets the run succeed although this task failed."""


class Task(NamedTask):
    """A task of a workflow and what it waits for."""

    depends_on: Annotated[tuple[TaskName, ...], Unique(checked=False)] = Field(
        default=(), max_length=1000
    )
    """dependsOn names the tasks that must end before this one is judged by runWhen."""

    run_when: RunWhen = RunWhen.ALL_SUCCEEDED
    """runWhen says which outcomes of the tasks in dependsOn let this task start. One… rules start
    as soon as one of them is enough; Always starts at once."""


class Defaults(TaskSettings):
    """
    What holds for each task that does not say otherwise.

    env is merged by name; every other field of a task replaces the default.
    """
