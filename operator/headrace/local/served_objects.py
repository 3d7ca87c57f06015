"""
Runs and backfills in manifests of a served folder: each is an object that somebody has created.

A WorkflowRun or a TaskRun is one run: the record of the object stays as long as its file, also when
the run is history, so it never starts twice. Knows the store. Starts no program.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from headrace.api.v1alpha1.rerun import RerunRevision
from headrace.api.v1alpha1.run import DesiredState, RunSpec
from headrace.engine.run.observed import RunKey
from headrace.local.frozen import change_problem, may_follow
from headrace.local.history import remove
from headrace.local.object_store import StoredObject
from headrace.local.reading import ObjectManifest
from headrace.local.records import Applied, Origin, RunRecord
from headrace.local.served_definitions import BACKFILL
from headrace.local.site import Site
from headrace.manifests.names import short_hash

RUN: Final = "WorkflowRun"
TASK: Final = "TaskRun"
ALONE: Final = ""
"""The workflow of a task on its own: it has none."""
_CREATED: Final = "created"
"""In the status: the object's run was created."""


class ServedObjects:
    """The runs and backfills in manifests of a folder."""

    def __init__(self, site: Site, carry: Callable[[str, str], None]) -> None:
        """
        Read and write through these.

        Args:
            site: The folder.
            carry: Called with workflow and name of each run that was created or is steered.

        """
        self._site = site
        self._store = site.store
        self._carry = carry

    def accept(self, manifest: ObjectManifest) -> str | None:
        """Take over an object of a file, once; return what is wrong with it."""
        known = self._store.object(manifest.key)
        if known is None:
            known = self._new(manifest)
            self._store.put_object(known)
        elif known.spec != manifest.spec:
            problem = change_problem(manifest.key.kind, known.spec, manifest.spec)
            if problem is not None:
                return problem
            generation = known.generation + 1
            known = replace(known, spec=manifest.spec, file=manifest.file, generation=generation)
            self._store.put_object(known)
            self._steer(known)
        elif known.file != manifest.file:
            known = replace(known, file=manifest.file)
            self._store.put_object(known)
        if known.key.kind == BACKFILL or known.status.get(_CREATED):
            return None
        return self._create(known)

    def remove(self, stored: StoredObject) -> None:
        """Forget an object that is in no file any more. Its run is cancelled, if it goes on."""
        if stored.key.kind != BACKFILL:
            self._want(stored, DesiredState.CANCEL)
        self._store.forget_object(stored.key)
        self.tidy()

    def tidy(self) -> None:
        """Remove the ended runs of tasks on their own whose files are gone."""
        uids = {stored.uid for stored in self._store.objects(TASK)}
        for run in self._store.runs_of(ALONE, {}):
            if run.log.finished is not None and run.uid not in uids:
                remove(self._site.folder, self._store, run.name)

    def _new(self, manifest: ObjectManifest) -> StoredObject:
        now = self._site.clock()
        uid = short_hash(str(self._site.folder.root), *manifest.key, now.isoformat())
        return StoredObject(manifest.key, uid, now, 1, manifest.spec, manifest.file, {})

    def _create(self, stored: StoredObject) -> str | None:
        """Create the run of an object, unless its name is taken: the name is the lock."""
        name, store = stored.key.name, self._store
        if store.has_run(name):
            if store.run(name).uid != stored.uid:
                return f"metadata.name: there is a run {name!r} already; take another name"
        else:
            record = self._alone(stored) if stored.key.kind == TASK else self._run(stored)
            if isinstance(record, str):
                return record
            self._site.folder.run(name).mkdir(exist_ok=True)
            store.add_run(record)
        store.write_object(stored.key, {_CREATED: True})
        self._carry(store.run(name).workflow, name)
        return None

    def _run(self, stored: StoredObject) -> RunRecord | str:
        """Return the run of a WorkflowRun, or why it cannot be."""
        spec, store = RunSpec.model_validate_json(stored.spec), self._store
        workflow = store.workflow(spec.workflow)
        if workflow is None or workflow.gone or workflow.namespace != stored.key.namespace:
            return (
                f"spec.workflow: there is no Workflow {spec.workflow!r} in this folder that can"
                " run; put its file there, or mend it"
            )
        origin = Origin(
            spec.trigger, spec.interval, spec.triggered_by, spec.priority, _applied(stored)
        )
        record = RunRecord(
            **self._common(stored),
            workflow=workflow.name,
            spec=workflow.spec,
            called=workflow.called,
            params={each.name: each.value for each in spec.params},
            logical_time=spec.logical_time,
            desired=spec.desired_state,
            rerun_of=spec.rerun_of,
            cache=spec.cache,
            origin=origin,
        )
        return record if spec.rerun_of is None else self._again(record)

    def _again(self, record: RunRecord) -> RunRecord | str:
        """Return a run that repeats another one, with what it has of that one."""
        asked = record.rerun_of
        assert asked is not None  # noqa: S101 - it was asked for
        if not self._store.has_run(asked.name):
            return f"spec.rerunOf.name: there is no run {asked.name!r} in this folder of state"
        earlier = self._store.run(asked.name)
        if asked.revision is not RerunRevision.LATEST:
            record = replace(record, spec=earlier.spec, called=earlier.called)
        interval = record.origin.interval or earlier.origin.interval
        return replace(
            record,
            params={**earlier.params, **record.params},
            logical_time=record.logical_time or earlier.logical_time or earlier.created,
            origin=replace(record.origin, interval=interval),
        )

    def _alone(self, stored: StoredObject) -> RunRecord:
        """Return the run of a task on its own."""
        return RunRecord(
            **self._common(stored),
            workflow=ALONE,
            spec=stored.spec,
            origin=Origin(applied=_applied(stored)),
        )

    def _common(self, stored: StoredObject) -> Mapping[str, Any]:
        key = RunKey(stored.key.namespace, stored.key.name)
        now, home = self._site.clock(), str(self._site.home)
        return {"key": key, "uid": stored.uid, "created": now, "folder": home}

    def _steer(self, stored: StoredObject) -> None:
        """Pass on what the file says now."""
        if stored.key.kind == RUN:
            self._want(stored, RunSpec.model_validate_json(stored.spec).desired_state)

    def _want(self, stored: StoredObject, desired: DesiredState) -> None:
        """Steer the run of an object, unless it has ended or is another one's."""
        name, store = stored.key.name, self._store
        if not store.has_run(name):
            return
        run = store.run(name)
        if run.uid != stored.uid or store.run_log(name).finished is not None:
            return
        if run.desired is not desired and may_follow(run.desired, desired):
            store.desire(name, desired)
            self._carry(run.workflow, name)


def _applied(stored: StoredObject) -> Applied:
    return Applied(stored.key.kind, stored.key.name, stored.uid)
