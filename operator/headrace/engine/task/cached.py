"""
Results that tasks of later runs can have, and the questions about them. Values only.

Knows no rule, and no place where results are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.task import Output, TaskBody


@dataclass(frozen=True, slots=True)
class CacheQuestion:
    """What is asked of a task's cache. With the values of the expressions, it becomes an entry."""

    namespace: str
    workflow: str
    task: str
    body: TaskBody
    """Its program; expressions in it have no value yet."""
    outputs: tuple[Output, ...] = ()
    """What it declares."""
    looks: bool = True
    """Whether an earlier result may count. Otherwise, only the entry matters."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """Where the results of a task are found. Two tasks with the same hash do the same."""

    key: str
    """The value of `cache.key`."""
    hash: str


@dataclass(frozen=True, slots=True)
class CachedResult:
    """The result of a task that succeeded."""

    run: str
    """The first run that did the work."""
    done: datetime
    """When it had done it."""
    outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the cache of a task has."""

    entry: CacheEntry
    results: tuple[CachedResult, ...] = ()
    """The results of earlier runs, of any age, at most a few."""
