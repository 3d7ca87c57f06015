"""
The world of Backfills: reads one with the runs of its workflow, and carries out decisions.

Decides nothing. An Event is written after the status, and a lost Event does no harm.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from headrace.api.reading.parse import parse_backfill
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster import line
from headrace.cluster.backfills import BackfillKey
from headrace.cluster.caches import Caches
from headrace.cluster.compiler import UnusableError
from headrace.cluster.definitions import Definitions
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS
from headrace.cluster.run_requests import RunRequests
from headrace.cluster.siblings import sibling_of
from headrace.cluster.specs import Specs
from headrace.cluster.statuses import Status, StatusWriter, Version, version_of
from headrace.engine.backfill.advance import planned_of
from headrace.engine.backfill.chains import Chains, Link
from headrace.engine.backfill.existing import TickRun
from headrace.engine.backfill.observed import (
    BackfillDecision,
    BackfillLog,
    KnownWorkflow,
    ObservedBackfill,
)
from headrace.engine.backfill.plan import Hindrance, Plan
from headrace.engine.places import Places
from headrace.kube.client import Client
from headrace.kube.errors import (
    StaleError,
)
from headrace.kube.resources import Ref
from headrace.manifests.backfill import backfill_of, backfill_run
from headrace.manifests.backfill_status import backfill_status, read_backfill_status
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import is_cancelling, source_of, workflow_of
from headrace.manifests.run_status import read_run_status

NO_WORKFLOW: Final = "there is no Workflow {} in namespace {}; create it, or correct spec.workflow"


class BackfillWorld:
    """Reads Backfills and the runs of their workflows; creates and cancels runs."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        definitions: Definitions,
        events: EventRecorder,
        clock: Callable[[], datetime],
    ) -> None:
        """Read and write through these; `clock` is the wall clock."""
        self._caches = caches
        self._client = client
        self._definitions = definitions
        self._events = events
        self._clock = clock
        self._requests = RunRequests(caches, client)
        self._specs = Specs(client)
        self._statuses = StatusWriter(client)
        self._looked: dict[BackfillKey, Version] = {}
        """The version of each Backfill in its last turn."""
        self._made: dict[str, set[int]] = {}
        """By a Backfill's uid: logical times whose created runs its status does not show yet."""

    async def observe(self, key: BackfillKey) -> ObservedBackfill | None:
        """Return the observed backfill; None if it is gone."""
        item = self._caches.backfills.store.get(key.namespace, key.name)
        if item is None or item.metadata.deletion_timestamp is not None:
            self._caches.backfills.store.forget(f"{key.namespace}/{key.name}")
            looked = self._looked.pop(key, None)
            if looked is not None:
                self._made.pop(looked[0], None)
            return None
        meta, log = item.metadata, _log(item)
        self._looked[key] = version_of(meta)
        spec = await self._specs.of(BACKFILLS, item, parse_backfill)
        backfill = ObservedBackfill(
            created=meta.creation_timestamp or self._clock(),
            generation=meta.generation,
            spec=spec if isinstance(spec, BackfillSpec) else None,
            problem=spec if isinstance(spec, str) else "",
            made=Places.of(self._made.get(meta.uid, ())),
            log=log,
        )
        if log.finished is not None or not isinstance(spec, BackfillSpec):
            return backfill
        workflow = await self._workflow(key.namespace, spec.workflow)
        if isinstance(workflow, KnownWorkflow):
            backfill = replace(backfill, workflow=workflow)
        else:
            backfill = replace(backfill, hindrance=workflow)
        return self._with_runs(item, spec, backfill)

    async def _workflow(self, namespace: str, name: str) -> KnownWorkflow | Hindrance:
        item = await self._definitions.workflow(namespace, name)
        if item is None or item.metadata.deletion_timestamp is not None:
            return Reason.WORKFLOW_NOT_FOUND, NO_WORKFLOW.format(name, namespace)
        try:
            revision = await self._definitions.freeze(item)
            spec = await self._definitions.parse(item)
            definition = await self._definitions.read(namespace, revision)
        except UnusableError as error:
            reason = Reason.TEMPLATE_NOT_READY if error.awaited else Reason.INVALID_DEFINITION
            return reason, f"Workflow {name}: {error}"
        if definition is None:  # Somebody has deleted it just now.
            raise StaleError(f"ControllerRevision {revision} is gone")
        schedules = (trigger.schedule for trigger in spec.triggers)
        return KnownWorkflow(
            schedules=tuple(schedule for schedule in schedules if schedule is not None),
            concurrency=spec.concurrency,
            params=definition.params,
        )

    def _with_runs(
        self, item: OwnObject, spec: BackfillSpec, backfill: ObservedBackfill
    ) -> ObservedBackfill:
        """Add the runs with the names of logical times, and the other active runs."""
        meta = item.metadata
        planned = planned_of(backfill, spec)
        named = planned.names if isinstance(planned, Plan) else ()
        beside = list(self._caches.runs.by_index((meta.namespace, spec.workflow)))
        there = (self._caches.runs.get(meta.namespace, name) for name in named)
        chains = Chains(map(_link, [*beside, *filter(None, there)]))
        found = ((name, chains.of(name)) for name in named)
        return replace(
            backfill,
            runs={name: [_run(run, item) for run in runs] for name, runs in found if runs},
            others=tuple(
                sibling_of(run, self._caches.lineage)
                for run in self._caches.lineage.outside(beside)
                if line.active(run) and not _is_of(run, item)
            ),
        )

    async def apply(self, key: BackfillKey, decision: BackfillDecision) -> None:
        """
        Create and cancel runs. A repetition changes nothing.

        Raises:
            StaleError: A run of somebody else has the name. Look again.

        """
        item = self._caches.backfills.store.get(key.namespace, key.name)
        if item is None or self._looked.get(key) != version_of(item.metadata):
            raise StaleError(f"Backfill {key.namespace}/{key.name} has changed")
        if decision.create:
            spec = await self._specs.of(BACKFILLS, item, parse_backfill)
            assert isinstance(spec, BackfillSpec)  # noqa: S101 - else there is nothing to create
            for placed in decision.create:
                manifest = backfill_run(item.metadata, spec, placed)
                await self._create(item, manifest, placed.place)
        for name in decision.cancel:
            run = self._caches.runs.get(key.namespace, name)
            if run is not None:
                await self._requests.cancel(key.namespace, name, run.metadata.uid)

    async def _create(self, item: OwnObject, manifest: dict[str, Any], place: int) -> None:
        made = await self._requests.create(manifest)
        if not _is_of(made, item):
            raise StaleError(f"{Ref(WORKFLOW_RUNS, *made.metadata.key)} is a run of somebody else")
        self._made.setdefault(item.metadata.uid, set()).add(place)

    async def record(self, key: BackfillKey, decision: BackfillDecision) -> None:
        """Write the status, if there is one to write, then an Event of the end."""
        item = self._caches.backfills.store.get(key.namespace, key.name)
        if item is None:
            return
        log = decision.status
        if log is not None:
            await self._write(key, item, log)
        self._made.pop(item.metadata.uid, None)
        if log is not None and log.finished is not None:
            tell = self._events.tell if log.succeeded else self._events.warn
            message = log.message or f"{len(log.good)} done, {len(log.skipped)} skipped"
            await tell(BACKFILLS, item.metadata, log.reason, message)

    async def tidy(self, key: BackfillKey, decision: BackfillDecision) -> None:
        """Do nothing: the workflow's history deletes old runs."""

    async def complain(self, key: BackfillKey, reason: Reason, message: str) -> None:
        """Show in the status why a turn failed, if it can be written."""
        item = self._caches.backfills.store.get(key.namespace, key.name)
        if item is None:
            return
        log = _log(item)
        shown = replace(log, reason=reason, message=message)
        if log.finished is None and shown != log:
            await self._write(key, item, shown)

    async def _write(self, key: BackfillKey, item: OwnObject, log: BackfillLog) -> None:
        now = self._clock()
        past = Past.of(item.status, item.metadata.creation_timestamp or now, now)
        put = Status(BACKFILLS, self._caches.backfills.store, backfill_status(log, past))
        written = await self._statuses.write(item, put, self._looked.get(key))
        self._looked[key] = version_of(written.metadata)


def _is_of(run: OwnObject, backfill: OwnObject) -> bool:
    """Return whether a backfill has created a run, for its own workflow."""
    ours = backfill_of(run.metadata) == backfill.metadata.uid
    return ours and workflow_of(run.spec) == workflow_of(backfill.spec)


def _link(run: OwnObject) -> Link[OwnObject]:
    meta = run.metadata
    return Link(meta.name, meta.creation_timestamp, source_of(run.spec), run)


def _run(run: OwnObject, backfill: OwnObject) -> TickRun:
    try:
        log = read_run_status(run.status)
    except ValueError:
        log = read_run_status({})
    return TickRun(
        name=run.metadata.name,
        uid=run.metadata.uid,
        ours=_is_of(run, backfill),
        strange=workflow_of(run.spec) != workflow_of(backfill.spec),
        began=source_of(run.spec) is None or log.inheritance is not None,
        finished=log.finished,
        succeeded=bool(log.succeeded),
        cancelling=is_cancelling(run.spec),
    )


def _log(item: OwnObject) -> BackfillLog:
    try:
        return read_backfill_status(item.status)
    except ValueError:
        return BackfillLog()  # Somebody wrote something else there.
