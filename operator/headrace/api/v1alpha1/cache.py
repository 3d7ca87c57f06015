"""The cache of a task: when the result of an earlier run is as good as a new one."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from headrace.api.v1alpha1.base import MAX_SECONDS, ApiType, NoNul
from headrace.api.v1alpha1.enums import ApiEnum

MAX_KEY = 4096
"""The most characters of a key: of the expression, and of its value."""


_NO_PROGRAM: Final = "a task with {} runs no program; remove cache"

NOT_CACHED: Final = {
    **{way: _NO_PROGRAM.format(way) for way in ("wait", "workflow", "approval")},
    "for_each": "a task with forEach has a result for each item, and cache keeps one; remove cache,"
    " or call a workflow for each item, with cache in its tasks",
}
"""Why a task cannot have a cache, by what it has instead."""


class CacheMode(ApiEnum):
    """What a run does with the caches of its tasks."""

    USE = "Use"
    """A task gets the outputs of an earlier run, if there is a result that counts. If not, its
    program runs, and later runs can use the result."""

    REFRESH = "Refresh"
    """All programs run. Later runs can use the results."""

    OFF = "Off"
    """All programs run, as if no task had a cache. Later runs cannot use the results."""


class TaskCache(ApiType):
    """
    When a task gets the outputs of an earlier run, and its program does not run.

    An earlier result counts if a run of the same workflow has it, of a task with the same name, the
    same program and the same value of key.
    """

    key: Annotated[str, StringConstraints(min_length=1, max_length=MAX_KEY), NoNul]
    """key is a CEL expression that gives a text: all that the result depends on, besides image,
    command, args and environment of the task. It is evaluated once, when the task could start.
    Example: `string(run.logicalTime) + params.region`."""

    max_age_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    """maxAgeSeconds is how old a result may be, from the end of the program that made it. Default:
    any age; a result is gone as soon as the history of the workflow removes the last run with
    it."""
