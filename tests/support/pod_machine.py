"""
What runs pods for the API server in memory: scheduler, kubelets and the garbage collector of pods.

A pod runs one program, which takes as long and ends as a script says. Knows no Job.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from headrace.api.v1alpha1 import labels
from headrace.kube.resources import PODS
from support.api_hands import Hands, condition
from support.api_server import ApiServer
from support.api_storage import Object
from support.pods_by_hand import index_of

KUBELET: Final = "test/kubelet"
"""The finalizer that stands for the grace period: a pod that is deleted stays until its end."""
KILLED: Final = 143
GRACES: Final = (0.0, 0.5, 2.0, 8.0)
"""How many seconds a program may take to end when it is asked to."""
ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Program:
    """What each attempt of a task does: how long it runs, and its exit codes in turn."""

    seconds: float
    codes: tuple[int, ...]

    def code(self, number: int) -> int:
        """Return the exit code of an attempt; of items, the first one ends so, all others well."""
        return self.codes[min(number, len(self.codes)) - 1]


@dataclass
class Process:
    """A pod on its node."""

    pod: Object
    node: str
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its program is to end."""
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its node is lost, and all that runs on it."""
    evicted: bool = False
    """Whether the kubelet itself wants its end."""

    @property
    def uid(self) -> str:
        """The pod's uid."""
        return str(self.pod["metadata"]["uid"])

    @property
    def attempt(self) -> tuple[str, int]:
        """Task and number."""
        own = self.pod["metadata"]["labels"]
        return own[labels.TASK], int(own[labels.ATTEMPT])


class PodMachine:
    """Runs all pods."""

    def __init__(
        self,
        hands: Hands,
        programs: Mapping[str, Program],
        random: Random,
        began: Callable[[Object], None],
        ended: Callable[[Object, int | None], None],
    ) -> None:
        """`began` and `ended` are told of each program; without code it went with its node."""
        self._hands = hands
        self._programs = programs
        self._random = random
        self._began = began
        self._ended = ended
        self.processes: dict[str, Process] = {}
        self.taken: set[str] = set()
        """The uids of the pods that the cluster deleted."""

    def changed(self, pod: Object) -> None:
        """Note what became of a pod."""
        process = self.processes.get(pod["metadata"]["uid"])
        if process is not None and "deletionTimestamp" in pod["metadata"]:
            process.asked.set()

    async def pause(self, most: float = 0.6) -> None:
        """Let the time pass that the cluster needs for a step."""
        await asyncio.sleep(self._random.uniform(0.05, most))

    async def run(self, pod: Object) -> None:
        """Run a pod to its end."""
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        process = Process(pod, self._random.choice(("n1", "n2", "n3")))
        self.processes[uid] = process
        self._hands.patch(PODS, name, spec={"nodeName": process.node})
        await self.pause()
        code: int | None = None
        if not process.asked.is_set() and not process.lost.is_set():
            code = await self._program(process)
        if process.lost.is_set():
            return
        await self.pause(0.3)
        if process.lost.is_set():
            return
        self._end(process, code)
        await self.pause()
        self._hands.release(PODS, pod, KUBELET)

    def evict(self, uid: str) -> None:
        """Let the kubelet end a pod, since its node is short of memory."""
        process = self.processes[uid]
        process.evicted = True
        process.asked.set()

    def disrupt(self, uid: str, reason: str) -> None:
        """Delete a pod for a reason of the cluster's: an eviction or a preemption."""
        pod = self.processes[uid].pod
        self.taken.add(uid)
        self._write(pod, lambda to: condition(to, "DisruptionTarget", reason))
        self._hands.delete(PODS, pod["metadata"]["name"])

    async def lose(self, node: str) -> None:
        """Let a node lose its power; what was on it is deleted when that is noticed."""
        there = [each for each in self.processes.values() if each.node == node]
        for each in there:
            each.lost.set()
        await self.pause(20)
        for each in there:
            if not self._is_over(each):
                self.disrupt(each.uid, "DeletionByTaintManager")
        await self.pause(10)
        for each in there:
            if not self._is_over(each):
                self._write(each.pod, _collected)
            self.taken.add(each.uid)
            self._hands.delete(PODS, each.pod["metadata"]["name"])
            self._hands.release(PODS, each.pod, KUBELET)
            self.processes.pop(each.uid, None)

    def _is_over(self, process: Process) -> bool:
        meta = process.pod["metadata"]
        pod = self._hands.find(PODS, meta["name"], meta["uid"])
        return pod is None or pod["status"].get("phase") in ENDED

    async def _program(self, process: Process) -> int | None:
        """Run a program; return its exit code, or None if its node is lost."""
        task, number = process.attempt
        program, began = self._programs[task], ApiServer.now()
        self._began(process.pod)
        code: int | None = None
        try:
            self._write(process.pod, _container("Running", {"running": {"startedAt": began}}))
            code = await self._way_to_the_end(process, program, number)
        finally:
            self._ended(process.pod, code)
        if code is not None:
            self._write(process.pod, _container("Running", _end(code, number, began)))
        return code

    async def _way_to_the_end(self, process: Process, program: Program, number: int) -> int | None:
        if not await _within(program.seconds, process.asked, process.lost):
            return 0 if index_of(process.pod) else program.code(number)
        if process.lost.is_set() or await _within(self._random.choice(GRACES), process.lost):
            return None
        return KILLED

    def _end(self, process: Process, code: int | None) -> None:
        """Say of a pod that it is over."""

        def change(status: Object) -> None:
            status["phase"] = "Succeeded" if code == 0 else "Failed"
            if process.evicted and code != 0:
                status["reason"] = "Evicted"
                condition(status, "DisruptionTarget", "TerminationByKubelet")

        self._write(process.pod, change)

    def _write(self, pod: Object, change: Callable[[Object], None]) -> None:
        self._hands.status(PODS, pod, change)


async def _within(seconds: float, *events: asyncio.Event) -> bool:
    """Tell whether one of these events comes in so many seconds."""
    waits = [asyncio.create_task(each.wait()) for each in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    return bool(done)


def outputs(number: int) -> dict[str, int]:
    """Return what an attempt that succeeds says."""
    return {"attempt": number}


def _collected(status: Object) -> None:
    status["phase"] = "Failed"
    condition(status, "DisruptionTarget", "DeletionByPodGC")


def _container(phase: str, state: Object) -> Callable[[Object], None]:
    def change(status: dict[str, Any]) -> None:
        status["phase"] = phase
        status["containerStatuses"] = [{"name": "main", "state": state}]

    return change


def _end(code: int, number: int, began: str) -> Object:
    words = {"reason": "Error"} if code else {"message": json.dumps(outputs(number))}
    return {
        "terminated": {"exitCode": code, "startedAt": began, "finishedAt": ApiServer.now(), **words}
    }
