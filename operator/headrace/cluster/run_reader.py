"""
The reader of runs for the engine, from WorkflowRuns and from TaskRuns on their own.

Gathers a run's own fields, its pinned definition and its siblings; its tasks come from `gather`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from headrace.api.reading.parse import parse_run, parse_task_run
from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunRevision
from headrace.api.v1alpha1.run import DesiredState, RunSpec
from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cluster.belonging import owner_uid, place_of
from headrace.cluster.caches import Caches
from headrace.cluster.compiler import UnusableError
from headrace.cluster.definitions import Definitions
from headrace.cluster.departures import Departures
from headrace.cluster.gather import Gatherer
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS
from headrace.cluster.run_log import run_log
from headrace.cluster.siblings import Siblings
from headrace.cluster.sources import Sources
from headrace.cluster.specs import Specs
from headrace.engine import ranges
from headrace.engine.archive import ArchiveTerms
from headrace.engine.definition.compile import Definition, params_alone, single_task
from headrace.engine.definition.params import InvalidParamsError, resolve
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.run.inheritance import needs_source
from headrace.engine.run.observed import ObservedRun, RunKey, RunKind, RunLog
from headrace.engine.task.observed import ObservedTask
from headrace.kube.client import Client
from headrace.manifests.kube import PLACE, OwnObject, WorkflowObject
from headrace.manifests.names import task_run_name

OVER = single_task("over", TaskBody())
"""The definition of an ended TaskRun on its own: its content does not matter."""


@dataclass(frozen=True, slots=True)
class PinnedDefinition:
    """The definition that is pinned for a run, or why it has none."""

    definition: Definition | None = None
    revision: str | None = None
    refusal: tuple[Reason, str] | None = None
    hindrance: tuple[Reason, str] | None = None


class RunReader:
    """Reads runs out of the caches."""

    def __init__(  # noqa: PLR0913 - each knows a part of a run
        self,
        caches: Caches,
        definitions: Definitions,
        gatherer: Gatherer,
        departures: Departures,
        specs: Specs,
        *,
        siblings: Siblings,
        sources: Sources,
        clock: Callable[[], datetime],
        archive: ArchiveTerms | None,
    ) -> None:
        """Read these; `clock` is the wall clock, `archive` says how long runs wait for it."""
        self._caches = caches
        self._definitions = definitions
        self._gatherer = gatherer
        self._departures = departures
        self._siblings = siblings
        self._sources = sources
        self._clock = clock
        self._archive = archive
        self._specs = specs

    async def read(self, key: RunKey) -> ObservedRun | None:
        """Return the observed run, or None if it is gone or being deleted."""
        store = self._caches.runs if key.kind is RunKind.WORKFLOW_RUN else self._caches.task_runs
        item = store.get(key.namespace, key.name)
        if item is None or item.metadata.deletion_timestamp is not None:
            return None
        if key.kind is RunKind.TASK_RUN:
            return await self._alone(key, item)
        return await self._run(key, item)

    async def _run(self, key: RunKey, item: OwnObject) -> ObservedRun:
        meta = item.metadata
        bare = ObservedRun(
            key=key,
            uid=meta.uid,
            created=meta.creation_timestamp or self._clock(),
            definition=None,
            generation=meta.generation,
            archive=self._archive,
            archived=labels.ARCHIVED in meta.annotations,
            log=run_log(item),
        )
        spec = await self._specs.of(WORKFLOW_RUNS, item, parse_run)
        if isinstance(spec, str):
            return await self._with_tasks(replace(bare, refusal=(Reason.INVALID_DEFINITION, spec)))
        earlier, source = spec.rerun_of, None
        if earlier is not None and needs_source(replace(bare, rerun=earlier)):
            source = await self._sources.of(bare, earlier.name)
        pinned = await self._pinned(bare, spec, source)
        run = replace(
            bare,
            rerun=earlier,
            source=source,
            definition=pinned.definition,
            workflow=spec.workflow,
            desired=spec.desired_state,
            given={param.name: param.value for param in spec.params},
            logical_time=spec.logical_time,
            interval=spec.interval,
            trigger=spec.trigger,
            priority=spec.priority,
            cache=spec.cache,
            passed=spec.caller_state or DesiredState.RUN,
            callers=self._caches.lineage.workflows(item),
            refusal=pinned.refusal,
            hindrance=pinned.hindrance,
            log=replace(bare.log, revision=pinned.revision),
        )
        run = await self._with_tasks(await self._siblings.beside(run))
        if earlier is not None and source is None and needs_source(run):
            run = replace(run, source=await self._sources.of(run, earlier.name))
        return run

    async def _with_tasks(self, run: ObservedRun) -> ObservedRun:
        """Add the tasks, also to a run that cannot go on: its attempts must end."""
        gatherer = self._gatherer
        tasks = await gatherer.tasks(run.key, run.uid)
        deleted = gatherer.deleted(run.key, run.uid)
        missing = _missing(run, tasks.keys() | deleted)
        if missing and run.log.finished is None:
            await gatherer.surely_without(run.key, missing)
            tasks = await gatherer.tasks(run.key, run.uid)
        deleted -= tasks.keys()
        gone = deleted.union(missing) - tasks.keys()
        if gone and run.log.finished is None:
            run = replace(run, departing=await self._departures.of(run.key, run.uid, gone))
        return replace(run, tasks=tasks, deleted=deleted)

    async def _pinned(
        self, run: ObservedRun, spec: RunSpec, source: ObservedRun | None
    ) -> PinnedDefinition:
        """
        Find the definition: the pinned revision of a run, or the current workflow.

        A run that has begun keeps its revision. A waiting run follows each change of its workflow.
        It names the revision too, in case the workflow is deleted or broken before its turn. A
        rerun has the revision of the run that it repeats, unless it asks for the latest.
        """
        log, namespace = run.log, run.key.namespace
        # A status that cannot be read does not show it, but TaskRuns do.
        task_runs = self._caches.task_runs.by_index(run.key)
        begun = log.begun or any(owner_uid(item.metadata) == run.uid for item in task_runs)
        fixed = log.revision if begun or log.finished is not None else None
        if fixed is None and spec.rerun_of and spec.rerun_of.revision is RerunRevision.PINNED:
            if source is None:
                return PinnedDefinition(revision=log.revision)
            fixed = source.log.revision
        try:
            if fixed is not None:
                return await self._kept(namespace, fixed)
            workflow = await self._definitions.workflow(namespace, spec.workflow)
            if workflow is not None:
                return await self._current(namespace, workflow, log.revision)
            if log.revision is not None:
                return await self._kept(namespace, log.revision)
            return PinnedDefinition(hindrance=_without_workflow(spec.workflow))
        except UnusableError as error:
            return _unusable(error)

    async def _current(
        self, namespace: str, workflow: WorkflowObject, before: str | None
    ) -> PinnedDefinition:
        """Pin the current workflow; if it cannot run, pin the previous revision."""
        try:
            revision = await self._definitions.freeze(workflow)
        except UnusableError:
            if before is None:
                raise
            return await self._kept(namespace, before)
        return PinnedDefinition(await self._definitions.read(namespace, revision), revision)

    async def _kept(self, namespace: str, revision: str) -> PinnedDefinition:
        """Return the definition of a revision, or the refusal of a run that has lost its own."""
        definition = await self._definitions.read(namespace, revision)
        if definition is not None:
            return PinnedDefinition(definition, revision)
        lost = f"ControllerRevision {revision!r} was deleted; start a new run"
        return PinnedDefinition(revision=revision, refusal=(Reason.REVISION_NOT_FOUND, lost))

    async def _alone(self, key: RunKey, item: OwnObject) -> ObservedRun | None:
        place = place_of(item)
        if place.key != key and self._caches.task_run(place) is item:
            return None  # Its label may claim this, but it belongs to a run, and is no run itself.
        meta = item.metadata
        seen = await self._gatherer.alone(key, item)
        log = seen.log
        run = ObservedRun(
            key=key,
            uid=meta.uid,
            created=meta.creation_timestamp or self._clock(),
            definition=None,
            generation=meta.generation,
            log=RunLog(
                started=meta.creation_timestamp,
                finished=log.finished if log.outcome else None,
                observed_generation=log.observed_generation,
            ),
        )
        if log.outcome is not None:
            return replace(run, definition=OVER, tasks={key.name: seen})
        if all(isinstance(item.spec.get(field), str) for field in PLACE):
            why = _not_of(item.spec["run"], item.spec["task"])
            return replace(run, refusal=(Reason.NOT_OF_THE_RUN, why))
        spec = await self._specs.of(TASK_RUNS, item, parse_task_run)
        if isinstance(spec, str):
            return replace(run, refusal=(Reason.INVALID_DEFINITION, spec))
        return _with_definition(run, spec, seen)


def run_reader(  # noqa: PLR0913, PLR0917 - each knows a part of a run
    caches: Caches,
    client: Client,
    definitions: Definitions,
    gatherer: Gatherer,
    specs: Specs,
    hooks: Hooks,
) -> RunReader:
    """Return the reader of runs over these."""
    return RunReader(
        *(caches, definitions, gatherer, Departures(caches, client), specs),
        siblings=Siblings(caches, client),
        sources=Sources(caches, client, definitions, gatherer, specs),
        clock=hooks.clock,
        archive=hooks.archive,
    )


def _with_definition(run: ObservedRun, spec: TaskRunSpec, seen: ObservedTask) -> ObservedRun:
    """Return a task on its own with its definition, or with what is wrong with it."""
    params = params_alone(spec.params)
    try:
        resolve(params, {})
        definition = single_task(run.key.name, spec, params)
    except InvalidParamsError as error:
        return replace(run, refusal=(Reason.INVALID_PARAMS, str(error)))
    except InvalidDefinitionError as error:
        return replace(run, refusal=(Reason.INVALID_DEFINITION, str(error)))
    return replace(run, definition=definition, tasks={run.key.name: seen})


def _missing(run: ObservedRun, known: Collection[str]) -> list[str]:
    """Return the started tasks that the caches do not know."""
    if run.definition is None:
        return []
    begun = ranges.read(run.log.positions)
    tasks = run.definition.tasks.values()
    return [task.name for task in tasks if task.position in begun and task.name not in known]


def _not_of(run: str, task: str) -> str:
    return (
        f"run {run!r} did not create this TaskRun, so nothing runs for it: the controller creates"
        f" the TaskRun of task {task!r}, with the name {task_run_name(run, task)!r} and the run as"
        " owner; delete this one; for a task on its own, leave out spec.run and spec.task"
    )


def _unusable(error: UnusableError) -> PinnedDefinition:
    """Return no definition: the run waits for a template, or never runs."""
    if error.awaited:
        return PinnedDefinition(hindrance=(Reason.TEMPLATE_NOT_READY, str(error)))
    return PinnedDefinition(refusal=(Reason.INVALID_DEFINITION, str(error)))


def _without_workflow(name: str) -> tuple[Reason, str]:
    message = f"there is no Workflow {name!r} here; create it, or correct spec.workflow"
    return Reason.WORKFLOW_NOT_FOUND, message
