"""The items of a TaskRun: how many there are, and how far they are."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headrace.api.v1alpha1.base import ApiType, Instant, ShortText
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.for_each import MAX_CHILDREN, MAX_ITEMS
from headrace.api.v1alpha1.params import ParamValue

MAX_SHOWN = 20
"""How many failed items a status shows."""

MAX_COUNTS = 100
"""How many groups of items with the same numbers of failures a status keeps."""

RANGES = r"^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$"

ItemRanges = Annotated[str, StringConstraints(max_length=65_536, pattern=RANGES)]
"""Indexes of items as ranges, lowest first: `0-7,9`."""

ItemIndex = Annotated[int, Field(ge=0, le=MAX_ITEMS - 1)]


class ItemWork(ApiEnum):
    """What is done for each item, if it is no program."""

    WAIT = "Wait"
    """A time passes."""

    WORKFLOW = "Workflow"
    """A run of another workflow."""

    APPROVAL = "Approval"
    """A question to people."""


class ItemValues(ApiType):
    """The values of one expression, one for each item."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """path is the field of the task with the expression: `workflow.params[0].value`."""

    values: tuple[ParamValue, ...] = Field(max_length=MAX_CHILDREN)
    """values are its values, in the order of the items."""


class ItemsSpec(ApiType):
    """The items of a task that does its work once for each."""

    total: int = Field(ge=1, le=MAX_ITEMS)
    """total is how many items there are."""

    work: ItemWork | None = None
    """work is what is done for each item: Wait, Workflow or Approval. Default: a program."""

    digest: Annotated[str, StringConstraints(max_length=64)] | None = None
    """digest is a hash of the items, if their work is no program."""

    config_maps: int | None = Field(default=None, ge=1, le=MAX_ITEMS)
    """configMaps is how many ConfigMaps of the TaskRun hold the items of a program."""

    max_parallel: int | None = Field(default=None, ge=1, le=MAX_ITEMS)
    """maxParallel is how many run at a time."""

    tolerated_failures: int = Field(default=0, ge=0, le=MAX_ITEMS)
    """toleratedFailures is how many may fail without failing the task."""

    waits: tuple[Instant, ...] = Field(default=(), max_length=MAX_ITEMS)
    """waits are when the waits of the items end, in the order of the items."""

    values: tuple[ItemValues, ...] = Field(default=(), max_length=100)
    """values are the values of the expressions that read the item, for the runs and questions of
    the items. They have at most 256 KiB together."""


class ItemFailure(ApiType):
    """How an item failed last."""

    index: ItemIndex
    """index is the item's place, from 0."""

    reason: Annotated[str, StringConstraints(max_length=64)]
    """reason is how it failed."""

    message: ShortText | None = None
    """message is one sentence for people."""

    exit_code: int | None = None
    """exitCode is the exit code of its container."""


class FailureCount(ApiType):
    """Items that failed equally often and will run again."""

    items: ItemRanges
    """items are their indexes."""

    user_failures: int = Field(default=0, ge=0)
    """userFailures is how many failures of each counted against retry.limit."""

    infrastructure_failures: int = Field(default=0, ge=0)
    """infrastructureFailures is how many failures of each counted against
    retry.infrastructureLimit."""


class ItemsStatus(ApiType):
    """The state of a task's items."""

    total: int = Field(ge=0, le=MAX_ITEMS)
    """total is how many items there are."""

    progress: Annotated[str, StringConstraints(max_length=32)] | None = None
    """progress is how many have ended, of how many, for people: `37/40`."""

    succeeded: ItemRanges = ""
    """succeeded are the indexes of items that succeeded, as ranges: `0-7,9`."""

    failed: ItemRanges = ""
    """failed are the indexes of items that failed and will not run again."""

    running: ItemRanges = ""
    """running are the indexes of items whose program, run or question goes on."""

    retrying: ItemRanges = ""
    """retrying are the indexes of items that failed and run again in the next attempt."""

    failures: tuple[ItemFailure, ...] = Field(default=(), max_length=MAX_SHOWN)
    """failures are how at most 20 items failed last that have not succeeded."""

    failure_counts: tuple[FailureCount, ...] = Field(default=(), max_length=MAX_COUNTS)
    """failureCounts are how often items failed that run again."""

    taken_over: ItemRanges = ""
    """takenOver are the indexes of succeeded items that an earlier run did: see `takenOverFrom`."""

    digest: Annotated[str, StringConstraints(max_length=64)] | None = None
    """digest is a hash of the items: a rerun does not repeat items of a list that is the same."""

    memory_rule: int | None = Field(default=None, ge=0, le=19)
    """memoryRule is the place in retry.rules of the rule that raises the next attempt's memory."""
