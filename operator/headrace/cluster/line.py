"""
Whose turn it is among the runs of a workflow that wait for one another.

Knows how many may go on at a time, as the last turns of runs that waited saw it. The rule itself is
`headrace.engine.run.admission.may_begin`; here is only how few must look when a place becomes free,
since each one that looks costs a turn, and thousands may wait.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import nsmallest

from headrace.engine.run.observed import ObservedRun
from headrace.engine.siblings import limit_of
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import logical_time_of
from headrace.manifests.run_status import has_ended, has_started

NEVER = datetime.min.replace(tzinfo=UTC)


Workflow = tuple[str, str]
"""Namespace and name of a workflow."""


class Line:
    """How many runs of each workflow may go on at a time."""

    def __init__(self) -> None:
        """Know of no workflow."""
        self._limits: dict[Workflow, int] = {}

    def __contains__(self, key: Workflow) -> bool:
        """Tell whether runs of a workflow wait for one another, as far as is known."""
        return key in self._limits

    def learn(self, run: ObservedRun) -> None:
        """Note what a run saw of its workflow. One that has begun saw it as it was then."""
        if run.definition is None or run.log.started is not None or not run.workflow:
            return
        key = run.key.namespace, run.workflow
        limit = limit_of(run.definition.concurrency)
        if limit is None:
            self._limits.pop(key, None)
        else:
            self._limits[key] = limit

    def may_begin(self, key: Workflow, runs: Iterable[OwnObject]) -> list[str]:
        """
        Return the names of the runs that wait and may begin now, in their order.

        Where no run has seen yet how many may go on, or any number may, these are all that wait.
        """
        there = [run for run in runs if active(run)]
        waiting = [run for run in there if waits(run)]
        if not waiting:
            self._limits.pop(key, None)
        places = self._limits.get(key, len(there)) - (len(there) - len(waiting))
        return [run.metadata.name for run in nsmallest(places, waiting, key=_place)]


def active(run: OwnObject) -> bool:
    """Tell whether a run counts among those that go on: it has not ended and is not deleted."""
    return not has_ended(run.status) and run.metadata.deletion_timestamp is None


def waits(run: OwnObject) -> bool:
    """Tell whether a run has not begun."""
    return not has_started(run.status) and active(run)


def may_be_anew(run: OwnObject) -> bool:
    """Tell whether what runs under a run's name may be of one before it: it leaves, or waits."""
    return run.metadata.deletion_timestamp is not None or waits(run)


def _place(run: OwnObject) -> tuple[datetime, datetime, str]:
    """Return where a run stands: as `SiblingRun.place`."""
    created = run.metadata.creation_timestamp or NEVER
    return created, logical_time_of(run.spec, created), run.metadata.name
