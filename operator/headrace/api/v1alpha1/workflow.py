"""The Workflow: a definition of tasks, their triggers, and the history of their runs."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import (
    MAX_PRIORITY,
    MAX_SECONDS,
    ApiType,
    Instant,
    LabelName,
    LongText,
    NamespaceName,
    ObjectName,
    ParamName,
    RunName,
    ShortText,
)
from headrace.api.v1alpha1.conditions import Condition
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.group import MAX_TASKS
from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.task import Condition as Expression
from headrace.api.v1alpha1.task import Defaults, NamedTask, OutputType, Task
from headrace.api.v1alpha1.trigger import Concurrency, Trigger


class OnFailure(ApiEnum):
    """What the failure of a task means for the rest of the run."""

    CONTINUE = "Continue"
    """Branches that do not depend on the failed task go on."""

    STOP = "Stop"
    """Only `finally` tasks start. A task that has begun goes on, with its retries; one that only
    waits ends."""


class RunTimeouts(ApiType):
    """Time limits of a run."""

    run_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """runSeconds is the longest time of a run. After this time, running tasks are ended, then
    `finally` tasks run."""

    finally_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """finallySeconds is the longest time of all `finally` tasks together, from the end of the other
    tasks. After this time, running `finally` tasks are ended, and the others never start."""


class History(ApiType):
    """Which finished runs and Jobs are kept."""

    successful_runs: int = Field(default=10, ge=0, le=1000)
    """successfulRuns is how many succeeded runs are kept."""

    failed_runs: int = Field(default=10, ge=0, le=1000)
    """failedRuns is how many finished runs that did not succeed are kept."""

    job_seconds: int = Field(default=3600, ge=0, le=MAX_SECONDS)
    """jobSeconds is how long the Jobs (and so the logs) of succeeded tasks are kept after their
    run ended. Jobs of failed tasks are kept as long as the run."""

    ttl_seconds_after_finished: int | None = Field(default=None, ge=0, le=MAX_SECONDS)
    """ttlSecondsAfterFinished deletes a run this long after its end, whatever the counts say."""


class RunOutput(ApiType):
    """A value that each run of the workflow gives."""

    name: ParamName
    """name is the name of the value in the run's outputs."""

    expression: Expression
    """expression is a CEL expression over `tasks`, `params` and `run`. It is evaluated once, when
    all tasks have ended. An error in it fails the run."""

    type: OutputType | None = None
    """type is String, Integer, Boolean, Number, Timestamp or Json. A run whose value has another
    type fails. Default: any type."""

    description: ShortText = ""
    """description says what the value is."""


