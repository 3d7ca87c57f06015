"""
Whole objects as people write them: metadata and spec.

Knows which type each kind's spec has. Knows nothing of what the API server adds.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.base import ApiType, ObjectName
from headrace.api.v1alpha1.pod import LabelValue
from headrace.api.v1alpha1.pool import PoolSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.api.v1alpha1.workflow import WorkflowSpec


class Metadata(ApiType):
    """The part of an object's metadata that people write; the API server judges the rest."""

    model_config = ConfigDict(extra="allow")

    name: ObjectName | None = None
    """name of the object."""

    generate_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """generateName is the beginning of a name; the API server adds the end."""

    namespace: ObjectName | None = None
    """namespace of the object."""

    labels: dict[str, LabelValue] = Field(default_factory=dict)
    """labels of the object."""

    annotations: dict[str, str] = Field(default_factory=dict)
    """annotations of the object."""


class WrittenObject(ApiType):
    """The fields that objects of all kinds have."""

    api_version: str = ""
    """apiVersion is headrace.dev/v1alpha1."""

    kind: str = ""
    """kind is Workflow, WorkflowRun, TaskRun, Pool, Backfill, or that of a template."""

    metadata: Metadata = Metadata()
    """metadata holds the name."""

    status: Any = None
    """status is written by the controller."""


class WorkflowObject(WrittenObject):
    """A Workflow."""

    spec: WorkflowSpec
    """spec is what the workflow does."""


class WorkflowRunObject(WrittenObject):
    """A WorkflowRun."""

    spec: RunSpec
    """spec says what to execute."""


class PoolObject(WrittenObject):
    """A Pool."""

    spec: PoolSpec
    """spec is how many slots the pool has."""


class TaskRunObject(WrittenObject):
    """A TaskRun."""

    spec: TaskRunSpec
    """spec says what runs."""


class BackfillObject(WrittenObject):
    """A Backfill."""

    spec: BackfillSpec
    """spec says which runs to create."""


class TaskTemplateObject(WrittenObject):
    """A TaskTemplate."""

    spec: TemplateSpec
    """spec is what the template runs."""


class ClusterTaskTemplateObject(TaskTemplateObject):
    """A ClusterTaskTemplate."""
