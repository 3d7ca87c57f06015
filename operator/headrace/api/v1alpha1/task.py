"""Tasks: what runs, after what, and how often it is tried."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headrace.api.v1alpha1.base import MAX_SECONDS, ApiEnum, ApiType, TaskName
from headrace.api.v1alpha1.pod import PodSettings
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.api.v1alpha1.unique import Unique

Argument = Annotated[str, StringConstraints(max_length=32_768)]
Image = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^\S+$")]


class RunWhen(ApiEnum):
    """Which outcomes of the tasks in dependsOn let a task start."""

    ALL_SUCCEEDED = "AllSucceeded"
    ALL_FAILED = "AllFailed"
    ALL_DONE = "AllDone"
    ALL_DONE_MIN_ONE_SUCCEEDED = "AllDoneMinOneSucceeded"
    ALL_SKIPPED = "AllSkipped"
    ONE_FAILED = "OneFailed"
    ONE_SUCCEEDED = "OneSucceeded"
    ONE_DONE = "OneDone"
    NONE_FAILED = "NoneFailed"
    NONE_FAILED_MIN_ONE_SUCCEEDED = "NoneFailedMinOneSucceeded"
    NONE_SKIPPED = "NoneSkipped"
    ALWAYS = "Always"


class TaskTimeouts(ApiType):
    """Time limits of a task. Only pendingSeconds has a default."""

    pending_seconds: int = Field(default=3600, ge=1, le=MAX_SECONDS)
    """pendingSeconds is the longest time from an attempt's Job being made to its container
    running: scheduling and image pull are in it. 3600 by default."""

    attempt_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """attemptSeconds is the longest time that the container of one attempt may run. The cluster
    ends it also while the controller is down."""

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

    command: tuple[Argument, ...] = Field(default=(), max_length=256)
    """command is the program and its first arguments; without one, the image's entrypoint runs.
    Parameters are never put into it: they arrive as HEADRACE_PARAMS."""

    args: tuple[Argument, ...] = Field(default=(), max_length=256)
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
