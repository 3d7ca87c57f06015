"""
The world of Workflows: reads a definition with its runs, and carries out decisions.

Decides nothing. Events are written after the status, and a lost Event does no harm.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from msgspec import Raw, structs

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cluster.belonging import call_of
from headrace.cluster.caches import MANAGED, Caches, WorkflowKey
from headrace.cluster.compiler import UnusableError
from headrace.cluster.counting import Counting
from headrace.cluster.definitions import Definitions
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.run_requests import RunRequests
from headrace.cluster.upstreams import Upstreams
from headrace.engine.archive import ArchiveTerms
from headrace.engine.workflow.observed import (
    KnownRun,
    NewRun,
    ObservedWorkflow,
    WorkflowDecision,
    WorkflowLog,
)
from headrace.kube.client import Client
from headrace.kube.errors import (
    ApiError,
    StaleError,
    conflict,
    not_found,
)
from headrace.kube.objects import Projection
from headrace.kube.resources import CONTROLLER_REVISIONS, Ref, Resource, Scope
from headrace.manifests.backfill import backfill_of
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject, WorkflowObject
from headrace.manifests.objects import workflow_run
from headrace.manifests.run_spec import is_cancelling, is_delivered, logical_time_of, source_of
from headrace.manifests.run_status import read_run_status
from headrace.manifests.workflow_status import read_workflow_status, workflow_status


class WorkflowWorld:
    """Reads Workflows and their runs; creates, cancels and deletes runs."""

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        caches: Caches,
        client: Client,
        definitions: Definitions,
        events: EventRecorder,
        clock: Callable[[], datetime],
        *,
        archive: ArchiveTerms | None = None,
        unarchived: Callable[[int], object] = lambda _: None,
    ) -> None:
        """Use these; `archive` says how long runs wait for it, `unarchived` counts the others."""
        self._caches = caches
        self._client = client
        self._definitions = definitions
        self._events = events
        self._clock = clock
        self._archive = archive
        self._unarchived = unarchived
        self._requests = RunRequests(caches, client)
        self._upstreams = Upstreams(caches, client, definitions)
        self._since: datetime | None = None
        self._read: dict[WorkflowKey, WorkflowObject] = {}
        self._wrote: dict[WorkflowKey, str] = {}
        self._listed: dict[WorkflowKey, tuple[tuple[str, int], tuple[str, ...]]] = {}
        self._specs: dict[WorkflowKey, tuple[tuple[str, int], WorkflowSpec]] = {}
        self._runs: dict[WorkflowKey, dict[str, tuple[OwnObject, KnownRun]]] = {}
        """By name: the runs of the last turn."""
        self._made: dict[str, dict[str, NewRun]] = {}
        """By a Workflow's uid: created runs that its status does not show yet."""

    async def observe(self, key: WorkflowKey) -> ObservedWorkflow | None:
        """Return the observed workflow; None if it is gone."""
        self._since = self._since or self._clock()
        item = await self._definitions.workflow(key.namespace, key.name)
        runs = self._look_at_runs(key)
        revisions = await self._revisions(key, item)
        if item is None or item.metadata.deletion_timestamp is not None:
            read = self._read.pop(key, None)
            if read is not None:
                self._made.pop(read.metadata.uid, None)
            for known in (self._wrote, self._listed, self._specs):
                known.pop(key, None)
            self._upstreams.forget(key)
            if not runs and not revisions:
                self._runs.pop(key, None)
                return None
            gone = self._clock()
            return ObservedWorkflow(
                *(key.namespace, key.name, "", gone, 0, None),
                exists=False,
                revisions=revisions,
                runs=runs,
                archive=self._archive,
            )
        # A deleted workflow keeps no large spec.
        self._read[key] = structs.replace(item, spec=Raw(b""))
        return await self._existing(item, runs, revisions)

    async def apply(self, key: WorkflowKey, decision: WorkflowDecision) -> None:
        """Create and cancel runs. A repetition changes nothing."""
        uids = self._uids(key)
        for run in decision.create:
            uids[run.name] = await self._create(key, run)
        for name in decision.cancel:  # It may be a run that was just created.
            await self._requests.cancel(key.namespace, name, uids[name])

    async def tidy(self, key: WorkflowKey, decision: WorkflowDecision) -> None:
        """Delete old runs and revisions. A repetition changes nothing."""
        uids = self._uids(key)
        for name in decision.delete_runs:
            await self._delete(WORKFLOW_RUNS, key.namespace, name, uids[name])
        if decision.unarchived:
            self._unarchived(len(decision.unarchived))
        for name in decision.delete_revisions:
            await self._delete(CONTROLLER_REVISIONS, key.namespace, name)
            self._definitions.forget(key.namespace, name)
            self._listed.pop(key, None)

    def wrote(self, key: WorkflowKey, version: str) -> bool:
        """Return whether we wrote this version of a workflow: then it is no news."""
        return version != "" and self._wrote.get(key) == version

    async def complain(self, key: WorkflowKey, reason: Reason, message: str) -> None:
        """Show in the status why a turn failed, if it can be written."""
        item = self._read.get(key)
        if item is None:
            return
        log = _log(item)
        since = self._clock() if log.ready or log.since is None else log.since
        status = replace(log, ready=False, reason=reason, message=message, since=since)
        if status != log:
            await self._write(item, status)

    async def record(self, key: WorkflowKey, decision: WorkflowDecision) -> None:
        """Write the Workflow's status, if there is one to write, then its Events."""
        item = self._read.get(key)
        if item is None:
            return
        if decision.status is not None:
            await self._write(item, decision.status)
        self._made.pop(item.metadata.uid, None)
        for note in decision.notes:
            await self._events.warn(WORKFLOWS, item.metadata, note.reason, note.message)

    def _look_at_runs(self, key: WorkflowKey) -> tuple[KnownRun, ...]:
        """Return the runs of a workflow. Each version is read once: thousands may wait."""
        before = self._runs.get(key, {})
        runs: dict[str, tuple[OwnObject, KnownRun]] = {}
        for run in self._caches.runs.by_index((key.namespace, key.name)):
            known = before.get(run.metadata.name)
            if known is None or known[0] is not run:
                known = run, _known(run, inside=self._caches.lineage.inside(run))
            runs[run.metadata.name] = known
        self._runs[key] = runs
        counting = Counting(self._caches.backfills.store)
        return tuple(
            replace(known, uncounted=True) if known.finished and counting.waits(run) else known
            for run, known in runs.values()
        )

    def _uids(self, key: WorkflowKey) -> dict[str, str]:
        return {name: run.metadata.uid for name, (run, _) in self._runs.get(key, {}).items()}

    async def _existing(
        self, item: WorkflowObject, runs: tuple[KnownRun, ...], revisions: tuple[str, ...]
    ) -> ObservedWorkflow:
        meta, log = item.metadata, _log(item)
        key = WorkflowKey(meta.namespace, meta.name)
        spec, revision, problem, awaits = None, None, "", False
        try:
            revision = await self._definitions.freeze(item)
            spec = await self._parsed(item)
        except UnusableError as error:
            problem, awaits = str(error), error.awaited
        return ObservedWorkflow(
            namespace=meta.namespace,
            name=meta.name,
            uid=meta.uid,
            created=meta.creation_timestamp or self._clock(),
            generation=meta.generation,
            spec=spec,
            problem=problem,
            awaits_template=awaits,
            revision=revision,
            revisions=revisions,
            runs=runs,
            made=tuple(self._made.get(meta.uid, {}).values()),
            upstreams=await self._upstreams.of(key, spec, log.followed) if spec else {},
            archive=self._archive,
            followed_by_others=bool(self._caches.followers.of(key)),
            watched_since=self._since,
            log=log,
        )

    async def _parsed(self, item: WorkflowObject) -> WorkflowSpec:
        """Return a workflow's spec, parsed once a generation: a large one takes long."""
        meta = item.metadata
        key, content = WorkflowKey(meta.namespace, meta.name), (meta.uid, meta.generation)
        known = self._specs.get(key)
        if known is None or known[0] != content:
            known = self._specs[key] = content, await self._definitions.parse(item)
        return known[1]

    async def _revisions(self, key: WorkflowKey, item: WorkflowObject | None) -> tuple[str, ...]:
        """Return the kept revisions, listed once a generation: only we create them."""
        content = ("", 0) if item is None else (item.metadata.uid, item.metadata.generation)
        known = self._listed.get(key)
        if item is not None and known is not None and known[0] == content:
            return known[1]
        # A StatefulSet has revisions too, with whatever labels its pods have.
        ours = f"{MANAGED},{labels.WORKFLOW}={key.name}"
        scope = Scope(CONTROLLER_REVISIONS, key.namespace, labels=ours)
        names: list[str] = []
        async for page in self._client.pages(scope, Projection):
            names.extend(found.metadata.name for found in page.objects)
        self._listed[key] = content, tuple(names)
        return tuple(names)

    async def _create(self, key: WorkflowKey, run: NewRun) -> str:
        """Create a run, and return the uid of the run with its name."""
        item = self._read.get(key)
        annotations = item.metadata.annotations if item is not None else {}
        manifest = workflow_run(
            {"name": key.name, "namespace": key.namespace, "annotations": annotations}, run
        )
        made = await self._requests.create(manifest)
        if item is not None:
            self._made.setdefault(item.metadata.uid, {})[run.name] = run
        return made.metadata.uid

    async def _delete(self, resource: Resource, namespace: str, name: str, uid: str = "") -> None:
        try:
            await self._client.delete(Ref(resource, namespace, name), uid=uid)
        except ApiError as error:
            if not not_found(error) and not conflict(error):  # A newer run has the name.
                raise

    async def _write(self, item: WorkflowObject, log: WorkflowLog) -> None:
        meta = item.metadata
        now = self._clock()
        past = Past.of(item.status, meta.creation_timestamp or now, now)
        status = workflow_status(log, past)
        body = {"metadata": {"resourceVersion": meta.resource_version}, "status": status}
        ref = Ref(WORKFLOWS, meta.namespace, meta.name)
        try:
            written = await self._client.patch_status(ref, body, OwnObject)
        except ApiError as error:
            if conflict(error) or not_found(error):
                raise StaleError(f"{ref} has changed") from error
            raise
        key = WorkflowKey(meta.namespace, meta.name)
        self._wrote[key] = written.metadata.resource_version


def _known(run: OwnObject, *, inside: bool) -> KnownRun:
    created = run.metadata.creation_timestamp
    assert created is not None  # noqa: S101 - the API server sets it
    try:
        log = read_run_status(run.status)
    except ValueError:
        log = read_run_status({})
    return KnownRun(
        name=run.metadata.name,
        created=created,
        logical_time=logical_time_of(run.spec, created),
        began=log.begun,
        cancelling=is_cancelling(run.spec),
        finished=log.finished,
        succeeded=bool(log.succeeded),
        reason=log.reason.value,
        revision=log.revision,
        called=call_of(run.metadata) is not None,
        inside=inside,
        rerun_of=source_of(run.spec),
        backfill=backfill_of(run.metadata) is not None,
        delivered=is_delivered(run.spec),
        archived=labels.ARCHIVED in run.metadata.annotations,
    )


def _log(item: WorkflowObject) -> WorkflowLog:
    try:
        return read_workflow_status(item.status)
    except ValueError:
        return WorkflowLog()  # Somebody wrote something else there; the status is a projection.
