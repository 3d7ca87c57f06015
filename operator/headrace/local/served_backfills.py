"""
The backfills of a served folder, as a subject of the loop: advanced as in a cluster.

Knows the store. Decides nothing, and carries no run on.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import CANCELLING, DesiredState
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.observed import BackfillDecision, KnownWorkflow, ObservedBackfill
from headrace.local.backfill_runs import BackfillRuns, Template
from headrace.local.inventory import Inventory
from headrace.local.news import Event
from headrace.local.object_store import StoredObject
from headrace.local.records import Applied
from headrace.local.served_definitions import BACKFILL, ServedDefinitions
from headrace.local.site import Site
from headrace.local.workflow_store import StoredRun, StoredWorkflow
from headrace.manifests.backfill_status import backfill_status, read_backfill_status
from headrace.manifests.conditions import Past

_NO_WORKFLOW: Final = "there is no Workflow {} in this folder; put its file there"


class ServedBackfills:
    """The backfills of a folder."""

    def __init__(
        self,
        site: Site,
        definitions: ServedDefinitions,
        inventory: Inventory,
        carry: Callable[[str, str], None],
        say: Callable[[Event], None],
    ) -> None:
        """
        Read and write through these.

        Args:
            site: The folder.
            definitions: Its definitions.
            inventory: Its runs.
            carry: Called with workflow and name of each run that was created or cancelled.
            say: Called with each event.

        """
        self._site = site
        self._definitions = definitions
        self._runs = BackfillRuns(site, inventory)
        self._carry = carry
        self._say = say

    async def observe(self, key: str) -> ObservedBackfill | None:
        """Return the observed backfill; None if there is none."""
        stored = self._stored(key)
        if stored is None:
            return None
        spec = _spec(stored)
        backfill = ObservedBackfill(
            created=stored.created,
            generation=stored.generation,
            spec=spec,
            log=read_backfill_status(stored.status),
        )
        if backfill.log.finished is not None:
            return backfill
        workflow = self._workflow(stored, spec)
        if workflow is None:
            words = Reason.WORKFLOW_NOT_FOUND, _NO_WORKFLOW.format(spec.workflow)
            backfill = replace(backfill, hindrance=words)
        else:
            backfill = replace(backfill, workflow=self._known(workflow))

        def ours(_: int, runs: Sequence[StoredRun]) -> set[str]:
            return {run.name for run in runs if _is_of(run, stored)}

        return self._runs.around(backfill, spec, ours)

    def decide(self, observed: ObservedBackfill, now: datetime) -> BackfillDecision:
        """Decide which runs start, and the status."""
        return advance(observed, now)

    async def apply(self, key: str, decision: BackfillDecision) -> None:
        """
        Create and cancel runs. A repetition changes nothing.

        Raises:
            RuntimeError: Another process has just taken the name of a run. Look again.

        """
        stored = self._stored(key)
        assert stored is not None  # noqa: S101 - it was observed in this turn
        spec = _spec(stored)
        workflow = self._workflow(stored, spec)
        for placed in decision.create:
            assert workflow is not None  # noqa: S101 - else the backfill is hindered
            applied = Applied(BACKFILL, key, stored.uid, placed.place)
            if not self._runs.create(self._template(workflow, spec), spec, placed, applied):
                raise RuntimeError(f"another process has just created run {placed.run.name}")
            self._carry(spec.workflow, placed.run.name)
        for name in decision.cancel:
            if self._site.store.run(name).desired not in CANCELLING:
                self._site.store.desire(name, DesiredState.CANCEL)
            self._carry(spec.workflow, name)

    async def record(self, key: str, decision: BackfillDecision) -> None:
        """Write the status, and tell people the end."""
        stored, log = self._stored(key), decision.status
        if stored is None or log is None:
            return
        past = Past.of(stored.status, stored.created, self._site.clock())
        self._site.store.write_object(stored.key, backfill_status(log, past))
        if log.finished is not None:
            counts = f"{len(log.good)} done, {len(log.bad)} failed, {len(log.skipped)} skipped"
            words = f"{log.reason}: {counts}" + (f"; {log.message}" if log.message else "")
            self._say(Event("BackfillEnded", words, key))

    async def tidy(self, key: str, decision: BackfillDecision) -> None:
        """Do nothing: the workflow's history removes old runs."""

    def _stored(self, name: str) -> StoredObject | None:
        known = self._site.store.objects(BACKFILL)
        return next((each for each in known if each.key.name == name), None)

    def _workflow(self, stored: StoredObject, spec: BackfillSpec) -> StoredWorkflow | None:
        workflow = self._site.store.workflow(spec.workflow)
        if workflow is None or workflow.gone or workflow.namespace != stored.key.namespace:
            return None
        return workflow

    def _known(self, workflow: StoredWorkflow) -> KnownWorkflow:
        spec, _ = self._definitions.read(workflow)
        schedules = (trigger.schedule for trigger in spec.triggers)
        return KnownWorkflow(
            schedules=tuple(schedule for schedule in schedules if schedule is not None),
            concurrency=spec.concurrency,
            params=spec.params,
        )

    def _template(self, workflow: StoredWorkflow, spec: BackfillSpec) -> Template:
        return Template(
            workflow.namespace,
            workflow.spec,
            workflow.called,
            {each.name: each.value for each in spec.params},
            self._known(workflow),
        )


def _spec(stored: StoredObject) -> BackfillSpec:
    return BackfillSpec.model_validate_json(stored.spec)


def _is_of(run: StoredRun, backfill: StoredObject) -> bool:
    applied = run.origin.applied
    return applied is not None and applied.uid == backfill.uid
