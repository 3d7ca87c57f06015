"""What a rerun repeats of an earlier run, and what it takes over."""

from typing import Self

from pydantic import Field, model_validator

from headrace.api.v1alpha1.base import ApiType, ObjectName, TaskName
from headrace.api.v1alpha1.enums import ApiEnum


class RerunFrom(ApiEnum):
    """Which tasks of the earlier run are repeated. What waits for a repeated task is too."""

    FAILED = "Failed"
    """Tasks that failed or were cancelled."""

    ALL = "All"
    """All tasks."""

    TASK = "Task"
    """The task in `task`, and tasks that failed or were cancelled."""


class RerunRevision(ApiEnum):
    """Which definition a rerun has."""

    PINNED = "Pinned"
    """The definition of the earlier run."""

    LATEST = "Latest"
    """Today's definition of the workflow."""


class RerunOf(ApiType):
    """The earlier run that a run repeats. Tasks that need no repetition keep their outputs."""

    name: ObjectName
    """name is the earlier run, of the same workflow. It must have ended."""

    from_: RerunFrom = Field(default=RerunFrom.FAILED, alias="from")
    """from is what to repeat: Failed, All or Task. Tasks that wait for a repeated task are repeated
    too. `finally` tasks always run."""

    task: TaskName | None = None
    """task is the task to repeat, with from Task."""

    downstream_only: bool = False
    """downstreamOnly repeats the tasks that wait for the task, and takes the task itself over."""

    revision: RerunRevision = RerunRevision.PINNED
    """revision is the definition: Pinned is that of the earlier run, Latest is today's."""

    @model_validator(mode="after")
    def _names_a_task(self) -> Self:
        if self.from_ is RerunFrom.TASK and self.task is None:
            raise ValueError("from Task needs task: name the task to repeat")
        if self.from_ is not RerunFrom.TASK and self.task is not None:
            raise ValueError("task needs from Task: set from, or remove task")
        if self.downstream_only and self.task is None:
            raise ValueError(
                "downstreamOnly has no meaning without task: name the task, or remove"
                " downstreamOnly"
            )
        return self
