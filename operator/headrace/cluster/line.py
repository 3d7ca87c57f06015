"""
The line of a workflow's runs that wait for one another.

Knows the limit of active runs from the last turns of waiting runs. The rule itself is
`headrace.engine.run.admission.may_begin`. This module only chooses which runs get a turn when a
place becomes free: a turn for each of thousands would cost too much.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import nsmallest

from headrace.engine.run.observed import ObservedRun
from headrace.engine.siblings import limit_of
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import logical_time_of
from headrace.manifests.run_status import has_begun, has_ended

NEVER = datetime.min.replace(tzinfo=UTC)


Workflow = tuple[str, str]
"""Namespace and name of a workflow."""


class Line:
    """The limit of active runs of each workflow."""

    def __init__(self) -> None:
        """Know of no workflow."""
        self._limits: dict[Workflow, int] = {}

    def __contains__(self, key: Workflow) -> bool:
        """Return whether runs of a workflow are known to wait for one another."""
        return key in self._limits

    def learn(self, run: ObservedRun) -> None:
        """Note a run's view of its workflow. A run that has begun has an old view."""
        if run.definition is None or run.log.begun or not run.workflow:
            return
        key = run.key.namespace, run.workflow
        limit = limit_of(run.definition.concurrency)
        if limit is None:
            self._limits.pop(key, None)
        else:
            self._limits[key] = limit

    def may_begin(self, key: Workflow, runs: Iterable[OwnObject]) -> list[str]:
        """
        Return the names of waiting runs that may begin now, in their order.

        Without a known limit, these are all waiting runs.
        """
        there = [run for run in runs if active(run)]
        waiting = [run for run in there if waits(run)]
        if not waiting:
            self._limits.pop(key, None)
        places = self._limits.get(key, len(there)) - (len(there) - len(waiting))
        return [run.metadata.name for run in nsmallest(places, waiting, key=_place)]


def active(run: OwnObject | None) -> bool:
    """Return whether a run is active: it exists, has not ended, and is not being deleted."""
    return run is not None and not has_ended(run.status) and run.metadata.deletion_timestamp is None


def waits(run: OwnObject) -> bool:
    """Return whether a run has not begun."""
    return not has_begun(run.status) and active(run)


def moved(old: OwnObject | None, new: OwnObject | None) -> bool:
    """Return whether a change matters to the workflow, which counts active and waiting runs."""
    return old is None or is_another(old, new) or _standing(old) != _standing(new)


def left(old: OwnObject | None, new: OwnObject | None) -> bool:
    """Return whether a run that was active is so no more: another one may begin."""
    return old is not None and active(old) and (not active(new) or is_another(old, new))


def _standing(run: OwnObject | None) -> tuple[bool, bool]:
    return active(run), run is not None and waits(run)


def may_be_anew(run: OwnObject) -> bool:
    """Return whether pods under a run's name may be of an earlier run: it goes, or never began."""
    return run.metadata.deletion_timestamp is not None or not has_begun(run.status)


def _place(run: OwnObject) -> tuple[datetime, datetime, str]:
    """Return the sort key of a run, as `SiblingRun.place`."""
    created = run.metadata.creation_timestamp or NEVER
    return created, logical_time_of(run.spec, created), run.metadata.name


def is_another(old: OwnObject, new: OwnObject | None) -> bool:
    """Return whether an object is gone, or another one has its name."""
    return new is None or old.metadata.uid != new.metadata.uid
