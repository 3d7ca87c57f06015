"""The WorkflowRun: one execution of a workflow."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import (
    MAX_PRIORITY,
    ApiType,
    Instant,
    KubernetesObject,
    NamespaceName,
    ObjectName,
    ShortText,
    TaskName,
    Time,
)
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.conditions import Condition
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.params import ParamGiven
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.webhook import Delivery


class DesiredState(ApiEnum):
    """What somebody wants the run to do."""

    RUN = "Run"
    """Go on."""

    PAUSE = "Pause"
    """Start nothing new; running tasks end on their own."""

    STOP = "Stop"
    """Let running tasks end, run `finally` tasks, then end the run. Tasks that only wait end at
    once."""

    CANCEL = "Cancel"
    """End running tasks, run `finally` tasks, then end the run."""

    TERMINATE = "Terminate"
    """End running tasks, also `finally` tasks, then end the run. Other tasks never start."""


CANCELLING = frozenset({DesiredState.CANCEL, DesiredState.TERMINATE})
"""The states that end running tasks."""


class TriggerKind(ApiEnum):
    """What asked for a run."""

    SCHEDULE = "Schedule"
    APPLY = "Apply"
    MANUAL = "Manual"
    WORKFLOW = "Workflow"
    """A run of another workflow ended."""
    CALL = "Call"
    """A task of another run called the workflow."""
    BACKFILL = "Backfill"
    """A Backfill created the run for a logical time."""
    WEBHOOK = "Webhook"
    """Somebody delivered an event over HTTP."""


class Interval(ApiType):
    """The period whose data a run processes."""

    start: Time
    """start is the tick before the run's own tick."""

    end: Time
    """end is the run's own tick."""

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.start > self.end:
            raise ValueError("an interval's start is not after its end: swap them")
        return self


MAX_DEPTH = 20
"""How many runs may start one after the other, each because the one before has ended."""


class EndedRun(ApiType):
    """The run whose end started a run."""

    namespace: NamespaceName
    """namespace is where the ended run is."""

    workflow: ObjectName
    """workflow is the ended run's workflow."""

    name: ObjectName
    """name is the ended run's name."""

    uid: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """uid is the ended run's uid."""

    depth: int = Field(ge=1, le=MAX_DEPTH)
    """depth is how many ends of runs led to this run, one after the other."""


class RunSpec(ApiType):
    """What to execute. Only desiredState and callerState can be changed later."""

    workflow: ObjectName
    """workflow is the name of the Workflow, in the same namespace."""

    params: Annotated[tuple[ParamGiven, ...], Unique("name")] = Field(default=(), max_length=100)
    """params are values of the workflow's parameters. Any other parameter has its default."""

    logical_time: Time | None = None
    """logicalTime is the instant that the run stands for: its tick, not the time when it started.
    Default: the time when the run was created."""

    interval: Interval | None = None
    """interval is the period whose data the run processes."""

    trigger: TriggerKind = TriggerKind.MANUAL
    """trigger is what asked for the run."""

    priority: int | None = Field(default=None, ge=-MAX_PRIORITY, le=MAX_PRIORITY)
    """priority replaces the priority of the workflow for this run. A called run has the priority of
    the task that called it."""

    triggered_by: EndedRun | None = None
    """triggeredBy is the run whose end started this one."""

    delivery: Delivery | None = None
    """delivery is the delivery to the webhook of the workflow that started the run."""

    desired_state: DesiredState = DesiredState.RUN
    """desiredState steers the run: Run, Pause, Stop, Cancel or Terminate. Stop can only become
    Cancel or Terminate, Cancel can only become Terminate, and Terminate is final."""

    rerun_of: RerunOf | None = None
    """rerunOf names an earlier run to repeat. Its parameters, logical time and interval count where
    this run gives none."""

    cache: CacheMode | None = None
    """cache is what the run does with the caches of its tasks: Use, Refresh or Off. Default: Use;
    in a rerun with from All or Task, Refresh. Runs that its tasks call do the same."""

    caller_state: DesiredState | None = None
    """callerState is the state that the calling run passes on, if a task of it called this run. The
    controller writes it. The stronger of callerState and desiredState counts."""


