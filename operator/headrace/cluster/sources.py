"""
The earlier run of a rerun, with the logs of its tasks.

A cache may be behind: before an object counts as missing, or as unfinished, the API server is
asked. Decides nothing.
"""

from collections.abc import Iterable
from dataclasses import replace

from headrace.api.reading.parse import parse_run
from headrace.cluster.caches import Caches
from headrace.cluster.compiler import UnusableError
from headrace.cluster.definitions import Definitions
from headrace.cluster.gather import Gatherer
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.cluster.run_log import run_log
from headrace.cluster.specs import Specs
from headrace.engine import ranges
from headrace.engine.run.inheritance import open_tasks
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.engine.task.observed import ObservedTask
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import workflow_of


class Sources:
    """Reads the runs that others repeat."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        definitions: Definitions,
        gatherer: Gatherer,
        specs: Specs,
    ) -> None:
        """Read these; ask the client if they cannot be sure."""
        self._caches = caches
        self._client = client
        self._definitions = definitions
        self._gatherer = gatherer
        self._specs = specs

    async def of(self, run: ObservedRun, name: str) -> ObservedRun | None:
        """
        Return the run that a run repeats; None: it is gone, or being deleted.

        Args:
            run: The rerun.
            name: The name of the earlier run.

        """
        key = RunKey(run.key.namespace, name)
        item = await self._run(key)
        if item is None or item.metadata.deletion_timestamp is not None:
            return None
        source = await self._with_spec(key, item)
        if source.log.finished is None:
            return source
        tasks = await self._tasks(source, _asked(run, source))
        return replace(source, tasks=tasks)

    async def _run(self, key: RunKey) -> OwnObject | None:
        """Return a run that has ended, or what the API server has now."""
        known = self._caches.runs.get(key.namespace, key.name)
        if known is not None and run_log(known).finished is not None:
            return known
        try:
            found = await self._client.get(Ref(WORKFLOW_RUNS, key.namespace, key.name), OwnObject)
        except ApiError as error:
            if not not_found(error):
                raise
            return None
        self._caches.runs.put(found)
        return found

    async def _with_spec(self, key: RunKey, item: OwnObject) -> ObservedRun:
        meta, log = item.metadata, run_log(item)
        assert meta.creation_timestamp is not None  # noqa: S101 - the API server sets it
        run = ObservedRun(
            *(key, meta.uid, meta.creation_timestamp, None),
            workflow=workflow_of(item.spec) or "",
            log=log,
        )
        spec = await self._specs.of(WORKFLOW_RUNS, item, parse_run)
        if isinstance(spec, str):
            return run
        definition = None
        if log.revision is not None:
            try:
                definition = await self._definitions.read(key.namespace, log.revision)
            except UnusableError:
                definition = None
        return replace(
            run,
            definition=definition,
            given={param.name: param.value for param in spec.params},
            logical_time=spec.logical_time,
            interval=spec.interval,
            rerun=spec.rerun_of,
        )

    async def _tasks(self, source: ObservedRun, asked: Iterable[str]) -> dict[str, ObservedTask]:
        """Return the tasks of an earlier run; those that are asked for are surely up to date."""
        known = self._gatherer.recorded(source.key, source.uid)
        doubtful = [name for name in asked if name not in known or known[name].log.outcome is None]
        if doubtful:
            await self._gatherer.surely_without(source.key, doubtful)
            known = self._gatherer.recorded(source.key, source.uid)
        return known


def _asked(run: ObservedRun, source: ObservedRun) -> list[str]:
    """Return the tasks whose logs matter: all at first, then those that are not taken over yet."""
    if run.log.inheritance is not None and run.definition is not None:
        return list(open_tasks(run, run.definition))
    names = source.definition.names if source.definition is not None else ()
    return [names[n] for n in ranges.read(source.log.positions) if n < len(names)]
