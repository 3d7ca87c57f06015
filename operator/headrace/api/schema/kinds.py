"""
The kinds of resources: their names, their types, and the columns of `kubectl get`.

Knows no schema and no cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace.api.v1alpha1.approval import ApprovalSpec, ApprovalStatus
from headrace.api.v1alpha1.backfill import BackfillSpec, BackfillStatus
from headrace.api.v1alpha1.base import ApiType
from headrace.api.v1alpha1.group import GROUP
from headrace.api.v1alpha1.pool import PoolSpec, PoolStatus
from headrace.api.v1alpha1.run import RunSpec, RunStatus
from headrace.api.v1alpha1.taskrun import TaskRunSpec, TaskRunStatus
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.api.v1alpha1.workflow import WorkflowSpec, WorkflowStatus

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`."""

    name: str
    path: str
    type: Literal["string", "integer", "boolean", "date"] = "string"
    wide: bool = False
    """Shown only with `-o wide`."""

    def written(self) -> Manifest:
        """Return the column in the form of a CRD."""
        column: Manifest = {"name": self.name, "type": self.type, "jsonPath": self.path}
        return {**column, "priority": 1} if self.wide else column


def _condition(kind: str, part: str) -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{part}'


AGE = Column("Age", ".metadata.creationTimestamp", "date")
STARTED = Column("Started", ".status.startTime", "date")
STATUS = Column("Status", _condition("Succeeded", "reason"))
MESSAGE = Column("Message", _condition("Succeeded", "message"), wide=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource."""

    name: str
    plural: str
    short: str
    text: str
    spec: type[ApiType]
    status: type[ApiType] | None
    """None: the controller writes nothing to it."""
    columns: tuple[Column, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the spec that the API server fills in. Only plain switches that people look for,
    since a default in an object differs from the file in Git."""
    fixed: bool = False
    """Whether the spec never changes. Then its fields have no separate owners, and the API server
    does not record any (metadata.managedFields)."""
    namespaced: bool = True
    selectable: tuple[str, ...] = ()
    """Fields that `kubectl get --field-selector` and watches can select by."""

    @property
    def models(self) -> tuple[type[ApiType], ...]:
        """The types of its spec and, if it has one, of its status."""
        return (self.spec,) if self.status is None else (self.spec, self.status)

    @property
    def crd_name(self) -> str:
        """The name of the CRD: `workflows.headrace.dev`."""
        return f"{self.plural}.{GROUP}"


WORKFLOW = Kind(
    name="Workflow",
    plural="workflows",
    short="hrw",
    text="Workflow is the definition of a pipeline: its tasks, its triggers, and the history of its"
    " runs.",
    spec=WorkflowSpec,
    status=WorkflowStatus,
    columns=(
        Column("Ready", _condition("Ready", "status")),
        Column("Suspended", ".spec.suspend", "boolean"),
        Column("Active", ".status.activeRuns", "integer"),
        Column("Last Run", ".status.lastRunTime"),
        Column("Outcome", ".status.lastOutcome"),
        Column("Next Run", ".status.nextRunTime"),
        AGE,
        Column("Waiting", ".status.waitingRuns", "integer", wide=True),
        Column("Message", _condition("Ready", "message"), wide=True),
    ),
    defaults={"suspend": False},
    selectable=(".spec.suspend",),
)

WORKFLOW_RUN = Kind(
    name="WorkflowRun",
    plural="workflowruns",
    short="hrr",
    text="WorkflowRun is one execution of a Workflow.",
    spec=RunSpec,
    status=RunStatus,
    columns=(
        Column("Workflow", ".spec.workflow"),
        STATUS,
        Column("Progress", ".status.progress"),
        STARTED,
        Column("Duration", ".status.duration"),
        Column("Logical Time", ".spec.logicalTime"),
        AGE,
        MESSAGE,
    ),
    defaults={"desiredState": "Run"},
    selectable=(".spec.workflow",),
)

TASK_RUN = Kind(
    name="TaskRun",
    plural="taskruns",
    short="hrt",
    text="TaskRun is one task of one WorkflowRun with its attempts and outputs, or one task on its"
    " own.",
    spec=TaskRunSpec,
    status=TaskRunStatus,
    columns=(
        Column("Run", ".spec.run"),
        Column("Task", ".spec.task"),
        STATUS,
        Column("Attempts", ".status.attemptCount", "integer"),
        Column("Items", ".status.items.progress"),
        STARTED,
        Column("Duration", ".status.duration"),
        AGE,
        Column("Node", ".status.attempts[-1:].nodeName", wide=True),
        MESSAGE,
    ),
    fixed=True,
    selectable=(".spec.run", ".spec.task", ".status.outcome"),
)

APPROVAL = Kind(
    name="Approval",
    plural="approvals",
    short="hra",
    text="Approval is one question of a run to people, who may answer it, and the answer. The"
    " controller writes it; somebody sets spec.answer, once.",
    spec=ApprovalSpec,
    status=ApprovalStatus,
    columns=(
        Column("Run", ".spec.run"),
        Column("Question", ".spec.message"),
        Column("Choices", ".spec.choices"),
        Column("Answer", ".spec.answer.choice"),
        Column("By", ".spec.answer.by"),
        Column("Status", _condition("Answered", "reason")),
        AGE,
        Column("Task", ".spec.task", wide=True),
        Column("Deadline", ".spec.deadline", wide=True),
        Column("Message", _condition("Answered", "message"), wide=True),
    ),
    selectable=(".spec.run", ".spec.task"),
)

POOL = Kind(
    name="Pool",
    plural="pools",
    short="hrp",
    text="Pool is a number of slots that limits how many tasks run at the same time, across the"
    " workflows of its namespace.",
    spec=PoolSpec,
    status=PoolStatus,
    columns=(
        Column("Slots", ".spec.slots", "integer"),
        Column("Used", ".status.used", "integer"),
        Column("Waiting", ".status.waiting", "integer"),
        Column("Next Run", ".status.queue[0].run"),
        Column("Next Task", ".status.queue[0].task"),
        AGE,
        Column("Message", _condition("Ready", "message"), wide=True),
    ),
)

BACKFILL = Kind(
    name="Backfill",
    plural="backfills",
    short="hrb",
    text="Backfill creates the runs of a Workflow for a stretch of time, one for each logical time."
    " A run has the name that the run of its tick has, so no tick is done twice. Deleting a"
    " Backfill ends it and leaves its runs.",
    spec=BackfillSpec,
    status=BackfillStatus,
    columns=(
        Column("Workflow", ".spec.workflow"),
        STATUS,
        Column("Progress", ".status.progress"),
        Column("Active", ".status.active", "integer"),
        Column("Failed", ".status.failed", "integer"),
        Column("Next", ".status.next"),
        AGE,
        Column("Skipped", ".status.skipped", "integer", wide=True),
        Column("From", ".spec.from", wide=True),
        Column("To", ".spec.to", wide=True),
        Column("Duration", ".status.duration", wide=True),
        MESSAGE,
    ),
    defaults={"desiredState": "Run"},
    selectable=(".spec.workflow",),
)

_OF_TEMPLATES = (
    Column("Description", ".spec.description"),
    AGE,
    Column("Image", ".spec.image", wide=True),
)

TASK_TEMPLATE = Kind(
    name="TaskTemplate",
    plural="tasktemplates",
    short="hrtt",
    text="TaskTemplate is a program in an image, with typed parameters, for the tasks of its"
    " namespace: a task names it in uses and gives the parameters in with.",
    spec=TemplateSpec,
    status=None,
    columns=_OF_TEMPLATES,
)

CLUSTER_TASK_TEMPLATE = Kind(
    name="ClusterTaskTemplate",
    plural="clustertasktemplates",
    short="hrct",
    text="ClusterTaskTemplate is a TaskTemplate for the tasks of all namespaces. A TaskTemplate of"
    " the same name comes first in its namespace.",
    spec=TemplateSpec,
    status=None,
    columns=_OF_TEMPLATES,
    namespaced=False,
)

KINDS = (
    WORKFLOW,
    WORKFLOW_RUN,
    TASK_RUN,
    APPROVAL,
    POOL,
    BACKFILL,
    TASK_TEMPLATE,
    CLUSTER_TASK_TEMPLATE,
)