class TaskCounts(ApiType):
    """How many tasks of a run are in which state."""

    total: int = Field(default=0, ge=0)
    """total is how many tasks the run has, `finally` tasks among them."""

    pending: int = Field(default=0, ge=0)
    """pending tasks have not started."""

    running: int = Field(default=0, ge=0)
    """running tasks have started and not ended, also those between two attempts."""

    succeeded: int = Field(default=0, ge=0)
    """succeeded tasks ended well."""

    failed: int = Field(default=0, ge=0)
    """failed tasks ended badly."""

    skipped: int = Field(default=0, ge=0)
    """skipped tasks did not need to run: their `when` was false."""

    omitted: int = Field(default=0, ge=0)
    """omitted tasks were ruled out by the outcomes upstream."""

    cancelled: int = Field(default=0, ge=0)
    """cancelled tasks were ended, or kept from starting, by Stop, Cancel, Terminate, a time limit
    or onFailure."""


class Attention(ApiType):
    """A task that failed, or waits for something unusual."""

    task: TaskName
    """task is the name of the task."""

    reason: Annotated[str, StringConstraints(max_length=64)]
    """reason is one word for machines."""

    message: ShortText
    """message is one sentence for people."""

    since: Instant | None = None
    """since is when this state began."""


class Mark(ApiType):
    """Tasks that ended without a TaskRun, all in the same way."""

    outcome: Annotated[str, StringConstraints(max_length=16)]
    """outcome is how the tasks ended: Failed, Skipped, Omitted or Cancelled."""

    reason: Annotated[str, StringConstraints(max_length=64)]
    """reason is one word for machines."""

    message: ShortText = ""
    """message is one sentence for people. It is empty if the definition and the outcomes upstream
    explain the end."""

    since: Instant | None = None
    """since is when the first of the tasks ended."""

    tasks: Annotated[str, StringConstraints(max_length=65_536)]
    """tasks lists the positions of the tasks in the run's definition, as ranges: "0-41,43"."""


Positions = Annotated[str, StringConstraints(max_length=65_536)]
"""Positions of tasks in the run's definition, as ranges: "0-41,43"."""


class RerunStatus(ApiType):
    """What a rerun has of the earlier run. It is fixed before any task starts."""

    uid: Annotated[str, StringConstraints(max_length=64)] | None = None
    """uid is that of the earlier run: another run of its name does not count."""

    params: Annotated[tuple[ParamGiven, ...], Unique("name", checked=False)] = Field(
        default=(), max_length=100
    )
    """params are those of the earlier run, with the run's own over them."""

    logical_time: Instant | None = None
    """logicalTime is the instant that both runs stand for."""

    interval: Interval | None = None
    """interval is that of both runs."""

    taken_over: Positions = ""
    """takenOver lists the tasks that are not repeated, by their positions in the run's definition,
    as ranges: "0-41,43"."""

    continued: Positions = ""
    """continued lists the tasks that are repeated in part: only the items that did not succeed, or
    only what did not succeed in the run that the task called."""


class RunStatus(ApiType):
    """The state of a run. The details of its tasks are in their TaskRuns."""

    conditions: Annotated[tuple[Condition, ...], Unique("type", checked=False)] = Field(
        default=(), max_length=16
    )
    """conditions are Succeeded, Ready, Reconciling and Stalled."""

    observed_generation: int = Field(default=0, ge=0)
    """observedGeneration is the generation of the spec that the status describes."""

    revision: Annotated[str, StringConstraints(max_length=253)] | None = None
    """revision is the ControllerRevision with the run's pinned definition."""

    since: Instant | None = None
    """since is when the reason last changed: when the run was paused, began to wait or to run."""

    start_time: Instant | None = None
    """startTime is when the run left the queue and began."""

    finally_time: Instant | None = None
    """finallyTime is when all tasks but the `finally` tasks had ended."""

    completion_time: Instant | None = None
    """completionTime is when the run ended."""

    duration: Annotated[str, StringConstraints(max_length=32)] | None = None
    """duration is the time from start to end, for people; set when the run ended."""

    tasks: TaskCounts = TaskCounts()
    """tasks counts the run's tasks by their state."""

    progress: Annotated[str, StringConstraints(max_length=32)] = ""
    """progress is ended tasks / all tasks."""

    started: Annotated[str, StringConstraints(max_length=65_536)] = ""
    """started lists the positions of started tasks in the run's definition, as ranges:
    "0-41,43"."""

    marks: tuple[Mark, ...] | None = Field(default=None, max_length=64)
    """marks list the tasks that ended without a TaskRun. At most 20 of them keep messages."""

    rerun: RerunStatus | None = None
    """rerun is what a rerun has of the earlier run."""

    attention: tuple[Attention, ...] = Field(default=(), max_length=20)
    """attention names at most 20 tasks that failed or wait for something unusual."""

    outputs: KubernetesObject | None = None
    """outputs are the values of the workflow's outputs; set when the run succeeded. They are the
    outputs of the task that called the run."""
