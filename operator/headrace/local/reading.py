"""
What the files of a served folder say. Values only.

Knows no file and no store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from headrace.engine.pool.observed import PoolKey
from headrace.local.object_store import ObjectKey, Refusal
from headrace.local.served_definitions import WorkflowManifest


@dataclass(frozen=True, slots=True)
class ObjectManifest:
    """A Backfill, a WorkflowRun or a TaskRun of a file."""

    key: ObjectKey
    spec: str
    """As JSON. Of a TaskRun: a WorkflowSpec of one task, which can be run here."""
    file: str


@dataclass(frozen=True, slots=True)
class PoolManifest:
    """A pool of a file."""

    slots: int
    file: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The objects of a folder, and its problems."""

    workflows: tuple[WorkflowManifest, ...] = ()
    objects: tuple[ObjectManifest, ...] = ()
    pools: Mapping[PoolKey, PoolManifest] = field(default_factory=dict)
    wrong: frozenset[ObjectKey] = frozenset()
    """The objects that have problems: what is known of them goes on."""
    unreadable: frozenset[str] = frozenset()
    """The files that cannot be read: what is known of their objects goes on."""
    problems: tuple[Refusal, ...] = ()
    """One line each, with file, field and cure."""


def is_kept(reading: Reading, key: ObjectKey, file: str) -> bool:
    """Return whether an object goes on as it was: its file has a mistake, or cannot be read."""
    return key in reading.wrong or file in reading.unreadable


class Files(Protocol):
    """The manifests of a folder."""

    async def look(self) -> Reading | None:
        """Return all manifests if they have changed; at the first time, in any case."""
