"""
Instructions that a controller executes for a task: the same on a busy machine as on a quiet one.

    PYTHONPATH=tests:. python -m bench.counted [CHECKOUT ...] [keep=DIR]

Each CHECKOUT, or this one, runs a controller under valgrind, beside an API server in memory that
speaks HTTP without TLS. There a node runs no-ops as a real one does: it shows the same events of
the same size, eight times slower, since valgrind is slow. All controllers run at the same time,
so that what else the machine does is the same for all. `keep` leaves the files for
`callgrind_annotate` in DIR/0, DIR/1 and so on. Needs valgrind, and some ten minutes.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, Final

import uvloop
from aiohttp import ClientError, ClientSession, web

from bench.cluster import noop, workflow
from bench.memory import documents
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import JOBS, PODS, Resource
from support.api_hands import NAMESPACE, Hands
from support.api_http import answering, serving
from support.api_server import ApiServer
from support.api_storage import Change, Object

ROOT: Final = Path(__file__).parents[1]
WIDTH: Final = 40
SLOWER: Final = 8.0
START_SECONDS: Final = 900
FIELDS: Final[Mapping[str, object]] = {
    f"f:field{number}": {".": {}, "f:value": {}} for number in range(60)
}
FIRST: Final = ("PodScheduled",)
ALL: Final = (
    *("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"),
    *FIRST,
)


class Node:
    """Runs the Jobs of a server: eleven events a task, at the pace of one real node."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._hands = Hands(server)
        self._random = Random(7)  # noqa: S311 - a course of events
        self._tasks: set[asyncio.Task[None]] = set()
        self._next = 0.0
        server.storage.listeners.append(self._told)

    def _told(self, change: Change) -> None:
        if change.resource == JOBS and change.before is None:
            task = asyncio.get_running_loop().create_task(self._run(deepcopy(change.last)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, job: Object) -> None:
        await self._pause(0.05, 0.3)
        pod = self._pod(job)
        self._write(JOBS, job, active=1, startTime=ApiServer.now())
        self._server.storage.write(PODS, pod)
        await self._pause(0.02, 0.1)
        pod["spec"]["nodeName"] = "one"
        self._server.storage.write(PODS, pod)
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now + 0.3 * SLOWER) + self._random.uniform(0.1, 0.3) * SLOWER
        self._show(pod, "Pending", {"waiting": {"reason": "ContainerCreating"}})
        await asyncio.sleep(self._next - now)
        began = ApiServer.now()
        self._show(pod, "Running", {"running": {"startedAt": began}})
        await self._pause(0.3, 0.6)
        times = {"startedAt": began, "finishedAt": ApiServer.now()}
        ended = {"terminated": {"exitCode": 0, "reason": "Completed", **times}}
        self._show(pod, "Running", ended)
        await self._pause(0.9, 1.2)
        self._show(pod, "Succeeded", ended)
        await self._pause(0.05, 0.2)
        self._write(JOBS, job, active=0, uncountedTerminatedPods={"succeeded": ["one"]})
        pod["metadata"]["finalizers"] = []
        self._server.storage.write(PODS, pod)
        await self._pause(0.05, 0.2)
        self._write(JOBS, job, succeeded=1, conditions=_conditions(("Complete",)))

    def _pod(self, job: Object) -> Object:
        meta, template = job["metadata"], job["spec"]["template"]
        owner = {"kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
        own = {
            "name": f"{meta['name']}-{self._random.randrange(16**5):05x}",
            "namespace": NAMESPACE,
            "uid": f"pod-of-{meta['uid']}",
            "creationTimestamp": ApiServer.now(),
            "labels": {**template["metadata"]["labels"], "batch.kubernetes.io/job-name": "a"},
            "ownerReferences": [owner],
            "finalizers": ["batch.kubernetes.io/job-tracking"],
            "managedFields": [{"manager": "kubelet", "fieldsV1": FIELDS}],
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": own, "status": {"phase": "Pending"},
                "spec": deepcopy(template["spec"])}  # fmt: skip

    def _show(self, pod: Object, phase: str, state: Object) -> None:
        container = {"name": "main", "image": "busybox:1.37", "state": state, "restartCount": 0}
        conditions = _conditions(FIRST if phase == "Pending" else ALL)
        pod["status"] = {
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": [container],
        }
        self._server.storage.write(PODS, pod)

    def _write(self, resource: Resource, item: Object, **status: Any) -> None:
        self._hands.status(resource, item, lambda now: now.update(status))

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self._random.uniform(least, most) * SLOWER)


