"""
Job controller, scheduler and kubelet for the API server in memory, moved by a test.

What a cluster does by itself within moments, `settle` does at once. When programs begin and end,
and how, is the test's to say.
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any, Final

from headrace.api.v1alpha1.labels import COMPLETION_INDEX
from headrace.engine.places import Places
from headrace.kube.resources import JOBS, PODS, Resource
from support.api_server import ApiServer
from support.api_storage import Object

TRACKING: Final = "batch.kubernetes.io/job-tracking"
"""The finalizer of a pod whose end its Job has not counted yet."""


class PodsByHand:
    """Makes the pods of all Jobs, and moves them as it is told."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._storage = server.storage
        self._made = 0
        self._settled = (-1, False)
        """At which version nothing was left to do."""
        self.lingering = False
        """Whether what is being removed takes its time, until `sweep`."""

    def after(self, numbers: Iterable[int]) -> None:
        """Let the numbers of pods follow those of another cluster, whose objects are here now."""
        self._made = max(self._made, *numbers)

    def settle(self) -> None:
        """Collect garbage, make the pods that Jobs want, let go those that are deleted."""
        before = (
            -1 if self._settled != (self._storage.version, self.lingering) else self._settled[0]
        )
        while before != self._storage.version:
            before = self._storage.version
            self._server.collect()
            for job in self._storage.all(JOBS):
                if wants_pod(job) and indexed(job):
                    self._make_items(job)
                elif wants_pod(job) and not any(map(active, self.of(job))):
                    self._make(job)
            if not self.lingering:
                self.sweep()
        self._settled = (self._storage.version, self.lingering)

    def sweep(self) -> None:
        """Kill the pods that are being deleted, as at the end of their grace period."""
        for pod in self._storage.all(PODS):
            if "deletionTimestamp" not in pod["metadata"]:
                continue
            if active(pod):
                self._end(pod, "Failed", self._over(pod, 137) if "running" in state(pod) else None)
            self._erase(pod)

    def of(self, job: Object) -> Iterator[Object]:
        """Yield the pods of a Job, the oldest first."""
        for pod in sorted(self._storage.all(PODS), key=lambda pod: pod["metadata"]["number"]):
            if job["metadata"]["uid"] in owners(pod):
                yield pod

    def begin(self, job: Object) -> None:
        """Let the program run."""
        self._begin(self._newest(job))

    def _begin(self, pod: Object) -> None:
        now = self._server.now()
        found = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
        status = {
            "phase": "Running",
            "conditions": [found],
            "containerStatuses": _main({"running": {"startedAt": now}}),
        }
        self._write(PODS, {**pod, "spec": {"nodeName": "node"}, "status": status})

    def begin_item(self, job: Object, index: int) -> None:
        """Let the program of an item run."""
        self._begin(self._of_item(job, index))

    def end_item(self, job: Object, index: int, code: int, output: str = "") -> None:
        """Let the program of an item end, and its Job count that."""
        if "running" not in state(self._of_item(job, index)):
            self.begin_item(job, index)
        pod = self._of_item(job, index)
        over = self._over(pod, code, message=output, reason="Error" if code else "Completed")
        self._end(pod, "Failed" if code else "Succeeded", over)
        self._count(job, index, "failedIndexes" if code else "completedIndexes")

    def _count(self, job: Object, index: int, field: str) -> None:
        known = self._storage.find(JOBS, (job["metadata"]["namespace"], job["metadata"]["name"]))
        assert known is not None
        status, total = dict(known["status"]), known["spec"]["completions"]
        status[field] = str(Places.read(status.get(field, ""), total) | Places.of([index]))
        if len(ended_items({**known, "status": status})) == total:
            failed = bool(status.get("failedIndexes"))
            told = ("Failed", "FailedIndexes") if failed else ("Complete", "CompletionsReached")
            status["conditions"] = [*status.get("conditions", ()), self._condition(*told)]
        self._job(known, status)

    def _make_items(self, job: Object) -> None:
        """Make the pods that an Indexed Job wants."""
        going_on = {index_of(pod) for pod in self.of(job) if active(pod)}
        wanted = Places.first(job["spec"]["completions"]) - ended_items(job)
        room = job["spec"]["parallelism"] - len(going_on)
        for index in [each for each in wanted if each not in going_on][: max(0, room)]:
            self._make(job, index)

    def _of_item(self, job: Object, index: int) -> Object:
        return [pod for pod in self.of(job) if index_of(pod) == index][-1]

    def unschedulable(self, job: Object, message: str) -> None:
        """Let the scheduler say that it finds no node."""
        pod, now = self._newest(job), self._server.now()
        no = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        condition = {**no, "message": message, "lastTransitionTime": now}
        self._write(PODS, {**pod, "status": {"phase": "Pending", "conditions": [condition]}})

    def wait(self, job: Object, reason: str, message: str) -> None:
        """Let the kubelet say why the main container does not start."""
        pod = self._newest(job)
        waiting = _main({"waiting": {"reason": reason, "message": message}})
        self._write(PODS, {**pod, "status": {"phase": "Pending", "containerStatuses": waiting}})

    def hold(self, job: Object, *, held: bool) -> None:
        """Suspend a Job, or let go of it; its controller removes the pods of one that is held."""
        told = self._condition("Suspended", "JobSuspended" if held else "JobResumed")
        told["status"] = str(held)
        spec = {**job["spec"], "suspend": held}
        self._write(JOBS, {**job, "spec": spec, "status": {"conditions": [told]}})
        for pod in list(self.of(job)) if held else []:
            self._erase(pod)

    def give_up(self, job: Object, reason: str) -> None:
        """Let the kubelet end the pod for a reason of its own; its Job takes that for a failure."""
        pod = self._newest(job)
        status = {**pod["status"], "phase": "Failed", "reason": reason}
        self._write(PODS, {**pod, "status": status})
        self._job(job, {"conditions": [self._condition("Failed", "BackoffLimitExceeded")]})

    def end(self, job: Object, code: int, output: str = "", why: str = "") -> None:
        """Let the program end, for a reason that the kubelet gives; its Job counts that."""
        if "running" not in state(self._newest(job)):
            self.begin(job)
        pod = self._newest(job)
        why = why or ("Error" if code else "Completed")
        over = self._over(pod, code, message=output, reason=why)
        self._end(pod, "Failed" if code else "Succeeded", over)
        told = ("Failed", "BackoffLimitExceeded") if code else ("Complete", "CompletionsReached")
        self._job(job, {"conditions": [self._condition(*told)]})

    def crowd(self, job: Object) -> None:
        """Let the program end well, while another container of its pod goes on."""
        self.begin(job)
        pod = self._newest(job)
        beside = {"name": "proxy", "state": {"running": {"startedAt": self._server.now()}}}
        statuses = [*_main({"terminated": self._over(pod, 0)}), beside]
        self._write(PODS, {**pod, "status": {**pod["status"], "containerStatuses": statuses}})

    def disrupt(self, job: Object) -> None:
        """Let the API server announce that the pod will be evicted."""
        pod = self._newest(job)
        lost = self._condition("DisruptionTarget", "EvictionByEvictionAPI")
        conditions = [*pod["status"]["conditions"], lost]
        self._write(PODS, {**pod, "status": {**pod["status"], "conditions": conditions}})

    def lose(self, job: Object) -> None:
        """Take the node away: the pod fails without fault of its own, and is deleted."""
        pod = self._newest(job)
        lost = self._condition("DisruptionTarget", "DeletionByTaintManager")
        conditions = [*pod["status"].get("conditions", []), lost]
        status = {**pod["status"], "phase": "Failed", "conditions": conditions}
        self._erase(self._write(PODS, {**pod, "status": status}))

    def haunt(self, job: Object) -> None:
        """Let a Job run its program once more, because it has not counted the first success."""
        self._job(job, {})
        self._make(job)
        self.begin(job)

    def _make(self, job: Object, index: int | None = None) -> None:
        meta = job["metadata"]
        self._made += 1
        owner = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        own = {
            "name": f"{meta['name']}-{self._made}",
            "namespace": meta["namespace"],
            "uid": f"pod-{self._made}",
            "number": self._made,
            "creationTimestamp": self._server.now(),
            "labels": job["spec"]["template"]["metadata"]["labels"],
            "ownerReferences": [owner],
            "finalizers": [TRACKING],
            **({} if index is None else {"annotations": {COMPLETION_INDEX: str(index)}}),
        }
        self._write(PODS, {"metadata": own, "spec": {}, "status": {"phase": "Pending"}})

    def _newest(self, job: Object) -> Object:
        return list(self.of(job))[-1]

    def _over(self, pod: Object, code: int, **words: str) -> dict[str, Any]:
        began = state(pod).get("running", {}).get("startedAt")
        return {"exitCode": code, "startedAt": began, "finishedAt": self._server.now(), **words}

    def _end(self, pod: Object, phase: str, over: dict[str, Any] | None) -> Object:
        statuses = _main({"terminated": over}) if over else []
        status = {**pod["status"], "phase": phase, "containerStatuses": statuses}
        meta = {key: value for key, value in pod["metadata"].items() if key != "finalizers"}
        return self._write(PODS, {**pod, "metadata": meta, "status": status})

    def _condition(self, kind: str, reason: str) -> dict[str, str]:
        now = self._server.now()
        return {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": now}

    def _job(self, job: Object, status: dict[str, Any]) -> None:
        self._write(JOBS, {**job, "status": status})

    def _write(self, resource: Resource, item: Object) -> Object:
        return self._storage.write(resource, deepcopy(item))

    def _erase(self, pod: Object) -> None:
        meta = pod["metadata"]
        self._storage.erase(PODS, (meta["namespace"], meta["name"]))


def wants_pod(job: Object) -> bool:
    """Tell whether a Job makes a pod if it has none."""
    idle = job["spec"].get("suspend") or "deletionTimestamp" in job["metadata"]
    return not idle and not finished(job)


def indexed(job: Object) -> bool:
    """Tell whether a Job runs items."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def ended_items(job: Object) -> Places:
    """Return the items that need no pod."""
    status, total = job["status"], job["spec"]["completions"]
    done = Places.read(status.get("completedIndexes", ""), total)
    return done | Places.read(status.get("failedIndexes", ""), total)


def index_of(pod: Object) -> int | None:
    """Return the index of a pod's item, if it has one."""
    written = (pod["metadata"].get("annotations") or {}).get(COMPLETION_INDEX)
    return None if written is None else int(written)


def finished(job: Object) -> bool:
    """Tell whether a Job is complete, or has failed."""
    kinds = {each["type"] for each in job["status"].get("conditions", [])}
    return bool(kinds & {"Complete", "Failed"})


def active(pod: Object) -> bool:
    """Tell whether anything of a pod runs, or may still start to."""
    return pod["status"]["phase"] not in ("Succeeded", "Failed")


def may_run(pod: Object) -> bool:
    """Tell whether a pod's main program runs, or may still start to."""
    return active(pod) and "terminated" not in state(pod)


def state(pod: Object) -> dict[str, Any]:
    """Return how the main container is."""
    for status in pod["status"].get("containerStatuses", []):
        found: dict[str, Any] = status["state"]
        return found
    return {}


def owners(item: Object) -> set[str]:
    """Return the uids of an object's owners."""
    return {owner["uid"] for owner in item["metadata"].get("ownerReferences", [])}


def _main(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": "main", "state": found}]
