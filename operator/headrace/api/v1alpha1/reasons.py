"""Every reason that a condition, an attempt or a waiting task can carry. Add, never rename."""

from enum import StrEnum


class Reason(StrEnum):
    """Why an object is in its state, for machines to match on."""

    # --- the state of a run or task -----------------------------------------------------------
    PENDING = "Pending"
    """Headrace has seen the object, and nothing has started yet."""

    RUNNING = "Running"
    """At least one attempt runs."""

    SUCCEEDED = "Succeeded"
    """The run or task ended well."""

    FAILED = "Failed"
    """The run or task failed. The message names the cause."""

    CANCELLED = "Cancelled"
    """Somebody or the run's time limit ended the run or task early."""

    STOPPED = "Stopped"
    """`desiredState: Stop` kept some of the run's tasks from starting."""

    TERMINATED = "Terminated"
    """`desiredState: Terminate` ended the run, also its `finally` tasks."""

    TAKEN_OVER = "TakenOver"
    """The task succeeded in an earlier run, and this run has its outputs. `status.takenOverFrom`
    names that run."""

    FROM_CACHE = "FromCache"
    """The task's `cache` found the result of an earlier run, and this run has its outputs.
    `status.takenOverFrom` names the run that did the work."""

    # --- what a run or task waits for ---------------------------------------------------------
    TAKING_OVER = "TakingOver"
    """A rerun takes over the tasks that it does not repeat. The message says how many are left."""

    WAITING_FOR_UPSTREAM = "WaitingForUpstream"
    """An upstream task has not ended."""

    WAITING_FOR_RETRY = "WaitingForRetry"
    """The last attempt failed. The next one starts after the backoff."""

    WAITING_FOR_TASKS = "WaitingForTasks"
    """A `finally` task waits until all other tasks have ended."""

    WAITING_FOR_REMOVAL = "WaitingForRemoval"
    """The tasks or runs that come first have ended, but a pod or process of them still runs. The
    message names it."""

    EVALUATING = "Evaluating"
    """The expressions in the task's `when` and `env` have no value yet. The message says what keeps
    them waiting."""

    WAITING_FOR_SLOT = "WaitingForSlot"
    """As many tasks run as may run at the same time: the run's `maxParallel`, or `--max-parallel`
    on this machine."""

    WAITING_FOR_POOL = "WaitingForPool"
    """The task's Pool has no free slots for it. The message names who holds them, and the place of
    the task in the queue."""

    POOL_NOT_FOUND = "PoolNotFound"
    """The task names a Pool that does not exist. It goes on as soon as somebody creates the
    Pool."""

    WAITING_FOR_TIME = "WaitingForTime"
    """The task only waits (`wait`). The message says until when."""

    PAUSED = "Paused"
    """`desiredState: Pause`: nothing new starts."""

    WAITING_FOR_APPROVAL = "WaitingForApproval"
    """People are asked, and nobody has answered yet. The message has the question."""

    APPROVAL_NOT_GUARDED = "ApprovalNotGuarded"
    """The question names approvers, and the API server does not keep others from answering: the
    admission policies of the chart are missing. The question is not asked before they are there,
    and an answer from a time without them does not count."""

    STARTING = "Starting"
    """The Job exists, and its container does not run yet."""

    UNSCHEDULABLE = "Unschedulable"
    """No node takes the pod. The message has the scheduler's words."""

    IMAGE_PULL_FAILED = "ImagePullFailed"
    """The image cannot be pulled. The message says why."""

    CONTAINER_CONFIG_ERROR = "ContainerConfigError"
    """The container cannot be created: a Secret or ConfigMap is missing, a volume cannot be
    mounted, or the node cannot create the pod's sandbox. The message has the kubelet's words."""

    QUOTA_EXCEEDED = "QuotaExceeded"
    """A ResourceQuota of the namespace has no room for the Job or its pod."""

    POD_NOT_CREATED = "PodNotCreated"
    """The Job controller could not create the pod. The message has the API server's words."""

    SUSPENDED = "Suspended"
    """Somebody else suspended the Job (a queueing system, for example)."""

    STOPPING = "Stopping"
    """Running tasks end on their own. Only `finally` tasks start."""

    CANCELLING = "Cancelling"
    """Running tasks are being ended."""

    TIMING_OUT = "TimingOut"
    """The run took longer than `timeouts.runSeconds`. Running tasks are being ended, then `finally`
    tasks run."""

    API_UNAVAILABLE = "ApiUnavailable"
    """The API server refused a request or did not answer. Headrace asks again."""

    FORBIDDEN = "Forbidden"
    """The controller lacks a right. The message names the verb and the resource."""

    INTERNAL_ERROR = "InternalError"
    """The controller has a defect. It tries again, and its log has the details."""

    # --- how an attempt ended -----------------------------------------------------------------
    NON_ZERO_EXIT = "NonZeroExit"
    """The container ended with an exit code other than 0."""

    OOM_KILLED = "OOMKilled"
    """The container used more memory than its limit."""

    ATTEMPT_TIMEOUT = "AttemptTimeout"
    """The image pull and the container took longer than `timeouts.attemptSeconds`."""

    PENDING_TIMEOUT = "PendingTimeout"
    """The container did not start within `timeouts.pendingSeconds`."""

    INVALID_OUTPUTS = "InvalidOutputs"
    """The task's outputs are not one JSON object of at most 4,096 bytes of UTF-8, or not the
    outputs that the task declares."""

    EVICTED = "Evicted"
    """The node or an eviction request removed the pod."""

    PREEMPTED = "Preempted"
    """A pod of higher priority took the place of the attempt's pod."""

    NODE_LOST = "NodeLost"
    """The node that ran the pod is gone."""

    POD_LOST = "PodLost"
    """The attempt lost its pod and goes on: its Job creates another pod. Only Events have this
    reason."""

    POD_DELETED = "PodDeleted"
    """Somebody deleted the pod."""

    JOB_DELETED = "JobDeleted"
    """Somebody deleted the Job."""

    RUN_FAILED = "RunFailed"
    """The run of the called workflow failed. The message names the run and the cause."""

    RUN_CANCELLED = "RunCancelled"
    """Somebody stopped, cancelled or terminated the run of the called workflow."""

    RUN_DELETED = "RunDeleted"
    """Somebody deleted the run of the called workflow."""
    APPROVAL_DELETED = "ApprovalDeleted"
    """Somebody deleted the Approval before anybody had answered."""

    APPROVAL_TIMEOUT = "ApprovalTimeout"
    """Nobody answered within `approval.timeoutSeconds`."""

    REJECTED = "Rejected"
    """Somebody gave an answer that fails the task (`approval.failOn`). The message says who."""

    ADMISSION_DENIED = "AdmissionDenied"
    """The API server refused the Job. The message has the API server's words."""

    INVALID_IMAGE_NAME = "InvalidImageName"
    """The image's name cannot be parsed."""

    START_ERROR = "StartError"
    """The container could not start. For example, its command does not exist, or an init container
    that a policy added has failed."""

    INTERRUPTED = "Interrupted"
    """The runner on this machine ended while the attempt ran."""

    NAME_TAKEN = "NameTaken"
    """An object with the derived name exists and belongs to somebody else."""

    NOT_OF_THE_RUN = "NotOfTheRun"
    """The TaskRun names a run that did not create it, so nothing runs for this TaskRun."""

    ANSWERED = "Answered"
    """Somebody has answered the question, or its time was over and `onTimeout` is a choice."""

    # --- why a task or run ended --------------------------------------------------------------
    NESTED_TOO_DEEP = "NestedTooDeep"
    """The task calls a workflow, and its run is the tenth in a chain of calls. The message shows
    the chain."""

    RETRIES_EXHAUSTED = "RetriesExhausted"
    """The task failed more often than its retry policy allows."""

    ITEMS_FAILED = "ItemsFailed"
    """More items of the task failed than `forEach.toleratedFailures` allows. The message names some
    of them."""

    TASK_TIMEOUT = "TaskTimeout"
    """The task took longer than `timeouts.totalSeconds`, waits and retries included."""

    RUN_TIMEOUT = "RunTimeout"
    """The run took longer than `timeouts.runSeconds`."""

    FINALLY_TIMEOUT = "FinallyTimeout"
    """The `finally` tasks took longer than `timeouts.finallySeconds`."""

    TASK_RUN_DELETED = "TaskRunDeleted"
    """Somebody deleted the TaskRun of a task that had started. The task does not run again."""

    INVALID_EXPRESSION = "InvalidExpression"
    """An expression of the task gave no value. The message has the expression, the column, and the
    value that was at fault."""

    SKIPPED = "Skipped"
    """The task's `when` was false, or its `forEach` has no items, so the task did not run."""

    RULE_UNMET = "RuleUnmet"
    """The outcomes upstream rule the task out, and no failure is the cause."""

    UPSTREAM_FAILED = "UpstreamFailed"
    """An upstream task failed, and the task's `runWhen` does not allow that."""

    RUN_STOPPED = "RunStopped"
    """The run starts nothing new, so the task never started."""

    INVALID_DEFINITION = "InvalidDefinition"
    """The definition cannot run. The message names the field and the cure."""

    INVALID_PARAMS = "InvalidParams"
    """The run's parameters do not fit the workflow's."""

    TEMPLATE_NOT_READY = "TemplateNotReady"
    """A template that a task uses does not exist, or has problems of its own. The message names it.
    As soon as it is there, the workflow and its waiting runs go on."""

    WORKFLOW_NOT_FOUND = "WorkflowNotFound"
    """The workflow that the run names does not exist."""

    RUN_NOT_FOUND = "RunNotFound"
    """The run in `rerunOf` does not exist."""

    RUN_NOT_ENDED = "RunNotEnded"
    """The run in `rerunOf` still goes on: only a run that has ended can be repeated."""

    INVALID_RERUN = "InvalidRerun"
    """`rerunOf` does not fit the earlier run. The message names the field and the cure."""

    NOTHING_TO_RERUN = "NothingToRerun"
    """The run in `rerunOf` succeeded, so nothing failed that could be repeated."""

    SOURCE_RUN_DELETED = "SourceRunDeleted"
    """The run in `rerunOf`, or a part of it, was deleted while its results were taken over."""

    REVISION_NOT_FOUND = "RevisionNotFound"
    """Somebody deleted the ControllerRevision with the run's pinned definition."""

    # --- workflows and backfills --------------------------------------------------------------
    DRY_RUN = "DryRun"
    """`dryRun: true`: the backfill lists its first runs, and creates none."""
    NO_TICKS = "NoTicks"
    """The backfill has no logical time, or too many. The message names the field and the cure."""

    READY = "Ready"
    """The definition is valid and its triggers are active."""

    RECONCILING = "Reconciling"
    """The controller has not caught up with the latest change yet."""

    # --- schedules ----------------------------------------------------------------------------
    MISSED_SCHEDULE = "MissedSchedule"
    """Some ticks started no run. The message says how many, and which field is the cause."""

    CLOCK_SET_BACK = "ClockSetBack"
    """The clock is behind the last tick, so no schedule fires until the clock has passed it."""

    CONCURRENCY_FORBIDDEN = "ConcurrencyForbidden"
    """`concurrency.policy: Forbid`: a run was active, so the tick started none."""

    CONCURRENCY_REPLACED = "ConcurrencyReplaced"
    """`concurrency.policy: Replace`: a newer run takes the place of the active ones, so they are
    cancelled."""

    NOT_ARCHIVED = "NotArchived"
    """History deleted runs that the archive has not written within archive.hardLimitSeconds. The
    message names them."""

    NOT_EXPORTED = "NotExported"
    """A run of a workflow in another namespace ended, and that workflow's exportTo does not list
    this namespace, so no run follows."""

    TRIGGERED_TOO_DEEP = "TriggeredTooDeep"
    """20 runs started one after the other, each because the one before had ended: workflows start
    each other in a circle. No run follows."""

    WAITING_FOR_TURN = "WaitingForTurn"
    """Other runs of the workflow come first. The message names them."""
