"""
The world of a real cluster, with programs in real pods that do what a test says.

Each program waits for one line in a fifo of its own, and ends as that line says. No controller
runs: the test is the only one who looks.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from cluster.control import Stage
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cluster.caches import Caches
from headrace.cluster.events import EventRecorder
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.run import ClusterWorld
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.kube.client import Client
from headrace.kube.credentials import from_kubeconfig
from headrace.kube.errors import StaleError
from headrace.kube.informer import Informer
from headrace.kube.resources import Resource, Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import HttpTransport
from headrace.loop.runs import reconcile
from headrace.manifests.kube import OwnObject
from headrace.manifests.names import item_name, job_name
from support.evaluation import evaluate_here
from support.plumbing import manifest
from support.virtual_time import seeded
from tools.cluster.commands import CommandFailedError

IMAGE: Final = "busybox:1.37"
_SCRIPT: Final = """
mkfifo /tmp/end 2>/dev/null
read code output < /tmp/end
printf %s "$output" > "$HEADRACE_OUTPUTS"
exit "$code"
"""
PROGRAM: Final = ("sh", "-c", _SCRIPT)
"""Ends with the exit code, and the outputs, that it reads from its fifo."""
_END: Final = 'mkfifo /tmp/end 2>/dev/null; echo "$1" > /tmp/end'


class ClusterRig:
    """One run in a namespace of its own, and the hand that lets its programs end."""

    world: ClusterWorld

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._transport = HttpTransport(from_kubeconfig(str(stage.cluster.kubeconfig)))
        self.client = Client(self._transport, Settings(), seeded(1))
        self._informers: list[Informer[Any]] = []
        self._work: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self.note: Callable[[ObservedRun | None], None] = lambda _: None
        """Hears what the world shows, each time that it is asked."""
        self.key = RunKey(stage.namespace(), f"etl-{uuid.uuid4().hex[:6]}")

    async def begin(self, spec: WorkflowSpec, **asked: Any) -> None:
        """Make the workflow and a run of it; `asked` are further fields of its spec."""
        await self._transport.__aenter__()
        self._stage.cluster.provide_image(IMAGE)
        body = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        await self.create(WORKFLOWS, "etl", {**body, "suspend": True})
        await self.create(WORKFLOW_RUNS, self.key.name, {"workflow": "etl", **asked})
        self.restart()
        await self._synced()

    async def create(self, resource: Resource, name: str, spec: Mapping[str, Any]) -> None:
        """Create an object of ours in the namespace of the run."""
        body = manifest(resource, name, spec, self.key.namespace)
        await self.client.create(resource, body, OwnObject)

    def restart(self) -> None:
        """Know nothing any more, as another controller after a kill of the one before."""
        self._stop()
        caches = Caches(lambda _: self._news.set(), lambda uid: self.world.pictures.outdated(uid))  # noqa: PLW0108 - the world comes later
        events = EventRecorder(self.client, _now, "contract")
        hooks = Hooks(_now, lambda _key, _seconds: self._news.set(), events, evaluate_here)
        self.world = ClusterWorld(caches, self.client, hooks)
        self._informers = [
            Informer(self.client, Scope(resource, self.key.namespace, labels=selector), store)
            for resource, selector, store in caches.watched()
        ]
        self._work = [asyncio.create_task(each.run()) for each in self._informers]

    def end(self, task: str, code: int = 0, number: int = 1, output: str = "") -> None:
        """Let a program end, once it runs. It may not have ended yet when this returns."""
        self.end_job(self.job(task, number), code, output)

    def end_job(self, name: str, code: int, output: str) -> None:
        """Let the program of a Job end, once it runs."""
        job = (f"job/{name}", "--namespace", self.key.namespace)
        self._stage.kubectl("wait", *job, "--for=jsonpath={.status.ready}=1", "--timeout=120s")
        self._tell(job[0], code, output)

    def _tell(self, pod: str, code: int, output: str) -> None:
        where = (pod.strip(), "--namespace", self.key.namespace)
        try:
            self._stage.kubectl("exec", *where, "--", "sh", "-c", _END, "sh", f"{code} {output}")
        except CommandFailedError as error:
            if "exit code 137" not in str(error):  # The end of the program ends what told it so.
                raise

    def end_item(
        self, task: str, index: int, code: int = 0, number: int = 1, output: str = ""
    ) -> None:
        """Let the program of an item end, once it runs."""
        place = {"job-name": self.job(task, number), "job-completion-index": index}
        labels = ",".join(f"batch.kubernetes.io/{name}={value}" for name, value in place.items())
        self.kubectl("wait", "pod", "--selector", labels, "--for=create", "--timeout=120s")
        self.kubectl("wait", "pod", "--selector", labels, "--for=condition=Ready", "--timeout=120s")
        self._tell(self.kubectl("get", "pod", "--selector", labels, "-o", "name"), code, output)

    def answer(self, task: str, choice: str, comment: str = "") -> None:
        """Answer a question as the person of the kubeconfig, if it is open."""
        who = json.loads(self._stage.kubectl("auth", "whoami", "-o", "json"))
        by = who["status"]["userInfo"]["username"]  # Where a policy guards answers, no other.
        answer = {"choice": choice, "by": by, "comment": comment}
        body = json.dumps({"spec": {"answer": answer}})
        with suppress(CommandFailedError):  # It has an answer already.
            self.kubectl("patch", "approval", self.job(task), "--type=merge", "--patch", body)

    def answer_item(self, task: str, index: int, choice: str) -> None:
        """Let somebody answer the question about an item in the first attempt."""
        body = json.dumps({"spec": {"answer": {"choice": choice}}})
        self.kubectl("patch", "approval", self.child(task, index), "--type=merge", "--patch", body)

    async def look(self, key: RunKey | None = None) -> datetime | None:
        """Let the engine look once: a turn that news overtook is given again, as the queue does."""
        await self._synced()
        async with asyncio.timeout(60):
            while True:
                self._news.clear()
                try:
                    return await reconcile(key or self.key, self.world, _now())
                except StaleError:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), 1)

    async def observed(self) -> ObservedRun:
        """Return what the world shows."""
        await self._synced()
        run = await self.world.observe(self.key)
        assert run is not None
        self.note(run)
        return run

    async def news(self) -> None:
        """Wait until the caches have changed."""
        self._news.clear()
        await self._news.wait()

    async def until(self, holds: Callable[[ObservedRun], bool]) -> None:
        """Wait until the world shows that something is so."""
        async with asyncio.timeout(180):
            while True:
                self._news.clear()
                if holds(await self.observed()):
                    return
                await self._news.wait()

    def runs(self) -> list[RunKey]:
        """Return all runs of the namespace."""
        names = self.kubectl("get", "workflowruns", "-o", "jsonpath={.items[*].metadata.name}")
        return [RunKey(self.key.namespace, name) for name in names.split()]

    async def until_known(self, key: RunKey) -> None:
        """Wait until the world shows another run."""
        async with asyncio.timeout(60):
            while (run := await self.world.observe(key)) is None:
                self._news.clear()
                await self._news.wait()
        self.note(run)

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Do something in the namespace of the run, as a person does."""
        return self._stage.kubectl(*words, "--namespace", self.key.namespace, stdin=stdin)

    def job(self, task: str, number: int = 1) -> str:
        """Return the name of the Job of an attempt."""
        return job_name(self.key.name, self._uid(), task, number)

    def child(self, task: str, index: int) -> str:
        """Return the name of the run, or question, of an item in the first attempt."""
        return item_name(self.key.name, self._uid(), task, 1, index)

    def _uid(self) -> str:
        return self.kubectl("get", "workflowrun", self.key.name, "-o", "jsonpath={.metadata.uid}")

    async def until_ended(self, *tasks: str) -> None:
        """Wait until the world shows that the newest attempts of these tasks have ended."""
        await self.until(lambda run: all(_ended(run, task) for task in tasks))

    async def close(self) -> None:
        """End everything; the stage removes the namespace."""
        self._stop()
        await self._transport.__aexit__()

    async def _synced(self) -> None:
        for each in self._informers:
            await each.synced.wait()

    def _stop(self) -> None:
        for task in self._work:
            task.cancel()


def fields(**more: Any) -> dict[str, Any]:
    """Return what a task of a rig has besides its name."""
    resources = {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}}
    return {"image": IMAGE, "command": PROGRAM, "resources": resources, **more}


def _ended(run: ObservedRun, task: str) -> bool:
    sighting = run.tasks[task].sighting if task in run.tasks else None
    return sighting is not None and not sighting.alive


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a real cluster has real times
