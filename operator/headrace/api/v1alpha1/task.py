"""Tasks: the program, the tasks that come first, the retries."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.base import (
    MAX_PRIORITY,
    MAX_SECONDS,
    MAX_SLOTS,
    ApiType,
    LabelName,
    NoNul,
    ParamName,
    ProgramText,
    ShortText,
    TaskName,
)
from headrace.api.v1alpha1.cache import NOT_CACHED, TaskCache
from headrace.api.v1alpha1.call import WorkflowCall
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.for_each import ForEach, Item
from headrace.api.v1alpha1.pod import PodSettings
from headrace.api.v1alpha1.retry import RetryPolicy

Condition = Annotated[str, StringConstraints(min_length=1, max_length=4096), NoNul]
"""An expression in CEL, as long as expressions can be."""

TEMPLATE = r"^[a-z]([-a-z0-9]*[a-z0-9])?@v[1-9][0-9]*$"
"""The form of a template's name and version: `http@v1`."""

Template = Annotated[str, StringConstraints(min_length=1, max_length=70, pattern=TEMPLATE)]

Image = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^\S+$"), NoNul]


class RunWhen(ApiEnum):
    """
    Which outcomes of the tasks in dependsOn let a task start.

    A cancelled task counts as failed. An omitted task counts as skipped, or as failed if an earlier
    failure is the cause.
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
    """The task starts at once, whatever the outcomes."""


class TaskTimeouts(ApiType):
    """Time limits of a task. Only pendingSeconds has a default."""

    pending_seconds: int = Field(default=3600, ge=1, le=MAX_SECONDS)
    """pendingSeconds is the longest time from the creation of an attempt's Job to the start of its
    container, scheduling and image pull included. Default 3600."""

    attempt_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """attemptSeconds is the longest time of one attempt after a node took its pod, image pull
    included. The cluster ends the attempt also while the controller is down; the program then has
    terminationGracePeriodSeconds."""

    total_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """totalSeconds is the longest time of the task after its first start, waits and retries
    included."""


class TaskSettings(PodSettings):
    """The settings of a task. A workflow's defaults can set them for all tasks."""

    image: Image | None = None
    """image is the container image of the task."""

    retry: RetryPolicy | None = None
    """retry says how often and how fast a failed attempt is tried again. Default: not at all after
    failures of the task's own, 5 times after failures of the infrastructure."""

    timeouts: TaskTimeouts | None = None
    """timeouts are the task's time limits."""

    pool: LabelName | None = None
    """pool is the name of a Pool in the same namespace: the task starts when the pool has free
    slots for it. Until then it waits with the reason WaitingForPool."""

    pool_slots: int = Field(default=1, ge=1, le=MAX_SLOTS)
    """poolSlots is how many slots of the pool the task holds while it runs. With forEach, each item
    that may run at the same time holds as many. Default 1."""

    priority: int = Field(default=0, ge=-MAX_PRIORITY, le=MAX_PRIORITY)
    """priority is added to the priority of the run. Where there is not room for all, the task with
    the highest sum starts first."""


class OutputType(ApiEnum):
    """The types that an output can have."""

    STRING = "String"
    """Text."""

    INTEGER = "Integer"
    """A whole number."""

    BOOLEAN = "Boolean"
    """true or false."""

    NUMBER = "Number"
    """A number, whole or not."""

    TIMESTAMP = "Timestamp"
    """An instant with its zone in RFC 3339, as text: "2026-11-22T02:30:00Z"."""

    JSON = "Json"
    """Any value of JSON."""


class Output(ApiType):
    """An output that a task promises to write."""

    name: ParamName
    """name is the key of the value in the JSON object that the task writes."""

    type: OutputType = OutputType.STRING
    """type is String, Integer, Boolean, Number, Timestamp or Json."""

    description: ShortText = ""
    """description says what the value is."""


class TaskBody(TaskSettings):
    """What a task runs."""

    command: tuple[ProgramText, ...] = Field(default=(), max_length=256)
    """command is the program and its first arguments. Default: the image's entrypoint. `$(NAME)` is
    replaced where NAME is a variable of the task's own `env`; all else stays as written."""

    args: tuple[ProgramText, ...] = Field(default=(), max_length=256)
    """args are arguments after the command. `$(NAME)` is replaced as in command."""

    outputs: Annotated[tuple[Output, ...], Unique("name")] = Field(default=(), max_length=50)
    """outputs are the values that the task promises to write. An attempt that leaves one out, or
    writes one of another type, fails with InvalidOutputs. Expressions can read no other outputs of
    the task. Without outputs here, the task may write any, and expressions may read any. Beside
    `workflow`, outputs are what the called run must give."""


