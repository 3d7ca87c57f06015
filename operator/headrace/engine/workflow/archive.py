"""
The runs of a workflow that wait for the archive, and those that are deleted without it.

Knows marks and limits. Does not know which runs history deletes.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.archive import waits_until
from headrace.engine.text import duration, listed
from headrace.engine.workflow.observed import KnownRun, ObservedWorkflow
from headrace.engine.workflow.schedule import Note

_NAMED: Final = 3
"""How many runs a message names."""


def written_until(workflow: ObservedWorkflow, run: KnownRun, finished: datetime) -> datetime:
    """Return until when an ended run stays to be written; its end, if nothing is to be written."""
    return waits_until(finished, workflow.archive, archived=run.archived) or finished


def unarchived(workflow: ObservedWorkflow, deleted: Collection[str]) -> tuple[str, ...]:
    """Return the runs among the deleted ones that the archive never wrote."""
    if workflow.archive is None:
        return ()
    return tuple(run.name for run in workflow.runs if run.name in deleted and not run.archived)


def lost(workflow: ObservedWorkflow, runs: Collection[str]) -> tuple[Note, ...]:
    """Return a note on runs that are deleted for good."""
    if workflow.archive is None or not runs:
        return ()
    named, limit = listed(sorted(runs), _NAMED), duration(workflow.archive.limit)
    message = (
        f"history deletes {named}, which the archive has not written within {limit} of the end;"
        " look at the log of the archive, or raise archive.hardLimitSeconds"
    )
    return (Note(Reason.NOT_ARCHIVED, message),)
