"""
CPU of the plumbing beside the `kubernetes` package, in one run: creating Jobs, following events.

    PYTHONPATH=tests:. python -m bench.plumbing [creates] [events] [--kubeconfig FILE]

What is counted is the CPU time of this process only; the server is another process on loopback: the
API server in memory, or with --kubeconfig, for creates, a real one (Jobs are made suspended, in a
namespace that is deleted afterwards). Absolute times depend on the machine, the ratios do not much.
"""

# The kubernetes package has few type hints:
# mypy: disable-error-code="no-untyped-call"
import argparse
import asyncio
import gc
import logging
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from random import Random
from threading import Event as ThreadEvent
from typing import Any, Final

import kubernetes.aio.client as aio
import kubernetes.aio.watch
import kubernetes.client as sync
import uvloop
from aiohttp import ClientSession, web
from kubernetes import config, informer, watch

from headrace.kube.client import Client
from headrace.kube.credentials import Credentials, Login, Server, from_kubeconfig
from headrace.kube.informer import Informer
from headrace.kube.resources import JOBS, NAMESPACES, PODS, Ref, Scope
from headrace.kube.sender import Settings
from headrace.kube.store import Store
from headrace.kube.transport import HttpTransport
from headrace.manifests.kube import Job, Pod
from support.api_http import answering, serving
from support.api_server import ApiServer

CREATES: Final = 1000
EVENTS: Final = 5000
AT_ONCE: Final = 50
THREADS: Final = 16
Object = dict[str, Any]
Row = tuple[str, float]


def pod_template() -> Object:
    """Return a pod template as Headrace makes them, in size and kind."""
    env = [{"name": f"HEADRACE_{word}", "value": word.lower() * 3} for word in "ABCDEFGH"]
    limits = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}
    container = {
        "name": "main",
        "image": "docker.io/library/python:3.13-slim",
        "command": ["python", "-m", "warehouse.extract"],
        "env": env,
        "resources": limits,
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    return {"metadata": {"labels": labels(0)}, "spec": spec}


def labels(number: int) -> dict[str, str]:
    """Return the labels of an attempt."""
    return {
        "app.kubernetes.io/managed-by": "headrace",
        "headrace.dev/run": f"inventory-{number % 50}",
        "headrace.dev/task": f"extract-{number}",
    }


def job(namespace: str, prefix: str, number: int) -> Object:
    """Return a Job that starts no pod."""
    meta = {"name": f"{prefix}-{number}", "namespace": namespace, "labels": labels(number)}
    spec = {"suspend": True, "backoffLimit": 0, "template": pod_template()}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}


def pod(number: int) -> Object:
    """Return a Pod with a status and managed fields, about 5 KB, as an API server shows it."""
    fields: Object = {f"f:field{n}": {".": {}, "f:value": {}} for n in range(60)}
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": STAMP}}
    status = {
        "phase": "Succeeded",
        "conditions": [{"type": f"C{n}", "status": "True", "message": "x" * 60} for n in range(5)],
        "containerStatuses": [{"name": "main", "state": state, "ready": False, "image": "p",
                               "imageID": "sha256:" + "0" * 64, "restartCount": 0}],
    }  # fmt: skip
    meta = {
        "name": f"pod-{number}",
        "namespace": "default",
        "uid": str(uuid.UUID(int=number)),
        "creationTimestamp": STAMP,
        "labels": labels(number),
        "managedFields": [{"manager": "k", "operation": "Update", "fieldsV1": fields}],
    }
    template: Object = pod_template()
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta,
            "spec": template["spec"], "status": status}  # fmt: skip


STAMP: Final = "2030-01-01T12:00:00Z"


async def serve() -> None:
    """Serve the API in memory, and make pods when asked to; say where."""
    server = ApiServer()
    answer = answering(server)

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path != "/bench/pods":
            return await answer(request)
        for number in range(EVENTS):
            server.storage.write(PODS, pod(number))
        return web.Response()

    async with serving(handle) as url:
        print(url, flush=True)
        await asyncio.sleep(3600)