class WorkflowSpec(ApiType):
    """What a workflow does."""

    description: LongText = ""
    """description says what the workflow is for."""

    params: Annotated[tuple[Param, ...], Unique("name", checked=False)] = Field(
        default=(), max_length=100
    )
    """params are the parameters that a run may set."""

    triggers: tuple[Trigger, ...] = Field(default=(), max_length=20)
    """triggers start runs. Without triggers, the workflow runs once when it is created."""

    suspend: bool = False
    """suspend stops all triggers and nothing else: running runs go on."""

    concurrency: Concurrency = Concurrency()
    """concurrency says what happens when a run is due while another is active."""

    max_parallel: int | None = Field(default=None, ge=1, le=MAX_TASKS)
    """maxParallel is how many tasks of a run may run at the same time. Waits, approvals and called
    workflows do not count, and a task with forEach counts as one. Default: any number."""

    priority: int = Field(default=0, ge=-MAX_PRIORITY, le=MAX_PRIORITY)
    """priority is the priority of the workflow's runs, among all that wait for the same pool."""

    queue_name: LabelName | None = None
    """queueName is the LocalQueue of Kueue that the workflow's Jobs wait in. The Jobs are created
    suspended, and Kueue lets them go. Without Kueue in the cluster, nobody does."""

    defaults: Defaults = Defaults()
    """defaults are the settings of each task that has none of its own."""

    # Not a keyed list. For one, the API server records the owner of each field of each element
    # (metadata.managedFields), which more than doubles a large workflow. It also compares all
    # elements with each other at each write. `headrace.engine.definition.problems` finds doubles.
    tasks: tuple[Task, ...] = Field(min_length=1, max_length=MAX_TASKS)
    """tasks are the pipeline: each runs after the tasks that it depends on, most as one Job."""

    finally_: tuple[NamedTask, ...] = Field(default=(), max_length=100, alias="finally")
    """finally tasks run after all others ended, whatever the outcome, also after Stop and Cancel;
    only Terminate and timeouts.finallySeconds end them. A finally task that fails makes the run
    fail, unless it has allowFailure."""

    outputs: Annotated[tuple[RunOutput, ...], Unique("name")] = Field(default=(), max_length=50)
    """outputs are the values that a run gives when it succeeds: all together at most 4,096 bytes as
    JSON. They are the outputs of a task that calls the workflow."""

    on_failure: OnFailure = OnFailure.CONTINUE
    """onFailure says whether independent branches go on after a failure."""

    timeouts: RunTimeouts = RunTimeouts()
    """timeouts are the run's time limits."""

    history: History = History()
    """history says which finished runs and Jobs are kept."""

    export_to: Annotated[tuple[NamespaceName, ...], Unique()] = Field(default=(), max_length=100)
    """exportTo lists other namespaces whose workflows may start when a run of this one ends, and
    read its outputs then."""


class FollowedWorkflow(ApiType):
    """Which ends of another workflow's runs are handled."""

    namespace: NamespaceName
    """namespace is the other workflow's namespace."""

    name: ObjectName
    """name is the other workflow."""

    handled_until: Instant
    """handledUntil: all runs that ended at this instant or before are handled."""

    handled: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = Field(
        default=(), max_length=500
    )
    """handled are the uids of the handled runs that ended later."""


class WorkflowStatus(ApiType):
    """A short summary of a workflow. The details are in its WorkflowRuns."""

    conditions: Annotated[tuple[Condition, ...], Unique("type", checked=False)] = Field(
        default=(), max_length=16
    )
    """conditions are Ready, Reconciling and Stalled."""

    observed_generation: int = Field(default=0, ge=0)
    """observedGeneration is the generation of the spec that the status describes."""

    revision: Annotated[str, StringConstraints(max_length=253)] | None = None
    """revision is the ControllerRevision that holds the current spec."""

    applied_revision: Annotated[str, StringConstraints(max_length=253)] | None = None
    """appliedRevision is the revision that was last handled as new: the revision of the last run by
    creation or onApply. With schedules only, there is no such run, and it is the first revision."""

    active_runs: int = Field(default=0, ge=0)
    """activeRuns is how many runs have begun and not ended."""

    waiting_runs: int = Field(default=0, ge=0)
    """waitingRuns is how many runs have not begun, most often because other runs come first."""

    last_run: RunName | None = None
    """lastRun is the name of the newest run."""

    last_run_time: Instant | None = None
    """lastRunTime is the logical time of the newest run, or when it was created."""

    last_outcome: Annotated[str, StringConstraints(max_length=64)] | None = None
    """lastOutcome is how the newest finished run ended."""

    last_tick_time: Instant | None = None
    """lastTickTime is the last tick of the schedules that was handled."""

    schedule_key: Annotated[str, StringConstraints(max_length=64)] | None = None
    """scheduleKey identifies the current schedules. New schedules have missed no ticks."""

    schedule_since: Instant | None = None
    """scheduleSince is when these schedules took effect. No tick before that fires."""

    next_run_time: Instant | None = None
    """nextRunTime is the next tick of the schedules."""

    missed_runs: int = Field(default=0, ge=0)
    """missedRuns counts ticks that started no run, since the workflow was created."""

    followed: tuple[FollowedWorkflow, ...] = Field(default=(), max_length=20)
    """followed says which ends of other workflows' runs are handled. An end starts no run twice."""