def _conditions(kinds: tuple[str, ...]) -> list[Object]:
    now = ApiServer.now()
    return [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in kinds]


class Controller:
    """A controller of a checkout under valgrind, and its own server."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self._checkout, self._folder = checkout, folder
        self._port = _free_port()
        self._server = ApiServer()
        self._node = Node(self._server)
        self._hands = Hands(self._server)
        self._process: asyncio.subprocess.Process

    async def start(self, stack: AsyncExitStack) -> None:
        """Start both, and wait until the controller leads."""
        answer, discovery = answering(self._server), documents()

        async def handle(request: web.Request) -> web.StreamResponse:
            if request.path in discovery:
                return web.json_response(discovery[request.path])
            return await answer(request)

        url = await stack.enter_async_context(serving(handle))
        environ = {**os.environ, "KUBECONFIG": str(self._kubeconfig(url)),
                   "PYTHONPATH": str(self._checkout / "operator")}  # fmt: skip
        self._process = await asyncio.create_subprocess_exec(
            *("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"),
            f"--callgrind-out-file={self._folder}/out.%p",
            *(sys.executable, "-m", "headrace.controller", "--port", str(self._port)),
            *("--namespace", NAMESPACE, "--lease-namespace", NAMESPACE, "--log-level", "error"),
            env=environ,
        )
        stack.push_async_callback(self._end)
        async with asyncio.timeout(START_SECONDS):
            while "headrace_leading 1.0\n" not in await self._metrics():  # noqa: ASYNC110 - another process
                await asyncio.sleep(1)

    async def run(self, name: str) -> None:
        """Run many no-ops at once."""
        body = workflow(name, [noop(f"t{number}") for number in range(WIDTH)])
        self._hands.create(WORKFLOWS, body)
        while not self._ended(f"{name}-once"):  # noqa: ASYNC110 - by another process
            await asyncio.sleep(0.5)
        await asyncio.sleep(SLOWER)

    def control(self, *words: str) -> None:
        """Tell valgrind what to count."""
        command = ("callgrind_control", *words, str(self._process.pid))
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words

    def counted(self) -> int:
        """Return the instructions that were counted."""
        lines = (line for file in self._folder.iterdir() if file.name.startswith("out.")
                 for line in file.read_text().splitlines())  # fmt: skip
        return sum(int(line.split()[1]) for line in lines if line.startswith("totals:"))

    def _ended(self, run: str) -> bool:
        found = self._hands.find(WORKFLOW_RUNS, run)
        return found is not None and "completionTime" in found["status"]

    async def _metrics(self) -> str:
        try:
            async with (
                ClientSession() as session,
                session.get(f"http://127.0.0.1:{self._port}/metrics") as answer,
            ):
                return await answer.text()
        except (ClientError, TimeoutError):
            return ""

    def _kubeconfig(self, url: str) -> Path:
        file = self._folder / "kubeconfig"
        cluster = [{"name": "it", "cluster": {"server": url}}]
        context = [{"name": "it", "context": {"cluster": "it", "user": "it"}}]
        user = [{"name": "it", "user": {"token": "none"}}]
        file.write_text(json.dumps({"clusters": cluster, "contexts": context, "users": user,
                                    "current-context": "it", "kind": "Config"}))  # fmt: skip
        return file

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()


async def measure(checkouts: list[Path], kept: str | None) -> Mapping[Path, float]:
    """Return the instructions of a task, by checkout."""
    async with AsyncExitStack() as stack:
        folder = Path(kept or stack.enter_context(tempfile.TemporaryDirectory()))
        controllers = {}
        for number, checkout in enumerate(checkouts):
            (folder / str(number)).mkdir(parents=True)
            controllers[checkout] = Controller(checkout, folder / str(number))
        every = controllers.values()
        await asyncio.gather(*(each.start(stack) for each in every))
        await asyncio.gather(*(each.run("first") for each in every))
        for each in every:
            each.control("--instr=on")
        await asyncio.gather(*(each.run("second") for each in every))
        for each in every:
            each.control("--instr=off")
            each.control("--dump")
        return {checkout: each.counted() / WIDTH for checkout, each in controllers.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(words: list[str]) -> None:
    """Measure all, and tell the figures side by side."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The controllers end all the same.
    given = dict(word.split("=", 1) for word in words if "=" in word)
    checkouts = [Path(word).resolve() for word in words if "=" not in word] or [ROOT]
    found = uvloop.run(measure(checkouts, given.get("keep")))
    for checkout, count in found.items():
        ratio = count / found[checkouts[0]]
        print(f"{checkout}: {count / 1e6:.1f} M instructions a task   ratio {ratio:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
