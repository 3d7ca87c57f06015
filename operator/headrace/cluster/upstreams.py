"""
The ended runs of the workflows that a workflow follows.

Knows caches and the API server. Which ends start a run is decided in `engine.workflow.following`.
"""

from collections.abc import Collection, Mapping
from typing import Final

from headrace.api.reading.parse import parse_run
from headrace.api.v1alpha1.run import RunSpec
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cluster.caches import Caches, WorkflowKey
from headrace.cluster.compiler import UnusableError
from headrace.cluster.definitions import Definitions
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.cluster.specs import Specs
from headrace.engine.workflow.ends import ObservedUpstream, Record, RunEnd, Upstream, outcome_of
from headrace.engine.workflow.following import upstreams
from headrace.kube.client import Client
from headrace.kube.errors import StaleError
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import logical_time_of
from headrace.manifests.run_status import has_ended, read_run_status

Ends = Mapping[Upstream, ObservedUpstream]

_UNREADABLE: Final = RunSpec(workflow="unreadable")
"""Stands for a spec that nobody can read: the run had neither an interval nor a run before it."""


class Upstreams:
    """Finds the ended runs of other workflows. An ended run is read once: it never changes."""

    def __init__(self, caches: Caches, client: Client, definitions: Definitions) -> None:
        """Read these."""
        self._caches = caches
        self._definitions = definitions
        self._specs = Specs(client)
        self._ends: dict[WorkflowKey, dict[str, RunEnd]] = {}
        """By the follower and the uid of the ended run."""

    def forget(self, key: WorkflowKey) -> None:
        """Forget a workflow that follows no more."""
        self._caches.followers.set(key, ())
        self._ends.pop(key, None)

    async def of(self, key: WorkflowKey, spec: WorkflowSpec, record: Record) -> Ends:
        """
        Return the ended runs of the workflows that a workflow follows.

        Raises:
            StaleError: A run has changed or is gone. Look again.

        """
        followed = upstreams(spec.triggers, key.namespace)
        self._caches.followers.set(key, [WorkflowKey(one.namespace, one.name) for one in followed])
        before, now = self._ends.pop(key, {}), dict[str, RunEnd]()
        found = {}
        for upstream in followed:
            ends = await self._ended(upstream, before)
            now |= {end.uid: end for end in ends}
            new = [end for end in ends if upstream not in record or end not in record[upstream]]
            found[upstream] = ObservedUpstream(
                tuple(ends), await self._exported(key, upstream, new)
            )
        if now:
            self._ends[key] = now
        return found

    async def _ended(self, upstream: Upstream, before: Mapping[str, RunEnd]) -> list[RunEnd]:
        ends = []
        for run in self._caches.runs.by_index((upstream.namespace, upstream.name)):
            if has_ended(run.status):
                known = before.get(run.metadata.uid)
                ends.append(known if known is not None else await self._end(run))
        return [end for end in ends if end is not None]

    async def _end(self, run: OwnObject) -> RunEnd | None:
        """Return the end of a run; None: its status cannot be read."""
        meta = run.metadata
        try:
            log = read_run_status(run.status)
        except ValueError:
            return None
        if log.finished is None or meta.creation_timestamp is None:
            return None
        try:
            read = await self._specs.of(WORKFLOW_RUNS, run, parse_run)
        except StaleError:  # It is gone, and so it starts nothing.
            return None
        spec = _UNREADABLE if isinstance(read, str) else read
        return RunEnd(
            name=meta.name,
            uid=meta.uid,
            finished=log.finished,
            outcome=outcome_of(log.reason.value, succeeded=bool(log.succeeded)),
            logical_time=logical_time_of(run.spec, meta.creation_timestamp),
            interval=spec.interval,
            outputs=log.outputs or {},
            depth=0 if spec.triggered_by is None else spec.triggered_by.depth,
        )

    async def _exported(
        self, key: WorkflowKey, upstream: Upstream, new: Collection[RunEnd]
    ) -> bool:
        """Return whether a workflow may follow another; asked only if there is a new end."""
        if upstream.namespace == key.namespace or not new:
            return True
        other = await self._definitions.workflow(upstream.namespace, upstream.name)
        if other is None:
            return False
        try:
            spec = await self._definitions.parse(other)
        except UnusableError:
            return False
        return key.namespace in spec.export_to
