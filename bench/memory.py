"""
What objects cost the memory of a controller: a real process, beside the API server in memory.

    PYTHONPATH=tests:. python -m bench.memory [SHAPE[=COUNT] ...]

Of each shape a fresh controller finds so many objects when it starts, as after a restart. What is
told is its memory when all turns are over, and the most that it had until then, both above those of
a controller that finds nothing. The server is another process.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import uvloop
from aiohttp import ClientError, ClientSession, web

from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import JOBS, PODS, SERVICE_ACCOUNTS, Resource
from support.api_http import answering, serving
from support.api_server import ApiServer

Object = dict[str, Any]
Made = Iterator[tuple[Resource, Object]]
STAMP: Final = "2030-01-01T12:00:00Z"
QUIET: Final = 4
"""So many looks, a second apart, must find nothing to do and no more memory."""
LEFT: Final = "/bench/left"
ROOT: Final = Path(__file__).parents[1]


def meta(name: str, **more: Any) -> Object:
    """Return metadata as an API server gives it."""
    base = {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1}
    return {**base, "creationTimestamp": STAMP, **more}


def owner(kind: str, name: str) -> list[Object]:
    """Return the owner of an object."""
    return [{"kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}]


def ended(**more: Any) -> Object:
    """Return a status as Headrace writes it at the end."""
    kinds = ("Succeeded", "Ready", "Reconciling", "Stalled")
    conditions = [
        {"type": kind, "status": "True", "reason": "Succeeded", "message": "",
         "lastTransitionTime": STAMP, "observedGeneration": 1}
        for kind in kinds
    ]  # fmt: skip
    times = {"startTime": STAMP, "completionTime": STAMP, "duration": "0s"}
    return {"conditions": conditions, "observedGeneration": 1, **times, **more}


def nothing(_count: int) -> Made:
    """Yield nothing."""
    return iter(())


def large_task_runs(count: int) -> Made:
    """Yield TaskRuns of 1.4 MB that are refused at once: their ServiceAccount is closed to them."""
    yield SERVICE_ACCOUNTS, {"metadata": meta("dev")}
    for number in range(count):
        spec = {"image": "busybox", "serviceAccountName": "dev", "args": ["x" * 32700] * 43}
        yield TASK_RUNS, {"metadata": meta(f"big-{number}"), "spec": spec, "status": {}}


def small_task_runs(count: int) -> Made:
    """Yield TaskRuns of 2 KB that are refused at once, of the values that take most memory."""
    yield SERVICE_ACCOUNTS, {"metadata": meta("dev")}
    for number in range(count):
        args = [f"{value:02x}" for value in range(256)] + ["aa"] * 100
        spec = {"image": "busybox", "serviceAccountName": "dev", "args": args}
        yield TASK_RUNS, {"metadata": meta(f"small-{number}"), "spec": spec, "status": {}}


def annotated_pods(count: int) -> Made:
    """Yield pods with our labels and annotations of 256 KB, which is all that the API takes."""
    labels = {"app.kubernetes.io/managed-by": "headrace", "headrace.dev/run": "r",
              "headrace.dev/task": "t"}  # fmt: skip
    for number in range(count):
        told = meta(f"p-{number}", labels=labels, annotations={"note": "x" * 260_000})
        yield PODS, {"metadata": told, "spec": {}, "status": {"phase": "Succeeded"}}


def large_workflows(count: int) -> Made:
    """Yield suspended workflows of 1.2 MB, each with a definition of its own."""
    for number in range(count):
        tasks = [
            {"name": f"t{n}", "image": f"busybox:{number}", "command": ["a"] * 140}
            for n in range(2000)
        ]
        spec = {"suspend": True, "tasks": tasks}
        yield WORKFLOWS, {"metadata": meta(f"w-{number}"), "spec": spec, "status": {}}


def small_tasks(count: int) -> Made:
    """Yield tasks of ended runs, each with its Job and its pod, and a run for each hundred."""
    for number in range(count):
        run, task = f"run-{number // 100}", f"t{number % 100}"
        if number % 100 == 0:
            spec = {"workflow": "w", "trigger": "Schedule", "logicalTime": STAMP}
            status = ended(tasks={"total": 100, "succeeded": 100}, started="0-99", revision="w-1")
            yield WORKFLOW_RUNS, {"metadata": meta(run), "spec": spec, "status": status}
        yield from _task(run, task)


def _task(run: str, task: str) -> Made:
    name, job = f"{run}.{task}", f"{run}-{task}-x"
    labels = {"app.kubernetes.io/managed-by": "headrace", "headrace.dev/workflow": "w",
              "headrace.dev/run": run, "headrace.dev/task": task,
              "headrace.dev/attempt": "1"}  # fmt: skip
    attempt = {"number": 1, "jobName": job, "podName": f"{job}-p", "nodeName": "node-1",
               "createdTime": STAMP, "startTime": STAMP, "finishTime": STAMP,
               "exitCode": 0, "reason": "Succeeded"}  # fmt: skip
    status = ended(outcome="Succeeded", attemptCount=1, attempts=[attempt])
    told = meta(name, labels=labels, ownerReferences=owner("WorkflowRun", run))
    spec = {"run": run, "task": task, "image": "busybox", "command": ["true"]}
    yield TASK_RUNS, {"metadata": told, "spec": spec, "status": status}
    done = {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": STAMP}]}
    told = meta(job, labels=labels, ownerReferences=owner("TaskRun", name))
    yield JOBS, {"metadata": told, "spec": {}, "status": done}
    state = {"terminated": {"exitCode": 0, "startedAt": STAMP, "finishedAt": STAMP}}
    shown = {"phase": "Succeeded", "containerStatuses": [{"name": "main", "state": state}]}
    told = meta(f"{job}-p", labels=labels, ownerReferences=owner("Job", job))
    yield PODS, {"metadata": told, "spec": {"nodeName": "node-1"}, "status": shown}


SHAPES: Final[dict[str, tuple[int, Callable[[int], Made]]]] = {
    "nothing": (1, nothing),
    "large-taskruns": (150, large_task_runs),
    "small-taskruns": (2000, small_task_runs),
    "annotated-pods": (1000, annotated_pods),
    "large-workflows": (40, large_workflows),
    "small-tasks": (10_000, small_tasks),
}
"""How many objects, and which."""


def documents() -> dict[str, Any]:
    """Return what an API server says that it serves."""
    version = {"version": WORKFLOWS.version, "groupVersion": WORKFLOWS.api_version}
    group = {"name": WORKFLOWS.group, "versions": [version], "preferredVersion": version}
    verbs = ["get", "list", "watch", "patch"]
    kind = {"name": WORKFLOWS.plural, "kind": WORKFLOWS.kind, "singularName": "workflow",
            "namespaced": True, "verbs": verbs}  # fmt: skip
    space = {**kind, "name": "namespaces", "kind": "Namespace", "singularName": "namespace"}
    return {
        "/api": {"versions": ["v1"]},
        "/api/v1": {"resources": [space]},
        "/apis": {"groups": [group]},
        f"/apis/{WORKFLOWS.api_version}": {"resources": [kind]},
    }


def chosen(text: str) -> tuple[str, int]:
    """Return a shape and how many objects, as they were asked for."""
    shape, _, count = text.partition("=")
    return shape, int(count or SHAPES[shape][0])


async def serve(text: str) -> None:
    """Serve the API in memory with the objects of a shape; say where."""
    logging.disable()  # It would tell at length that a controller ends.
    server, discovery = ApiServer(), documents()
    answer = answering(server)
    shape, count = chosen(text)
    for resource, item in SHAPES[shape][1](count):
        kind = {"apiVersion": resource.api_version, "kind": resource.kind}
        server.storage.write(resource, {**kind, **item})

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path in discovery:
            return web.json_response(discovery[request.path])
        if request.path == LEFT:
            return web.json_response(left(server))
        return await answer(request)

    async with serving(handle) as url:
        print(url, flush=True)
        await asyncio.sleep(3600)


def left(server: ApiServer) -> int:
    """Return of how many objects nobody has said yet how they stand."""
    ours = (WORKFLOWS, WORKFLOW_RUNS, TASK_RUNS)
    items = (item for kind in ours for item in server.storage.all(kind))
    return sum(not item["status"].get("conditions") for item in items)


async def controller(url: str, folder: Path) -> tuple[int, int]:
    """Run a controller until it has nothing to do; return its memory then, and the most."""
    config = folder / "kubeconfig"
    named = [{"name": "it", "cluster": {"server": url}}]
    context = [{"name": "it", "context": {"cluster": "it", "user": "it"}}]
    user = [{"name": "it", "user": {"token": "none"}}]
    config.write_text(json.dumps({"clusters": named, "contexts": context, "users": user,
                                  "current-context": "it", "kind": "Config"}))  # fmt: skip
    port = _free_port()
    environ = {**os.environ, "KUBECONFIG": str(config), "PYTHONPATH": str(ROOT / "operator")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "headrace.controller", "--port", str(port)),
        *("--log-level", "error", "--qps", "1000", "--burst", "1000"),
        env=environ,
    )
    try:
        await _settled(process.pid, f"{url}{LEFT}", f"http://127.0.0.1:{port}/metrics")
        return _memory(process.pid, "VmRSS"), _memory(process.pid, "VmHWM")
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _settled(pid: int, undone: str, metrics: str) -> None:
    """Return when a controller leads, and for some seconds has had nothing to do."""
    quiet, before = 0, 0
    async with ClientSession() as session, asyncio.timeout(900):
        while quiet < QUIET:
            await asyncio.sleep(1)
            text = await _page(session, metrics)
            idle = "headrace_leading 1.0\n" in text and "headrace_queue_depth 0.0\n" in text
            idle = idle and await _page(session, undone) == "0"
            now = _memory(pid, "VmRSS")
            quiet = quiet + 1 if idle and now <= before * 1.01 else 0
            before = now


async def _page(session: ClientSession, url: str) -> str:
    """Return what is told at a place; nothing before it tells anything."""
    try:
        async with session.get(url) as answer:
            return await answer.text()
    except (ClientError, TimeoutError):
        return ""


def _memory(pid: int, field: str) -> int:
    """Return bytes, as the kernel counts them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def measure(texts: list[str]) -> None:
    """Measure the shapes, beside a controller that finds nothing."""
    empty: tuple[int, int] | None = None
    for text in dict.fromkeys(("nothing", *(texts or SHAPES))):
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.memory", "serve", text), stdout=asyncio.subprocess.PIPE
        )
        try:
            assert server.stdout is not None  # noqa: S101 - it is a pipe
            url = (await server.stdout.readline()).decode().strip()
            with tempfile.TemporaryDirectory() as folder:
                now, most = await controller(url, Path(folder))
        finally:
            server.terminate()
            await server.wait()
        empty = empty or (now, most)
        shape, count = chosen(text)
        each = (now - empty[0]) / count / 1024
        print(
            f"{count:6} {shape:16} {now / 2**20:5.0f} MiB, at most {most / 2**20:5.0f} MiB;"
            f" {each:7.1f} KiB for each",
            flush=True,
        )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    serving_one = arguments[:1] == ["serve"]
    uvloop.run(serve(arguments[1]) if serving_one else measure(arguments))
