"""Every reason that a condition, an attempt or a waiting task can carry. Add, never rename."""

from enum import StrEnum


class Reason(StrEnum):
    """Why something is in the state it is in, for machines to match on."""

    # --- how a run or task stands -------------------------------------------------------------
    PENDING = "Pending"
    """Seen, and nothing has started yet."""

    RUNNING = "Running"
    """At least one attempt runs."""

    SUCCEEDED = "Succeeded"
    """It ended well."""

    FAILED = "Failed"
    """It ended badly: the message names what failed."""

    CANCELLED = "Cancelled"
    """Somebody, or the run's time limit, ended it before its own end."""

    STOPPED = "Stopped"
    """`desiredState: Stop` kept some of its tasks from starting."""

    TERMINATED = "Terminated"
    """`desiredState: Terminate` ended it, and its `finally` tasks too."""

    # --- what it waits for --------------------------------------------------------------------
    WAITING_FOR_UPSTREAM = "WaitingForUpstream"
    """A task that it depends on has not ended."""

    WAITING_FOR_RETRY = "WaitingForRetry"
    """The last attempt failed; the next one starts when its backoff is over."""

    WAITING_FOR_TASKS = "WaitingForTasks"
    """A `finally` task waits until all other tasks have ended."""

    WAITING_FOR_REMOVAL = "WaitingForRemoval"
    """What it waits for has ended, and a pod or process of it still runs; the message names it."""

    WAITING_FOR_SLOT = "WaitingForSlot"
    """As many attempts run on this machine as may run at once."""

    PAUSED = "Paused"
    """`desiredState: Pause`: nothing new starts."""

    STARTING = "Starting"
    """The Job is made; its container does not run yet."""

    UNSCHEDULABLE = "Unschedulable"
    """No node takes the pod; the message has the scheduler's words."""

    IMAGE_PULL_FAILED = "ImagePullFailed"
    """The image cannot be pulled; the message says why."""

    CONTAINER_CONFIG_ERROR = "ContainerConfigError"
    """The container cannot be made: a Secret or ConfigMap that it names is missing, a volume cannot
    be mounted, or the node cannot make the pod's sandbox. The message has the kubelet's words."""

    QUOTA_EXCEEDED = "QuotaExceeded"
    """A ResourceQuota of the namespace has no room for the Job or its pod."""

    POD_NOT_CREATED = "PodNotCreated"
    """The Job controller could not make the pod; the message has the API server's words."""

    SUSPENDED = "Suspended"
    """Somebody else suspended the Job (a queueing system, for example)."""

    STOPPING = "Stopping"
    """Running tasks end on their own; nothing new starts but `finally` tasks."""

    CANCELLING = "Cancelling"
    """Running tasks are being ended."""

    TIMING_OUT = "TimingOut"
    """The run took longer than `timeouts.runSeconds`: running tasks are being ended, then `finally`
    tasks run."""

    API_UNAVAILABLE = "ApiUnavailable"
    """The API server refused or did not answer; it is asked again."""

    FORBIDDEN = "Forbidden"
    """The controller lacks a right; the message names the verb and the resource."""

    INTERNAL_ERROR = "InternalError"
    """A defect of the controller, which tries again; its log has the details."""

    # --- how an attempt ended -----------------------------------------------------------------
    NON_ZERO_EXIT = "NonZeroExit"
    """The container ended with an exit code other than 0."""

    OOM_KILLED = "OOMKilled"
    """The container used more memory than its limit."""

    ATTEMPT_TIMEOUT = "AttemptTimeout"
    """The container ran, or its image was pulled, for longer than `timeouts.attemptSeconds`."""

    PENDING_TIMEOUT = "PendingTimeout"
    """The container did not start within `timeouts.pendingSeconds`."""

    INVALID_OUTPUTS = "InvalidOutputs"
    """What the task wrote as outputs is not one JSON object of at most 4,096 bytes of UTF-8."""

    EVICTED = "Evicted"
    """The node or an eviction request put the pod out."""

    PREEMPTED = "Preempted"
    """A pod of higher priority took its place."""

    NODE_LOST = "NodeLost"
    """The node that ran the pod is gone."""

    POD_LOST = "PodLost"
    """A pod was taken from an attempt that goes on: its Job makes another. Only Events say this."""

    POD_DELETED = "PodDeleted"
    """Somebody deleted the pod."""

    JOB_DELETED = "JobDeleted"
    """Somebody deleted the Job."""

    ADMISSION_DENIED = "AdmissionDenied"
    """The API server refused the Job; the message has its words."""

    INVALID_IMAGE_NAME = "InvalidImageName"
    """The image's name cannot be parsed."""

    START_ERROR = "StartError"
    """The container could not be started: its command does not exist, or an init container that a
    policy put before it failed, for example."""

    INTERRUPTED = "Interrupted"
    """The runner on this machine ended while the attempt ran."""

    NAME_TAKEN = "NameTaken"
    """An object of the derived name exists and belongs to somebody else."""

    NOT_OF_THE_RUN = "NotOfTheRun"
    """A TaskRun names a run that did not make it, so nothing runs for it."""

    # --- why a task or run ended --------------------------------------------------------------
    RETRIES_EXHAUSTED = "RetriesExhausted"
    """It failed more often than its retry policy allows."""

    TASK_TIMEOUT = "TaskTimeout"
    """The task took longer than `timeouts.totalSeconds`, with all waits and retries."""

    RUN_TIMEOUT = "RunTimeout"
    """The run took longer than `timeouts.runSeconds`."""

    FINALLY_TIMEOUT = "FinallyTimeout"
    """The `finally` tasks took longer than `timeouts.finallySeconds`."""

    TASK_RUN_DELETED = "TaskRunDeleted"
    """Somebody deleted the TaskRun of a task that had started; it is not run again."""

    RULE_UNMET = "RuleUnmet"
    """The upstream outcomes rule the task out; no failure among them is the cause."""

    UPSTREAM_FAILED = "UpstreamFailed"
    """An upstream task failed, and the task's `runWhen` needs that it did not."""

    RUN_STOPPED = "RunStopped"
    """The run starts nothing new, so the task never started."""

    INVALID_DEFINITION = "InvalidDefinition"
    """The definition cannot be run; the message names the field and the cure."""

    INVALID_PARAMS = "InvalidParams"
    """The run's parameters do not fit the workflow's."""

    WORKFLOW_NOT_FOUND = "WorkflowNotFound"
    """The workflow that the run names does not exist."""

    REVISION_NOT_FOUND = "RevisionNotFound"
    """The frozen definition of the run was deleted."""

    # --- a Workflow ---------------------------------------------------------------------------
    READY = "Ready"
    """The definition is valid and its triggers are armed."""

    RECONCILING = "Reconciling"
    """The controller has not caught up with the latest change yet."""

    # --- schedules ----------------------------------------------------------------------------
    MISSED_SCHEDULE = "MissedSchedule"
    """Ticks passed that started no run; the message says how many and by which field."""

    CLOCK_SET_BACK = "ClockSetBack"
    """The clock is behind a tick that was dealt with already, so nothing fires until then."""

    CONCURRENCY_FORBIDDEN = "ConcurrencyForbidden"
    """`concurrency.policy: Forbid`: a run was active, so the tick started none."""

    CONCURRENCY_REPLACED = "ConcurrencyReplaced"
    """`concurrency.policy: Replace`: runs are cancelled, since a newer one takes their place."""

    WAITING_FOR_TURN = "WaitingForTurn"
    """Other runs of the workflow come first; the message names them."""
