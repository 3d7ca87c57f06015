"""The TaskRun: one task of one run, its attempts and its outputs; or one task on its own."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.base import (
    ApiType,
    Instant,
    KubernetesObject,
    ObjectName,
    ShortText,
    TaskName,
)
from headrace.api.v1alpha1.cache import MAX_KEY
from headrace.api.v1alpha1.call import WorkflowCall
from headrace.api.v1alpha1.conditions import Condition
from headrace.api.v1alpha1.items import ItemsSpec, ItemsStatus
from headrace.api.v1alpha1.params import ParamGiven
from headrace.api.v1alpha1.task import TaskBody


class TaskRunSpec(TaskBody):
    """What the task runs, with the workflow's defaults filled in. The spec never changes."""

    run: ObjectName | None = None
    """run is the WorkflowRun of the task. A task on its own has none."""

    task: TaskName | None = None
    """task is the name of the task in the workflow. A task on its own has none."""

    wait_until: Instant | None = None
    """waitUntil is when a task of a run succeeds that only waits. A task on its own runs a program,
    and has none."""

    workflow: WorkflowCall | None = None
    """workflow is the workflow that the task calls, with the values of its parameters."""
    approval: ApprovalRequest | None = None
    """approval is what a task that asks people asks."""
    items: ItemsSpec | None = None
    """items are the items of a task with forEach. A task on its own has none."""

    cache_key: Annotated[str, StringConstraints(max_length=MAX_KEY)] | None = None
    """cacheKey is the value of cache.key of a task of a run."""

    cache_hash: Annotated[str, StringConstraints(max_length=64)] | None = None
    """cacheHash is a hash of cacheKey, the task's name and its program. Later runs of the workflow
    find the result by it. A task on its own has none."""

    params: Annotated[tuple[ParamGiven, ...], Unique("name")] = Field(default=(), max_length=100)
    """params are the values that a task on its own finds in HEADRACE_PARAMS."""

    @model_validator(mode="after")
    def _can_run(self) -> Self:
        if (self.run is None) != (self.task is None):
            raise ValueError(
                "run and task name a task of a run: give both, or neither for a task on its own"
            )
        if self.run is None and self.wait_until is not None:
            raise ValueError(
                "waitUntil: a TaskRun on its own runs a program; remove waitUntil, or write a"
                " workflow with a task that has wait"
            )
        if self.run is None and self.workflow is not None:
            raise ValueError(
                "workflow: a TaskRun on its own runs a program; remove workflow, and create a"
                " WorkflowRun of it"
            )
        if self.run is None and self.image is None:
            raise ValueError("image: a TaskRun on its own needs an image; name one")
        if self.run is None and self.approval is not None:
            raise ValueError("approval: only a task of a run can ask people; remove it")
        if self.run is None and self.items is not None:
            raise ValueError("items: a TaskRun on its own has no items; remove them")
        if self.run is None and (self.cache_key or self.cache_hash):
            raise ValueError(
                "cacheHash: no run can use the result of a TaskRun on its own; remove cacheKey and"
                " cacheHash"
            )
        return self


class AttemptStatus(ApiType):
    """One attempt: one Job, or one run of a called workflow."""

    number: int = Field(ge=1)
    """number counts from 1."""

    job_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """jobName is the attempt's Job."""

    run_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """runName is the attempt's WorkflowRun, if the task calls a workflow. Then it has no Job."""
    approval_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """approvalName is the attempt's Approval, if the task asks people."""

    pod_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """podName is the Job's pod; `kubectl logs` takes it."""

    node_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """nodeName is where the pod ran."""

    created_time: Instant | None = None
    """createdTime is when the Job was created."""

    scheduled_time: Instant | None = None
    """scheduledTime is when the scheduler found a node."""

    start_time: Instant | None = None
    """startTime is when the container started."""

    finish_time: Instant | None = None
    """finishTime is when the attempt ended."""

    exit_code: int | None = None
    """exitCode is the exit code of the container."""

    reason: Annotated[str, StringConstraints(max_length=64)] | None = None
    """reason is how the attempt ended, or what it waits for."""

    message: ShortText | None = None
    """message is one sentence for people."""

    memory: Annotated[str, StringConstraints(max_length=32)] | None = None
    """memory is the attempt's memory limit, if a retry rule raised it."""

    replaced_time: Instant | None = None
    """replacedTime is set if the attempt lost a pod: when the Job created the next pod, or when
    the loss was seen, until there is one. timeouts.pendingSeconds counts from this time."""


class TaskRunStatus(ApiType):
    """The state of a task, and its attempts."""

    conditions: Annotated[tuple[Condition, ...], Unique("type", checked=False)] = Field(
        default=(), max_length=16
    )
    """conditions are Succeeded, Ready, Reconciling and Stalled."""

    observed_generation: int = Field(default=0, ge=0)
    """observedGeneration is the generation of the spec that the status describes."""

    outcome: Annotated[str, StringConstraints(max_length=64)] | None = None
    """outcome is Succeeded, Failed or Cancelled, once the task ended. It never changes."""

    start_time: Instant | None = None
    """startTime is when the first attempt was created."""

    completion_time: Instant | None = None
    """completionTime is when the task ended."""

    duration: Annotated[str, StringConstraints(max_length=32)] | None = None
    """duration is the time from start to end, for people; set when the task ended."""

    attempt_count: int = Field(default=0, ge=0)
    """attemptCount is how many attempts there have been."""

    user_failures: int = Field(default=0, ge=0)
    """userFailures is how many attempts counted against retry.limit."""

    infrastructure_failures: int = Field(default=0, ge=0)
    """infrastructureFailures is how many attempts counted against retry.infrastructureLimit."""

    # Not a keyed list, since only the controller writes it: see `WorkflowSpec.tasks`.
    attempts: tuple[AttemptStatus, ...] = Field(default=(), max_length=10)
    """attempts are the last 10, oldest first."""

    next_attempt_time: Instant | None = None
    """nextAttemptTime is when the next attempt starts, after a failure."""

    taken_over_from: ObjectName | None = None
    """takenOverFrom is the first run that did the work, if this run only took it over: of the task,
    or of the items in items.takenOver."""

    done_time: Instant | None = None
    """doneTime is when that run had done the work. The age of a result for cache.maxAgeSeconds
    counts from then."""

    items: ItemsStatus | None = None
    """items are the items of a task with forEach."""

    outputs: KubernetesObject | None = None
    """outputs is the JSON object that the task wrote to the file named in HEADRACE_OUTPUTS. For
    a task with forEach: items, a list with the object of each item or null, in the order of their
    indexes; if they have more than 256 KiB, only their count and a note."""
