"""
Gathers an ended run with all that belongs to it, from the API server.

Lists, never caches: a run is copied once, and its copy must be whole. Decides nothing.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

from headrace.api.v1alpha1.labels import RUN
from headrace.archive.ledger.kept import KeptLog, KeptRun
from headrace.archive.pod_logs import Limits, LogReader
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import CONTROLLER_REVISIONS, CORE_EVENTS, PODS, Ref, Scope
from headrace.views.objects import Object, entries, field, text


class Copier:
    """Copies runs."""

    def __init__(self, client: Client, logs: LogReader, limits: Limits) -> None:
        """Ask through these."""
        self._client = client
        self._logs = logs
        self._limits = limits

    async def copy(self, namespace: str, name: str, uid: str, caller_uid: str) -> KeptRun | None:
        """Return a run with its parts; None: it is gone."""
        run = await self._get(Ref(WORKFLOW_RUNS, namespace, name))
        if run is None or text(run, "metadata", "uid") != uid:
            return None
        theirs = [item async for item in self._listed(Scope(TASK_RUNS, namespace, _of(name)))]
        tasks = [_named(item, TASK_RUNS.kind) for item in theirs if _owner(item) == uid]
        pods = [item async for item in self._listed(Scope(PODS, namespace, _of(name)))]
        parts = set(_parts(tasks))
        own = [pod for pod in pods if text(pod, "metadata", "name") in parts or _owner(pod)]
        return KeptRun(
            run=_named(run, WORKFLOW_RUNS.kind),
            tasks=tasks,
            definition=await self._definition(namespace, text(run, "status", "revision")),
            events=[event async for event in self._events(namespace, uid, parts, own)],
            logs=[log async for log in self._logs_of(own)],
            caller_uid=caller_uid,
        )

    async def _definition(self, namespace: str, revision: str) -> Object | None:
        if not revision:
            return None
        kept = await self._get(Ref(CONTROLLER_REVISIONS, namespace, revision))
        spec: Object | None = field(kept, "data", "spec")
        return spec

    async def _events(
        self, namespace: str, uid: str, parts: set[str], pods: list[Object]
    ) -> AsyncIterator[Object]:
        """Yield the Events of the run, and the warnings on its Jobs and pods."""
        of_run = Scope(CORE_EVENTS, namespace, fields=f"involvedObject.uid={uid}")
        async for event in self._listed(of_run):
            yield event
        known = parts | {text(pod, "metadata", "name") for pod in pods}
        async for event in self._listed(Scope(CORE_EVENTS, namespace, fields="type=Warning")):
            about = text(event, "involvedObject", "name")
            if about in known and text(event, "involvedObject", "uid") != uid:
                yield event

    async def _logs_of(self, pods: list[Object]) -> AsyncIterator[KeptLog]:
        left = self._limits.run_bytes
        for pod in pods:
            log = await self._logs.read(pod, left)
            if log is not None:
                left -= log.size
                yield log

    async def _listed(self, scope: Scope) -> AsyncIterator[Object]:
        async with aclosing(self._client.pages(scope, dict[str, Any])) as pages:
            async for page in pages:
                for item in page.objects:
                    yield item

    async def _get(self, ref: Ref) -> Object | None:
        try:
            return await self._client.get(ref, dict[str, Any])
        except ApiError as error:
            if not_found(error):
                return None
            raise


def _of(run: str) -> str:
    return f"{RUN}={run}"


def _named(item: Object, kind: str) -> Object:
    """Return an object with its kind, which lists leave out."""
    return {**item, "kind": kind}


def _owner(item: Object) -> str:
    """Return the uid of the object that controls this one."""
    owners = entries(item, "metadata", "ownerReferences")
    return next((text(owner, "uid") for owner in owners if field(owner, "controller")), "")


def _parts(tasks: list[Object]) -> Iterator[str]:
    """Yield the names of the Jobs and pods of tasks, as far as their statuses show them."""
    for item in tasks:
        for attempt in entries(item, "status", "attempts"):
            yield from filter(None, (text(attempt, "jobName"), text(attempt, "podName")))
