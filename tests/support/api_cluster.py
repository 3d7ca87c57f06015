"""
A cluster as stories know it, over the API server in memory: what people and machines do.

It has the ways of `FakeCluster`. Each of them is a request, or a step of a machine; what a cluster
does by itself at once has happened when it returns.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from headrace.api.reading.parse import parse_workflow
from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState, Interval, RunSpec
from headrace.cluster.kinds import APPROVALS, POOLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.resources import CONTROLLER_REVISIONS, JOBS, Resource
from headrace.kube.transport import Request
from headrace.manifests.json_form import as_given
from support.api_mirror import Mirror
from support.api_refusals import RefusalError, keep_others_out
from support.api_storage import Object
from support.api_writes import NotedWrites
from support.builders import spelled_out
from support.fake_cluster import FakeJob, FakeRun, Fault
from support.plumbing import manifest
from support.pods_by_hand import PodsByHand, index_of
from support.virtual_time import VirtualTimeLoop

FAR: Final = 1_000_000
"""More uids than a story needs."""

Refusals = dict[str, tuple[Reason, str]]

NAMESPACE: Final = "default"
WORKFLOW: Final = "etl"
REFUSED: Final = {
    Reason.ADMISSION_DENIED: (422, ""),
    Reason.QUOTA_EXCEEDED: (403, "exceeded quota: "),
}
"""With which code the API server refuses, and what it says before its words."""
WAITS: Final = {
    None: "ContainerCreating",
    Reason.IMAGE_PULL_FAILED: "ImagePullBackOff",
    Reason.INVALID_IMAGE_NAME: "InvalidImageName",
}
CONTAINER_ENDS: Final = {Reason.OOM_KILLED: "OOMKilled"}
POD_ENDS: Final = {
    Reason.EVICTED: "Evicted",
    Reason.PREEMPTED: "Preempting",
    Reason.NODE_LOST: "NodeLost",
    Reason.ATTEMPT_TIMEOUT: "DeadlineExceeded",
}
"""What a kubelet says of a container that does not start, of one that ended, and of a pod."""


class ApiCluster:
    """What there is on the server, and what happens to it."""

    slow = False

    def __init__(
        self, way: NotedWrites, loop: VirtualTimeLoop, clock: Callable[[], datetime]
    ) -> None:
        self._server = server = way.server
        self._way = way
        self.writes = way.writes
        self._loop = loop
        self._clock = clock
        self._pods = PodsByHand(server)
        self.runs: dict[RunKey, FakeRun] = {}
        self.workflows: dict[str, Definition] = {}
        """What tasks can call, by name."""
        self._mirror = Mirror(server.storage, self.runs, self.workflows)
        self.jobs_made = self._mirror.jobs_made
        self.children_made = self._mirror.children_made
        self.refusals: Refusals = {}
        """By task: why its Job is refused."""
        self.no_task_runs: Refusals = {}
        """By task: why even its TaskRun is refused."""
        self._strangers: dict[tuple[Resource, str], str] = {}
        """What others have made under a name that a task needs, and for which one."""
        self.guarded = True
        """Whether an admission policy keeps others than the approvers from answering."""
        server.admit = self._admit

    @property
    def now(self) -> datetime:
        """The time of the server."""
        return self._in_loop(self._clock)

    @property
    def faults(self) -> dict[int, Fault]:
        """What goes wrong with the controller's writes, by number of the write, from 1."""
        return self._way.planned

    @faults.setter
    def faults(self, planned: dict[int, Fault]) -> None:
        self._way.planned = dict(planned)

    @property
    def lingering(self) -> bool:
        """Whether what is being removed takes its time, until `sweep`."""
        return self._pods.lingering

    @lingering.setter
    def lingering(self, lingering: bool) -> None:
        self._pods.lingering = lingering

    def add_run(
        self,
        definition: Definition | None,
        name: str,
        desired: DesiredState = DesiredState.RUN,
        given: Mapping[str, bool | int | str] | None = None,
        rerun: RerunOf | None = None,
        **more: datetime | Interval | int | CacheMode,
    ) -> FakeRun:
        """Let somebody create a run, and its workflow if there is none and it has a definition."""
        params = [{"name": key, "value": value} for key, value in (given or {}).items()]
        asked = RunSpec(
            workflow=WORKFLOW, desired_state=desired, params=params, rerun_of=rerun, **more
        )

        def create() -> FakeRun:
            workflow = self._server.storage.find(WORKFLOWS, (NAMESPACE, WORKFLOW))
            if workflow is None and definition is not None:
                self._create(WORKFLOWS, WORKFLOW, spelled_out(definition))
            spec = as_given(asked)
            made = self._create(WORKFLOW_RUNS, name, spec)["metadata"]
            created = datetime.fromisoformat(made["creationTimestamp"])
            key = RunKey(NAMESPACE, name)
            self.runs[key] = FakeRun(key, made["uid"], definition, created, rerun=rerun)
            return self.runs[key]

        run = self._in_loop(create)
        self._mirror.refresh()
        return run

    def add_called(self, name: str, definition: Definition) -> None:
        """Let somebody create a workflow that tasks can call."""
        self.workflows[name] = definition
        spec = {**spelled_out(definition), "suspend": True}
        self._in_loop(lambda: self._create(WORKFLOWS, name, spec))

    def add_task_run(self, name: str) -> FakeRun:
        """Let somebody create a TaskRun on its own, and return it as a run nobody looks at."""
        made = self._in_loop(lambda: self._create(TASK_RUNS, name, {"image": "busybox"}))
        key = RunKey(NAMESPACE, name, RunKind.TASK_RUN)
        return FakeRun(key, made["metadata"]["uid"], None, self.now)

    def add_workflow(self, run: FakeRun, definition: Definition) -> None:
        """Let somebody create the workflow that a run waits for."""
        run.definition = definition
        self._in_loop(lambda: self._create(WORKFLOWS, WORKFLOW, spelled_out(definition)))

    def set_pool(self, name: str, slots: int | None) -> None:
        """Let somebody create a pool, change its slots, or delete it."""
        known = self._server.storage.find(POOLS, (NAMESPACE, name))
        path, body = POOLS.path(NAMESPACE, name), {"spec": {"slots": slots}}
        if slots is None:
            self._do(lambda: self._delete(POOLS, name))
        elif known is None:
            self._in_loop(lambda: self._create(POOLS, name, {"slots": slots}))
        else:
            self._do(lambda: self._request("PATCH", path, body))

    # --- what an earlier controller left ------------------------------------------------------

    def everything(self) -> list[tuple[str, Object]]:
        """Return all objects, each with the plural of its kind."""
        return [(kind.plural, item) for kind, item in self._server.storage.everything()]

    def adopt(self, objects: Iterable[tuple[str, Object]], uids: Mapping[str, str]) -> None:
        """
        Take over the objects of another cluster, with runs of one workflow.

        Args:
            objects: What `everything` returned there.
            uids: The uids of its runs, by name.

        """
        kinds = {kind.plural: kind for kind in self._server.kinds.values()}

        def write() -> None:
            for plural, item in objects:
                self._server.storage.write(kinds[plural], item)
            self._server.skip_uids(FAR)
            self._pods.after(item["metadata"].get("number", 0) for _, item in objects)

        self._in_loop(write)
        (workflow,) = self.of(WORKFLOWS)
        definition = compile_workflow(parse_workflow(workflow))
        for name, uid in uids.items():
            key = RunKey(NAMESPACE, name)
            self.runs[key] = FakeRun(key, uid, definition, self.now)
        self._mirror.refresh()

    def of(self, resource: Resource) -> list[Object]:
        """Return the objects of a kind."""
        return self._server.storage.all(resource)

    def made(self, resource: Resource) -> Counter[str]:
        """Return how often an object of a kind was made, by name."""
        changes = (each for each in self._server.storage.since(0) if each.resource == resource)
        return Counter(each.last["metadata"]["name"] for each in changes if each.before is None)

    # --- what people and machines do ----------------------------------------------------------

    def begin(self, job: FakeJob) -> None:
        """Let the program of an attempt run."""
        self._do(lambda: self._pods.begin(self._job(job)))

    def stall(self, job: FakeJob, waiting: Reason | None, message: str) -> None:
        """Keep an attempt from running, for a reason."""
        if waiting is Reason.SUSPENDED:
            self._do(lambda: self._pods.hold(self._job(job), held=True))
        elif waiting is Reason.UNSCHEDULABLE:
            self._do(lambda: self._pods.unschedulable(self._job(job), message))
        else:
            self._do(lambda: self._pods.wait(self._job(job), WAITS[waiting], message))

    def resume(self, job: FakeJob) -> None:
        """Let go of an attempt that was held."""
        self._do(lambda: self._pods.hold(self._job(job), held=False))

    def end(
        self, job: FakeJob, code: int | None = 0, reason: Reason | None = None, output: str = ""
    ) -> None:
        """Let an attempt end, with an exit code or for a reason."""
        if reason is not None and reason in WAITS:
            self._do(lambda: self._pods.wait(self._job(job), WAITS[reason], ""))
        elif reason in POD_ENDS:
            self._do(lambda: self._pods.give_up(self._job(job), POD_ENDS[reason]))
        else:
            code, why = (137, CONTAINER_ENDS[reason]) if reason else (code or 0, "")
            self._do(lambda: self._pods.end(self._job(job), code, output, why))

    def answer(self, job: FakeJob, choice: str, by: str = "alice", comment: str = "") -> None:
        """Let somebody answer a question, as the policies of the chart write it down."""
        path = APPROVALS.path(NAMESPACE, job.sighting.where.unit_name)
        found = self._server.storage.find(APPROVALS, (NAMESPACE, job.sighting.where.unit_name))
        if found is None or "answer" in found["spec"] or "completionTime" in found["status"]:
            return
        if self.guarded and "conditions" not in found["status"]:
            return  # The policy refuses it: the question is not recorded yet.
        given = {"choice": choice, "by": by, "comment": comment}
        answer = {**given, "time": self._in_loop(self._server.now)}
        self._do(lambda: self._request("PATCH", path, {"spec": {"answer": answer}}))

    def items_made(self, job: FakeJob) -> list[int]:
        """Return the items that have, or had, a pod of a Job."""
        indexes = (index_of(pod) for pod in self._pods.of(self._job(job)))
        return sorted({index for index in indexes if index is not None})

    def begin_item(self, job: FakeJob, index: int) -> None:
        """Let the program of an item run."""
        self._do(lambda: self._pods.begin_item(self._job(job), index))

    def end_item(self, job: FakeJob, index: int, code: int = 0, output: str = "") -> None:
        """Let the program of an item end."""
        self._do(lambda: self._pods.end_item(self._job(job), index, code, output))

    def crowd(self, job: FakeJob) -> None:
        """Let a program end well, while something else of its pod goes on."""
        self._do(lambda: self._pods.crowd(self._job(job)))

    def disrupt(self, job: FakeJob) -> None:
        """Let a node say that it will lose the pod of an attempt soon."""
        self._do(lambda: self._pods.disrupt(self._job(job)))

    def lose(self, job: FakeJob) -> None:
        """Take an attempt's node away: its Job makes another pod."""
        self._do(lambda: self._pods.lose(self._job(job)))

    def haunt(self, job: FakeJob) -> None:
        """Let a Job whose program succeeded run it once more, in another pod."""
        job.haunted = True
        self._do(lambda: self._pods.haunt(self._job(job)))

    def delete_job(self, run: FakeRun, task: str) -> None:
        """Let somebody delete the newest Job of a task."""
        job = run.task_runs[task].newest()
        name, kind = job.sighting.where.unit_name, JOBS if job.asks is None else APPROVALS
        self._do(lambda: self._delete(kind, name))

    def delete_run(self, run: FakeRun) -> None:
        """Let somebody delete a run that has ended, with its TaskRuns."""
        self._do(lambda: self._delete(WORKFLOW_RUNS, run.key.name))

    def delete_called(self, run: FakeRun, task: str) -> None:
        """Let somebody delete the newest run that a task has called."""
        called = run.task_runs[task].called
        name = called[max(called)].key.name
        self._do(lambda: self._delete(WORKFLOW_RUNS, name))

    def delete_child(self, run: FakeRun, task: str, index: int) -> None:
        """Let somebody delete the newest run or question of an item."""
        children = run.task_runs[task].children
        child = children[max(number for number, each in children if each == index), index]
        if isinstance(child, FakeJob):
            name = child.sighting.where.unit_name
            self._do(lambda: self._delete(APPROVALS, name))
        else:
            self._do(lambda: self._delete(WORKFLOW_RUNS, child.key.name))

    def delete_task_run(self, run: FakeRun, task: str) -> None:
        """Let somebody delete a TaskRun; its Jobs go with it."""
        name = self._task_run(run, task)
        self._do(lambda: self._delete(TASK_RUNS, name))

    def delete_revision(self, run: FakeRun) -> None:
        """Let somebody delete the definition that a run keeps."""
        name = run.log.revision
        self._do(lambda: self._delete(CONTROLLER_REVISIONS, str(name)))

    def steer(self, run: FakeRun, desired: DesiredState) -> None:
        """Let somebody change what is wanted of a run."""
        body = {"spec": {"desiredState": desired.value}}
        path = WORKFLOW_RUNS.path(NAMESPACE, run.key.name)
        self._do(lambda: self._request("PATCH", path, body))

    def sweep(self) -> None:
        """Finish what is being removed."""
        self._do(self._pods.sweep)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until = self._loop.time() + seconds
        self._loop.run_until_complete(asyncio.sleep(seconds))
        self._loop.virtual_now = until  # Sums of waits are not as exact.

    def settle(self) -> None:
        """Let the cluster do what it does by itself at once. Called inside the loop."""
        for (resource, name), task in list(self._strangers.items()):
            if task not in self._refusals(resource):
                del self._strangers[resource, name]
                self._server.storage.erase(resource, (NAMESPACE, name))
        self._pods.settle()
        self._mirror.refresh()

    # --- how ----------------------------------------------------------------------------------

    def _do(self, work: Callable[[], object]) -> None:
        def done() -> None:
            work()
            self.settle()

        self._in_loop(done)

    def _in_loop(self, work: Callable[[], Any]) -> Any:
        async def done() -> Any:
            return work()

        return self._loop.run_until_complete(done())

    def _job(self, job: FakeJob) -> Object:
        found = self._server.storage.find(JOBS, (NAMESPACE, job.sighting.where.unit_name))
        assert found is not None
        return found

    def _task_run(self, run: FakeRun, task: str) -> str:
        (name,) = (
            item["metadata"]["name"]
            for item in self._server.storage.all(TASK_RUNS)
            if (item["spec"].get("run"), item["spec"].get("task")) == (run.key.name, task)
        )
        return str(name)

    def _create(self, resource: Resource, name: str, spec: Mapping[str, Any]) -> Object:
        body = manifest(resource, name, spec, NAMESPACE)
        return self._request("POST", resource.path(NAMESPACE), body)

    def _delete(self, resource: Resource, name: str) -> None:
        self._request("DELETE", resource.path(NAMESPACE, name), {})

    def _request(self, method: str, path: str, body: Mapping[str, Any]) -> Object:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = Request(method, path, json.dumps(body).encode(), content_type=kind)
        response = self._server.handle(request)
        assert response.status < 300, response.body
        answer: Object = json.loads(response.body)
        return answer

    def _refusals(self, resource: Resource) -> Refusals:
        own = dict.fromkeys((JOBS, APPROVALS, WORKFLOW_RUNS), self.refusals)
        return {**own, TASK_RUNS: self.no_task_runs}.get(resource, {})

    def _admit(self, resource: Resource, body: Object) -> None:
        """Refuse what a story says; a name that is taken is the server's own to refuse."""
        if self.guarded:
            keep_others_out(resource, body)
        meta = body["metadata"]
        task = (meta.get("labels") or {}).get(labels.TASK, "")
        if task not in self._refusals(resource):
            return
        reason, message = self._refusals(resource)[task]
        if reason in REFUSED:
            code, words = REFUSED[reason]
            words = "" if words in message else words
            raise RefusalError(code, "Invalid" if code == 422 else "Forbidden", words + message)
        assert reason is Reason.NAME_TAKEN
        self._strangers.setdefault((resource, meta["name"]), task)
        own = {"name": meta["name"], "namespace": NAMESPACE, "uid": f"stranger-{meta['name']}"}
        own |= {"creationTimestamp": self._server.now(), "generation": 1}
        spec = {"suspend": True} if resource == JOBS else {"image": "busybox"}
        if self._server.storage.find(resource, (NAMESPACE, meta["name"])) is None:
            self._server.storage.write(resource, {"metadata": own, "spec": spec, "status": {}})
