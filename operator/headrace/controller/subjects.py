"""
The subjects of the controller: a table from each kind of key to its subject.

A new kind of subject is one more line in the table. Knows no rule.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.backfills import BackfillKey
from headrace.cluster.caches import Key, WorkflowKey
from headrace.cluster.subjects.backfill import BackfillWorld
from headrace.cluster.subjects.pool import Pools
from headrace.cluster.subjects.pool_status import PoolStatuses
from headrace.cluster.subjects.run import ClusterWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.observed import BackfillDecision, ObservedBackfill
from headrace.engine.pool.observed import PoolKey, PoolStatusKey
from headrace.engine.run.observed import RunKey
from headrace.engine.workflow.observed import ObservedWorkflow, WorkflowDecision
from headrace.engine.workflow.supervise import supervise
from headrace.loop.runs import Runs
from headrace.loop.subject import Subject


class ClusterSubject(Subject[Any, Any, Any], Protocol):
    """A subject that is an object in a cluster."""

    async def complain(self, key: Any, reason: Reason, message: str) -> None:
        """Show on the object why a turn failed."""


class ClusterRuns(Runs):
    """The runs in a cluster."""

    def __init__(self, world: ClusterWorld) -> None:
        """Read and write through a world."""
        super().__init__(world, world.pools.given_more)
        self.complain = world.complain


class Workflows:
    """The workflows in a cluster."""

    def __init__(self, world: WorkflowWorld, gone: Callable[[WorkflowKey], None]) -> None:
        """Read and write through a world; `gone` is called with each workflow that is gone."""
        self._world = world
        self._gone = gone
        self.apply, self.record, self.tidy = world.apply, world.record, world.tidy
        self.complain = world.complain

    async def observe(self, key: WorkflowKey) -> ObservedWorkflow | None:
        """Return the observed state of a workflow; None if it is gone."""
        workflow = await self._world.observe(key)
        if workflow is None:
            self._gone(key)
        return workflow

    def decide(self, observed: ObservedWorkflow, now: datetime) -> WorkflowDecision:
        """Decide which runs start, and the status."""
        return supervise(observed, now)


class Backfills:
    """The backfills in a cluster."""

    def __init__(self, world: BackfillWorld) -> None:
        """Read and write through a world."""
        self.observe, self.apply = world.observe, world.apply
        self.record, self.tidy = world.record, world.tidy
        self.complain = world.complain

    def decide(self, observed: ObservedBackfill, now: datetime) -> BackfillDecision:
        """Decide which runs start, and the status."""
        return advance(observed, now)


def subjects(  # noqa: PLR0913, PLR0917 - one for each kind
    runs: ClusterWorld,
    workflows: WorkflowWorld,
    pools: Pools,
    pool_statuses: PoolStatuses,
    backfills: BackfillWorld,
    gone: Callable[[WorkflowKey], None],
) -> Mapping[type[Key], ClusterSubject]:
    """Return the table."""
    return {
        RunKey: ClusterRuns(runs),
        WorkflowKey: Workflows(workflows, gone),
        PoolKey: pools,
        PoolStatusKey: pool_statuses,
        BackfillKey: Backfills(backfills),
    }
