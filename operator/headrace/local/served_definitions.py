"""
The definitions of a served folder: the last one of each workflow that could be run.

Knows the store, and which workflows follow others. Reads no file.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.workflow.following import upstreams
from headrace.local.site import Site
from headrace.local.workflow_store import StoredWorkflow
from headrace.manifests.names import revision_name, short_hash

BACKFILL: Final = "Backfill"
"""The kind of objects that need a workflow's definition."""


@dataclass(frozen=True, slots=True)
class WorkflowManifest:
    """A workflow of a file that can be run here."""

    name: str
    namespace: str
    spec: str
    """A WorkflowSpec as JSON."""
    called: Mapping[str, str]
    """The definitions of the workflows that it may call, also through others, by name."""
    file: str


class ReadSpec(NamedTuple):
    """What a workflow needs of its spec."""

    spec: WorkflowSpec
    """Without the tasks: they are for runs alone, and take the most memory."""
    revision: str
    """The name of the definition. As in a cluster, resuming a workflow makes no new one."""


class ServedDefinitions:
    """The definitions of a folder."""

    def __init__(self, site: Site) -> None:
        """Read and write the database of a site."""
        self._site = site
        self._specs: dict[str, tuple[tuple[str, int], ReadSpec]] = {}
        self._followers: dict[str, list[str]] | None = None
        """By the name of a followed workflow. None: a definition has changed."""
        self._backfills: dict[str, list[str]] | None = None
        """By the name of their workflow. None: one has come or gone."""

    def accept(self, manifest: WorkflowManifest) -> bool:
        """Store the definition of a file; return whether the workflow is new or has changed."""
        before = self._site.store.workflow(manifest.name)
        if before is None or before.gone or before.namespace != manifest.namespace:
            self._put(self._new(manifest), anew=True)
            return True
        changed = before.spec != manifest.spec
        after = replace(
            before,
            generation=before.generation + changed,
            spec=manifest.spec,
            called=manifest.called,
            file=manifest.file,
        )
        if after != before:
            self._put(after, anew=False)
        return changed

    def remove(self, workflow: StoredWorkflow) -> None:
        """Note that no file has a workflow any more."""
        self._put(replace(workflow, gone=True), anew=False)

    def forget(self, name: str) -> None:
        """Remove a workflow that is gone."""
        self._site.store.forget_workflow(name)
        self._specs.pop(name, None)

    def followers(self, name: str) -> list[str]:
        """Return the workflows that start a run when a run of this one ends."""
        if self._followers is None:
            self._followers = defaultdict(list)
            for other in self._site.store.workflows():
                triggers = () if other.gone else self.read(other).spec.triggers
                for upstream in upstreams(triggers, other.namespace):
                    self._followers[upstream.name].append(other.name)
        return self._followers.get(name, [])

    def backfills(self, name: str) -> list[str]:
        """Return the backfills of a workflow."""
        if self._backfills is None:
            self._backfills = defaultdict(list)
            for stored in self._site.store.objects(BACKFILL):
                self._backfills[json.loads(stored.spec)["workflow"]].append(stored.key.name)
        return self._backfills.get(name, [])

    def backfills_changed(self) -> None:
        """Hear that a backfill has come or gone."""
        self._backfills = None

    def read(self, workflow: StoredWorkflow) -> ReadSpec:
        """Return the spec of a workflow, parsed once a generation."""
        generation = workflow.uid, workflow.generation
        known = self._specs.get(workflow.name)
        if known is None or known[0] != generation:
            written = json.loads(workflow.spec)
            spec = WorkflowSpec.model_validate(written)
            kept = {field: value for field, value in written.items() if field != "suspend"}
            read = ReadSpec(
                spec.model_copy(update={"tasks": (), "finally_": ()}),
                revision_name(workflow.name, workflow.uid, kept),
            )
            known = self._specs[workflow.name] = generation, read
        return known[1]

    def _new(self, manifest: WorkflowManifest) -> StoredWorkflow:
        now = self._site.clock()
        uid = short_hash(str(self._site.folder.root), manifest.name, now.isoformat())
        return StoredWorkflow(
            *(manifest.name, manifest.namespace, uid, now, 1),
            *(manifest.spec, manifest.called, manifest.file),
        )

    def _put(self, workflow: StoredWorkflow, *, anew: bool) -> None:
        self._site.store.put_workflow(workflow, anew=anew)
        self._followers = None
