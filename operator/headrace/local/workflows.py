"""
The workflows of a served folder, as a subject of the loop: supervised as in a cluster.

Knows the store. Decides nothing, and carries no run on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.run import CANCELLING, DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.run.observed import RunKey
from headrace.engine.workflow.ends import ObservedUpstream, RunEnd, Upstream, outcome_of
from headrace.engine.workflow.following import upstreams
from headrace.engine.workflow.observed import NewRun, ObservedWorkflow, WorkflowDecision
from headrace.engine.workflow.schedule import Note
from headrace.engine.workflow.supervise import supervise
from headrace.local.counting import Counting
from headrace.local.history import remove
from headrace.local.inventory import Inventory
from headrace.local.records import Origin, RunRecord
from headrace.local.served_definitions import ServedDefinitions
from headrace.local.site import Site
from headrace.local.workflow_store import StoredRun, StoredWorkflow
from headrace.manifests.names import short_hash


class Workflows:
    """The workflows of a folder."""

    def __init__(
        self,
        site: Site,
        definitions: ServedDefinitions,
        inventory: Inventory,
        carry: Callable[[str, str], None],
        noted: Callable[[str, Note], None],
    ) -> None:
        """
        Read and write through these.

        Args:
            site: The folder.
            definitions: Its definitions.
            inventory: Its runs.
            carry: Called with workflow and name of each run that was created or cancelled.
            noted: Called with what a workflow has to say to people.

        """
        self._site = site
        self._store = site.store
        self._definitions = definitions
        self._inventory = inventory
        self._carry = carry
        self._noted = noted

    async def observe(self, key: str) -> ObservedWorkflow | None:
        """Return the observed workflow; None if there is none."""
        workflow = self._store.workflow(key)
        if workflow is None:
            return None
        counting = Counting(self._store)
        runs = tuple(
            replace(self._inventory.known(run), uncounted=counting.waits(run))
            for run in self._inventory.alive(key)
        )
        if workflow.gone:
            gone = self._site.clock()
            return ObservedWorkflow(
                *(workflow.namespace, key, workflow.uid, gone, 0, None), exists=False, runs=runs
            )
        spec, revision = self._definitions.read(workflow)
        return ObservedWorkflow(
            *(workflow.namespace, key, workflow.uid, workflow.created, workflow.generation, spec),
            revision=revision,
            runs=runs,
            upstreams=self._upstreams(workflow, spec),
            followed_by_others=bool(self._definitions.followers(key)),
            log=self._store.workflow_log(key),
        )

    def decide(self, observed: ObservedWorkflow, now: datetime) -> WorkflowDecision:
        """Decide which runs start, and the status."""
        return supervise(observed, now)

    async def apply(self, key: str, decision: WorkflowDecision) -> None:
        """Create and cancel runs. A repetition changes nothing."""
        if decision.create:
            workflow = self._store.workflow(key)
            assert workflow is not None  # noqa: S101 - it was observed in this turn
            for run in decision.create:
                self._create(workflow, run)
        for name in decision.cancel:
            if self._store.run(name).desired not in CANCELLING:
                self._store.desire(name, DesiredState.CANCEL)
            self._carry(key, name)

    async def record(self, key: str, decision: WorkflowDecision) -> None:
        """Write the status, and tell people the notes."""
        if decision.status is not None:
            self._store.write_workflow(key, decision.status, self._site.clock())
        for note in decision.notes:
            self._noted(key, note)

    async def tidy(self, key: str, decision: WorkflowDecision) -> None:
        """Remove old runs, and a workflow that is gone with its last run."""
        for name in decision.delete_runs:
            remove(self._site.folder, self._store, name)
        workflow = self._store.workflow(key)
        if workflow is not None and workflow.gone and not self._inventory.all(key):
            self._definitions.forget(key)

    def _create(self, workflow: StoredWorkflow, run: NewRun) -> None:
        """Create a run, unless its name is taken: the name is the lock."""
        if not self._store.has_run(run.name):
            now = self._site.clock()
            self._site.folder.run(run.name).mkdir(exist_ok=True)
            self._store.add_run(
                RunRecord(
                    key=RunKey(workflow.namespace, run.name),
                    uid=short_hash(workflow.uid, run.name, now.isoformat()),
                    workflow=workflow.name,
                    created=now,
                    spec=workflow.spec,
                    folder=str(self._site.home),
                    params={each.name: each.value for each in run.params},
                    logical_time=run.logical_time,
                    called=workflow.called,
                    origin=Origin(run.trigger, run.interval, run.triggered_by),
                )
            )
        self._carry(workflow.name, run.name)

    def _upstreams(
        self, workflow: StoredWorkflow, spec: WorkflowSpec
    ) -> Mapping[Upstream, ObservedUpstream]:
        return {
            upstream: ObservedUpstream(
                tuple(map(_end, self._ended(upstream))), self._exported(workflow, upstream)
            )
            for upstream in upstreams(spec.triggers, workflow.namespace)
        }

    def _ended(self, upstream: Upstream) -> Iterable[StoredRun]:
        """Return the ended runs of another workflow."""
        other = self._store.workflow(upstream.name)
        if other is not None and other.namespace != upstream.namespace:
            return ()
        runs = self._inventory.all(upstream.name)
        return (run for run in runs if run.log.finished is not None)

    def _exported(self, workflow: StoredWorkflow, upstream: Upstream) -> bool:
        if upstream.namespace == workflow.namespace:
            return True
        other = self._store.workflow(upstream.name)
        return (
            other is not None and workflow.namespace in self._definitions.read(other)[0].export_to
        )


def _end(run: StoredRun) -> RunEnd:
    """Return the end of a run."""
    log, ended = run.log, run.origin.triggered_by
    assert log.finished is not None  # noqa: S101 - only ended runs have an end
    return RunEnd(
        name=run.name,
        uid=run.uid,
        finished=log.finished,
        outcome=outcome_of(log.reason.value, succeeded=bool(log.succeeded)),
        logical_time=run.logical_time or run.created,
        interval=run.origin.interval,
        outputs=log.outputs or {},
        depth=0 if ended is None else ended.depth,
    )
