"""
What runs Jobs for the API server in memory: Job controller, scheduler and kubelets together.

Time is the event loop's; how long each step takes is drawn.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any

from headrace.kube.resources import JOBS, PODS
from support.api_hands import Hands
from support.api_server import ApiServer
from support.api_storage import Change, Object
from support.job_machine import JobMachine
from support.pod_machine import PodMachine, Program


class NodeMachine:
    """Runs whatever Jobs there are."""

    def __init__(
        self,
        server: ApiServer,
        programs: Mapping[str, Program],
        random: Random,
        began: Callable[[Object], None],
        ended: Callable[[Object, int | None], None],
    ) -> None:
        self._hands = Hands(server)
        self._jobs = JobMachine(self._hands, random)
        self.pods = PodMachine(self._hands, programs, random, began, ended)
        self._wakes: dict[str, asyncio.Event] = {}  # By the uid of a Job, and of its pods.
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = server
        server.storage.listeners.append(self._told)

    async def close(self) -> None:
        """End everything."""
        self._server.storage.listeners.remove(self._told)
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside all else; a failure in it ends the test."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def check(self) -> None:
        """Fail if a part of the machine did."""
        for each in self._tasks:
            if each.done() and not each.cancelled():
                each.result()

    def _over(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)

    def _told(self, change: Change) -> None:
        item = change.last
        uid = item["metadata"]["uid"]
        if change.resource == JOBS:
            if change.before is None:
                self._wakes[uid] = asyncio.Event()
                self.start(self._control(item["metadata"]["name"], uid))
            self._wakes[uid].set()
        elif change.resource == PODS:
            if change.before is None:
                owner = item["metadata"]["ownerReferences"][0]["uid"]
                self._wakes[uid] = self._wakes[owner]
                self.start(self.pods.run(item))
            self.pods.changed(item)
            self._wakes[uid].set()

    async def _control(self, name: str, uid: str) -> None:
        """Look after a Job, each time a moment after something of it changed."""
        there = True
        while there:
            await self._wakes[uid].wait()
            await self.pods.pause()
            self._wakes[uid].clear()
            there = self._jobs.step(name, uid)
