"""Where a folder of manifests is served: its folder of state, its database, its clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headrace.local.folder import StateFolder
from headrace.local.workflow_store import WorkflowStore


@dataclass(frozen=True, slots=True)
class Site:
    """A served folder."""

    home: Path
    """The folder of manifests: tasks run in it."""
    folder: StateFolder
    store: WorkflowStore
    """The database of the folder of state."""
    clock: Callable[[], datetime]
    """The wall clock."""
