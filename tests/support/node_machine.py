"""
What runs Jobs for the API server in memory: Job controller, scheduler and kubelet in one.

Each Job gets one pod, whose program takes as long and ends as a script says. The pod tells its end
first, the Job afterwards. Time is the event loop's.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from headrace.api.v1alpha1 import labels
from headrace.kube.resources import JOBS, PODS, Resource
from support.api_server import EPOCH, ApiServer
from support.api_storage import Object
from support.virtual_time import now

STEP: Final = 0.3  # Seconds that the cluster needs for each of its own steps.


@dataclass(frozen=True)
class Program:
    """What each attempt of a task does: how long it runs, and its exit codes in turn."""

    seconds: float
    codes: tuple[int, ...]

    def code(self, number: int) -> int:
        """Return the exit code of an attempt."""
        return self.codes[min(number, len(self.codes)) - 1]


class NodeMachine:
    """Makes and runs the pods of all Jobs."""

    def __init__(self, server: ApiServer, programs: Mapping[str, Program]) -> None:
        self._server = server
        self._programs = programs
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.jobs: Counter[tuple[str, str]] = Counter()
        """How many Jobs there were of each task and attempt."""
        self.running: set[str] = set()
        self.overlaps: list[str] = []
        """Tasks of which two programs ran at once."""

    async def serve(self) -> None:
        """Run whatever Jobs there are, until cancelled."""
        storage = self._server.storage
        try:
            while True:
                for job in storage.all(JOBS):
                    uid = job["metadata"]["uid"]
                    if uid not in self._tasks:
                        self._tasks[uid] = asyncio.create_task(self._run(job))
                await storage.news()
        finally:
            for each in self._tasks.values():
                each.cancel()

    async def _run(self, job: Object) -> None:
        own = job["metadata"]["labels"]
        task, number = own[labels.TASK], int(own[labels.ATTEMPT])
        self.jobs[task, own[labels.ATTEMPT]] += 1
        program = self._programs[task]
        await asyncio.sleep(STEP)
        name = self._make_pod(job)
        await asyncio.sleep(STEP)
        began = _time()
        if task in self.running:
            self.overlaps.append(task)
        self.running.add(task)
        try:
            self._pod(name, "Running", {"running": {"startedAt": began}})
            await asyncio.sleep(program.seconds)
        finally:
            self.running.discard(task)
        code = program.code(number)
        self._pod(name, "Failed" if code else "Succeeded", _end(code, number, began))
        await asyncio.sleep(STEP)
        word = "Failed" if code else "Complete"
        condition = {"type": word, "status": "True", "lastTransitionTime": _time()}
        self._status(JOBS, job["metadata"]["name"], {"conditions": [condition]})

    def _make_pod(self, job: Object) -> str:
        meta = job["metadata"]
        owner = {"kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
        name = f"{meta['name']}-0"
        own = {
            "name": name,
            "namespace": "default",
            "uid": f"pod-{meta['uid']}",
            "creationTimestamp": _time(),
            "labels": job["spec"]["template"]["metadata"]["labels"],
            "ownerReferences": [owner],
        }
        body = {"metadata": own, "spec": {"nodeName": "n"}, "status": {"phase": "Pending"}}
        self._server.storage.write(PODS, body)
        return name

    def _pod(self, name: str, phase: str, state: dict[str, Any]) -> None:
        containers = [{"name": "main", "state": state}]
        self._status(PODS, name, {"phase": phase, "containerStatuses": containers})

    def _status(self, resource: Resource, name: str, status: dict[str, Any]) -> None:
        """Write a status, unless the object is gone."""
        item = self._server.storage.find(resource, ("default", name))
        if item is not None:
            self._server.storage.write(resource, {**deepcopy(item), "status": status})


def outputs(number: int) -> dict[str, int]:
    """Return what an attempt that succeeds says."""
    return {"attempt": number}


def _end(code: int, number: int, began: str) -> dict[str, Any]:
    words = {"reason": "Error"} if code else {"message": json.dumps(outputs(number))}
    return {"terminated": {"exitCode": code, "startedAt": began, "finishedAt": _time(), **words}}


def _time() -> str:
    return (EPOCH + timedelta(seconds=int(now()))).strftime("%Y-%m-%dT%H:%M:%SZ")