async def cpu(work: Callable[[], Awaitable[None]]) -> float:
    """Return the CPU seconds of this process while something is done."""
    gc.collect()
    began = time.process_time()
    await work()
    return time.process_time() - began


async def many(create: Callable[[int], Awaitable[Any]], count: int) -> None:
    """Create, so many at once."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with free:
            await create(number)

    await asyncio.gather(*(one(number) for number in range(count)))


def ours(transport: HttpTransport) -> Client:
    """Return our client without a limit to its rate."""
    return Client(transport, Settings(rate=1e6, burst=1000), Random(1))  # noqa: S311 - jitter


async def creates(url: str, kubeconfig: str | None, count: int) -> list[Row]:
    """Measure Job creates, each with its answer decoded."""
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    credentials = from_kubeconfig(kubeconfig) if kubeconfig else anonymous(url)
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(HttpTransport(credentials))
        client = ours(transport)
        await client.create(NAMESPACES, {"metadata": {"name": namespace}}, dict)
        stack.push_async_callback(client.delete, Ref(NAMESPACES, "", namespace))

        async def with_ours() -> None:
            await many(lambda n: client.create(JOBS, job(namespace, "ours", n), Job), count)

        slow = aio.ApiClient(await aio_configuration(url, kubeconfig))
        stack.push_async_callback(slow.close)
        batch: Any = aio.BatchV1Api(slow)

        async def with_aio() -> None:
            await many(
                lambda n: batch.create_namespaced_job(namespace, job(namespace, "aio", n)), count
            )

        threaded: Any = sync.BatchV1Api(sync.ApiClient(configuration(url, kubeconfig)))

        async def with_threads() -> None:
            with ThreadPoolExecutor(THREADS) as pool:
                loop = asyncio.get_running_loop()
                await many(
                    lambda n: loop.run_in_executor(
                        pool,
                        lambda: threaded.create_namespaced_job(namespace, job(namespace, "t", n)),
                    ),
                    count,
                )

        await many(lambda n: client.create(JOBS, job(namespace, "warm", n), Job), AT_ONCE)
        return [
            ("our client", await cpu(with_ours) / count),
            ("kubernetes.aio", await cpu(with_aio) / count),
            ("kubernetes, 16 threads", await cpu(with_threads) / count),
        ]


async def events(url: str) -> list[Row]:
    """Measure what an event of a Pod costs, from the socket into a cache with an index."""
    async with HttpTransport(anonymous(url)) as transport:
        rows = [("our informer and store", await with_informer(url, ours(transport)) / EVENTS)]
    rows.append(("kubernetes.aio watch, no cache", await with_aio_watch(url) / EVENTS))
    rows.append(("kubernetes watch, no cache", await with_watch(url) / EVENTS))
    rows.append(("kubernetes SharedInformer", await with_shared_informer(url) / EVENTS))
    return rows


async def with_informer(url: str, client: Client) -> float:
    """Follow the pods with ours."""
    told: list[None] = []
    store = Store(
        Pod, lambda p: [p.metadata.labels["headrace.dev/run"]], lambda _old, _new: told.append(None)
    )
    follower = Informer(client, Scope(PODS), store)
    running = asyncio.create_task(follower.run())
    await follower.synced.wait()
    told.clear()

    async def work() -> None:
        await make_pods(url)
        while len(told) < EVENTS:  # noqa: ASYNC110 - nothing that is measured
            await asyncio.sleep(0.05)

    seconds = await cpu(work)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return seconds


async def with_aio_watch(url: str) -> float:
    """Follow the pods with the asynchronous watch; their generated types, and no cache."""
    async with aio.ApiClient(await aio_configuration(url, None)) as api:
        core: Any = aio.CoreV1Api(api)
        since = (await core.list_pod_for_all_namespaces(limit=1)).metadata.resource_version

        async def work() -> None:
            await make_pods(url)
            count = 0
            async with kubernetes.aio.watch.Watch() as following:
                async for _ in following.stream(
                    core.list_pod_for_all_namespaces, resource_version=since
                ):
                    count += 1
                    if count == EVENTS:
                        return

        return await cpu(work)


async def with_watch(url: str) -> float:
    """Follow the pods with the synchronous watch."""
    core: Any = sync.CoreV1Api(sync.ApiClient(configuration(url, None)))
    since = core.list_pod_for_all_namespaces(limit=1).metadata.resource_version

    def follow() -> None:
        stream = watch.Watch().stream(core.list_pod_for_all_namespaces, resource_version=since)
        for count, _ in enumerate(stream, 1):
            if count == EVENTS:
                return

    async def work() -> None:
        await make_pods(url)
        await asyncio.to_thread(follow)

    return await cpu(work)


async def with_shared_informer(url: str) -> float:
    """Follow the pods with the informer of the package, with its cache."""
    core: Any = sync.CoreV1Api(sync.ApiClient(configuration(url, None)))
    done, count = ThreadEvent(), 0
    shared = informer.SharedInformer(core.list_pod_for_all_namespaces)

    def told(_item: object) -> None:
        nonlocal count
        count += 1
        if count == EVENTS:
            done.set()

    shared.start()
    await asyncio.sleep(5)  # The pods of before are listed by now, outside of the measurement.
    shared.add_event_handler(informer.MODIFIED, told)

    async def work() -> None:
        await make_pods(url)
        await asyncio.to_thread(done.wait)

    seconds = await cpu(work)
    await asyncio.to_thread(shared.stop)
    return seconds


async def make_pods(url: str) -> None:
    """Let the server write each pod once more."""
    async with ClientSession() as session, session.post(f"{url}/bench/pods") as answer:
        answer.raise_for_status()


def anonymous(url: str) -> Credentials:
    """Return credentials for a server that wants none."""

    def read(*, anew: bool) -> Login:  # noqa: ARG001 - the shape of every reader
        return Login()

    return Credentials(Server(url), read)


def configuration(url: str, kubeconfig: str | None) -> sync.Configuration:
    """Configure the package's synchronous client."""
    settings = sync.Configuration(host=url)
    if kubeconfig:
        config.load_kube_config(kubeconfig, client_configuration=settings)
    return settings