class Wait(ApiType):
    """A time that passes: nothing runs, and the task succeeds at its end."""

    seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """seconds is how long the task waits after its start."""

    until: Condition | None = None
    """until is a CEL expression that gives the timestamp at which the wait ends. It is evaluated
    once, when the task could start. An instant in the past ends the wait at once. Example:
    `run.intervalEnd + duration('90m')`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.seconds is None and self.until is None:
            raise ValueError("a wait needs one of seconds and until: say when it ends")
        if self.seconds is not None and self.until is not None:
            raise ValueError("a wait has seconds or until, not both: remove one")
        return self


PROGRAM = ("image", "command", "args", "outputs")
"""What a template says of its program, and so a task with `uses` does not."""


class NamedTask(TaskBody):
    """A task of a workflow."""

    name: TaskName
    """name of the task, unique in the workflow."""

    uses: Template | None = None
    """uses names the template that the task runs, with its version: `http@v1` is the TaskTemplate
    `http.v1` of the namespace, or else the ClusterTaskTemplate `http.v1`."""

    with_: dict[str, Item] = Field(default_factory=dict, max_length=100, alias="with")
    """with has the values of the template's parameters, by name. Text may hold expressions in
    `${{ }}`, where the template allows it. A secret is `secretRef: {name: ..., key: ...}`."""

    when: Condition | None = None
    """when is a CEL expression that says whether the task runs: false skips the task. It is
    evaluated once, when the task could start. An error in it fails the task. Example:
    `tasks.count.outputs.rows > 0`."""

    for_each: ForEach | None = None
    """forEach does the work of the task once for each item of a list: a program as one Indexed
    Job; with wait, workflow or approval, a wait, a run or a question for each."""

    wait: Wait | None = None
    """wait lets time pass instead of running a program: no pod, no image. The task succeeds at the
    instant, also if the controller was down then. When the run is stopped or cancelled, a wait ends
    at once, as Cancelled."""

    workflow: WorkflowCall | None = None
    """workflow calls a workflow instead of running a program: the task is a run of it, and the
    run's outputs are the task's."""

    approval: ApprovalRequest | None = None
    """approval asks people instead of running a program: no pod, no image. The answer is the output
    `choice`; reject fails the task."""

    allow_failure: bool = False
    """allowFailure lets the run succeed even if this task fails."""

    @model_validator(mode="after")
    def _runs_one_program(self) -> Self:
        if self.uses is None and self.with_:
            raise ValueError("with: has values for a template, and the task names none in uses")
        given = (name for name in PROGRAM if name in self.model_fields_set)
        own = next((name for name in given if getattr(self, name) is not None), None)
        if self.uses is not None and own is not None:
            raise ValueError(f"{own}: a task with uses runs the template's program; remove {own}")
        return self


class Task(NamedTask):
    """A task of a workflow, and the tasks that it waits for."""

    depends_on: Annotated[tuple[TaskName, ...], Unique(checked=False)] = Field(
        default=(), max_length=1000
    )
    """dependsOn names the tasks that this task waits for. runWhen judges their outcomes."""

    run_when: RunWhen = RunWhen.ALL_SUCCEEDED
    """runWhen says which outcomes of the tasks in dependsOn let this task start. With a One… rule,
    it starts as soon as one outcome is enough; with Always, at once."""

    cache: TaskCache | None = None
    """cache lets the task have the outputs of an earlier run instead of running its program. Only
    for a task with one program."""

    @model_validator(mode="after")
    def _caches_one_program(self) -> Self:
        other = next((name for name in NOT_CACHED if getattr(self, name) is not None), None)
        if self.cache is not None and other is not None:
            raise ValueError(f"cache: {NOT_CACHED[other]}")
        return self


class Defaults(TaskSettings):
    """
    The settings of each task that has none of its own.

    env is merged by name. Any other field of a task replaces the default.
    """
