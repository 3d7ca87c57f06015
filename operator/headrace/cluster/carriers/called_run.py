"""
A run of a called workflow, one an attempt.

A name that our own run has is success; a name of somebody else's run is refused. Decides no start.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1.run import DesiredState
from headrace.cluster.belonging import Place, attempt_name, number_of, owner_uid, place_of
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import create, taken
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.cluster.remains import going_on
from headrace.cluster.run_log import run_log
from headrace.engine.definition.work import ChildRun
from headrace.engine.run.nested import NestedRun, may_follow, sighting_of
from headrace.engine.run.observed import RunKey
from headrace.engine.task.actions import EndAttempt, PassOn, StartAttempt
from headrace.engine.task.observed import RUN, ObservedTask, Sighting, Stage
from headrace.engine.task.obstacles import Obstacle
from headrace.engine.task.policies.nested_depth import DEEPEST
from headrace.kube.errors import ApiError, StaleError, conflict, not_found
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import called_run, owner
from headrace.manifests.run_spec import passed_of, passes
from headrace.manifests.run_status import has_ended

REMAINS: Final = 5.0
"""So many seconds between two looks at what is left of a deleted run."""


class CalledRunCarrier:
    """Keeps the promises of `Carrier` for called workflows."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._reach = reach
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock
        self._later = reach.later

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from the runs that it owns."""
        runs, uid = self._caches.runs, item.metadata.uid
        for gone, owned in ((False, runs.by_index(uid)), (True, runs.tombstones_by_index(uid))):
            for run in owned:
                number = number_of(run, place_of(item), logged)
                if number is not None:
                    yield sighting_of(nested(run, number, self._clock(), gone=gone))

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """Ask about a run that is missing in the cache; look for the remains of a deleted one."""
        last, newest = seen.log.last, seen.sighting
        if newest is None or (last is not None and newest.number < last.number):
            if last is None or last.where.unit is None or last.where.unit.kind != RUN:
                return seen
            if last.open and await self._is_there(item, last.where.unit_name):
                return draw(item)
            newest = Sighting(last.number, Stage.GONE, last.where, last.created, leaving=True)
        unit = newest.where.unit
        if newest.stage is not Stage.GONE or unit is None or unit.kind != RUN:
            return seen
        return self._with_remains(item, seen, newest)

    async def _is_there(self, item: OwnObject, name: str) -> bool:
        """Ask the API server for a run that is missing in the cache."""
        try:
            ref = Ref(WORKFLOW_RUNS, item.metadata.namespace, name)
            found = await self._client.get(ref, OwnObject)
        except ApiError as error:
            if not not_found(error):
                raise
            return False
        self._caches.runs.put(found)
        return True

    def _with_remains(self, item: OwnObject, seen: ObservedTask, gone: Sighting) -> ObservedTask:
        """Return the state with a deleted run, which goes on while pods of it still run."""
        if not self._runs_on(RunKey(item.metadata.namespace, gone.where.unit_name)):
            return seen
        self._later(place_of(item).key, REMAINS)  # Its pods wake nobody: their run is gone.
        return replace(seen, sighting=replace(gone, alive=True))

    def _runs_on(self, key: RunKey, depth: int = DEEPEST) -> bool:
        """Return whether anything of a run still runs, or of the runs that it has called."""
        if any(going_on(self._caches.jobs.by_index(key), self._caches.pods.by_index(key))):
            return True
        called = (*self._caches.runs.by_index(key), *self._caches.runs.tombstones_by_index(key))
        names = {run.metadata.name for run in called} - {key.name}
        return depth > 0 and any(
            self._runs_on(RunKey(key.namespace, name), depth - 1) for name in names
        )

    async def make(self, start: StartAttempt[ChildRun], item: OwnObject) -> Obstacle | None:
        """Create an attempt's run."""
        meta, context = item.metadata, start.context
        caller = self._caches.runs.get(context.namespace, context.run)
        asked: Mapping[str, str] = {} if caller is None else caller.metadata.annotations
        manifest = called_run(start, owner("TaskRun", meta.name, meta.uid), asked)
        found = await create(self._client, WORKFLOW_RUNS, manifest, OwnObject)
        if owner_uid(found.metadata) != meta.uid:
            return taken(f"WorkflowRun {found.metadata.name}", self._clock())
        self._caches.runs.put(found)
        return None

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Cancel an attempt's run."""
        cancel = PassOn(end.task, end.number, DesiredState.CANCEL)
        await self.pass_on(place, task_run_uid, cancel)

    async def pass_on(self, place: Place, task_run_uid: str, action: PassOn) -> None:
        """
        Pass a state on to an attempt's run, unless the run has it already or has ended.

        Raises:
            StaleError: The run has changed meanwhile. Look again.

        """
        name = attempt_name(place, action.number)
        for run in self._caches.runs.by_index(task_run_uid):
            if run.metadata.name == name:
                await hand_down(self._reach, run, action.desired)


async def hand_down(reach: Reach, run: OwnObject, desired: DesiredState) -> None:
    """
    Pass a state on to a called run, unless the run has it already or has ended.

    Raises:
        StaleError: The run has changed meanwhile. Look again.

    """
    meta = run.metadata
    if has_ended(run.status) or meta.deletion_timestamp:
        return
    if not may_follow(passed_of(run.spec), desired):
        return
    version = {"uid": meta.uid, "resourceVersion": meta.resource_version}
    body: dict[str, Any] = {"metadata": version, "spec": passes(desired)}
    ref = Ref(WORKFLOW_RUNS, meta.namespace, meta.name)
    try:
        reach.caches.runs.put(await reach.client.patch(ref, body, OwnObject))
    except ApiError as error:
        if not_found(error) or conflict(error):
            raise StaleError(f"{ref} has changed") from error
        raise


def nested(run: OwnObject, number: int, now: datetime, *, gone: bool) -> NestedRun:
    """
    Return a called run as its caller sees it.

    Args:
        run: The run as last seen.
        number: The attempt.
        now: Replaces a time that Kubernetes does not give.
        gone: It was deleted.

    """
    meta = run.metadata
    return NestedRun(
        meta.name,
        number,
        meta.creation_timestamp or now,
        run_log(run),
        passed_of(run.spec),
        gone=gone or meta.deletion_timestamp is not None,
    )