async def aio_configuration(url: str, kubeconfig: str | None) -> aio.Configuration:
    """Configure the package's asynchronous client."""
    settings = aio.Configuration(host=url)
    if kubeconfig:
        await kubernetes.aio.config.load_kube_config(kubeconfig, client_configuration=settings)
    return settings


def show(title: str, rows: list[Row]) -> None:
    """Print a table."""
    print(f"\n{title}")
    best = rows[0][1]
    for name, seconds in rows:
        print(f"  {name:32} {seconds * 1e6:8.0f} µs CPU   x {seconds / best:.1f}")


async def measure(options: argparse.Namespace) -> None:
    """Start the server and measure what is asked for."""
    logging.disable()  # The package's informer tells at length that the server ends.
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.plumbing", "serve", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        url = (await server.stdout.readline()).decode().strip()
        if "creates" in options.what:
            title = f"Creating a Job, {AT_ONCE} at once, answer decoded ({CREATES} each)"
            show(f"{title}, server in memory", await creates(url, None, CREATES))
        if "creates" in options.what and options.kubeconfig:
            show(f"{title}, real server", await creates(url, options.kubeconfig, CREATES))
        if "events" in options.what:
            title = f"Following an event of a Pod of {len(str(pod(1))) / 1024:.1f} KB"
            show(f"{title} ({EVENTS} each)", await events(url))
    finally:
        server.terminate()
        await server.wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["creates", "events"])
    parser.add_argument("--kubeconfig", default=os.environ.get("KUBECONFIG"))
    options = parser.parse_args()
    uvloop.run(serve() if options.what == ["serve"] else measure(options))


if __name__ == "__main__":
    main()
