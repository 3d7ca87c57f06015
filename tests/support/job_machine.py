"""
The Job controller for the API server in memory: one pod at a time, replaced where it was lost.

Of an Indexed Job one for each item, as many as its parallelism lets run. As the real one with
`backoffLimit: 0`, `podReplacementPolicy: Failed`, and a `podFailurePolicy` that ignores
disruptions. Does not know what pods do.
"""

from random import Random
from typing import Final

from headrace.api.v1alpha1.labels import COMPLETION_INDEX
from headrace.engine.places import Places
from headrace.kube.resources import JOBS, PODS
from support.api_hands import Hands, condition, holds
from support.api_storage import Object
from support.pod_machine import ENDED, KUBELET
from support.pods_by_hand import ended_items, index_of, indexed

TRACKED: Final = "batch.kubernetes.io/job-tracking"
"""The finalizer of pods that are not counted yet."""


class JobMachine:
    """Makes pods for Jobs, and says how the Jobs end."""

    def __init__(self, hands: Hands, random: Random) -> None:
        self._hands = hands
        self._random = random
        self._made: dict[str, list[tuple[str, str]]] = {}  # By the Job's uid: names and uids.
        self._ignored: set[str] = set()

    def step(self, name: str, uid: str) -> bool:
        """Do what a Job needs now; tell whether there is anything left of it."""
        job = self._hands.find(JOBS, name, uid)
        found = (self._hands.find(PODS, *each) for each in self._made.get(uid, ()))
        pods = [pod for pod in found if pod is not None]
        if job is None or "deletionTimestamp" in job["metadata"] or _finished(job):
            for pod in pods:
                self._hands.release(PODS, pod, TRACKED)
            return job is not None or bool(pods)
        counted = [pod for pod in pods if self._counts(pod)]
        if indexed(job):
            self._step_items(job, pods, counted)
        elif any(pod["status"].get("phase") == "Succeeded" for pod in counted):
            self._say(job, "Complete", "CompletionsReached")
        elif any(pod["status"].get("phase") == "Failed" for pod in counted):
            self._say(job, "Failed", "BackoffLimitExceeded")
        elif job["spec"].get("suspend"):
            self._suspend(job, pods)
        else:
            self._resume(job, pods)
        return True

    def _step_items(self, job: Object, pods: list[Object], counted: list[Object]) -> None:
        """Count the items that ended; make pods for those that are to run."""
        total = job["spec"]["completions"]
        for field, phase in (("completedIndexes", "Succeeded"), ("failedIndexes", "Failed")):
            ended = (pod for pod in counted if pod["status"]["phase"] == phase)
            new = Places.of(index for pod in ended if (index := index_of(pod)) is not None)
            known = Places.read(job["status"].get(field, ""), total)
            if new - known:
                now = {field: str(known | new)}
                self._hands.status(JOBS, job, lambda to, now=now: to.update(now))  # type: ignore[misc] # mypy infers no lambda defaults
                job = self._hands.find(JOBS, *_name(job)) or job
        over = ended_items(job)
        if len(over) == total:
            failed = bool(job["status"].get("failedIndexes"))
            self._say(job, *(("Failed", "FailedIndexes") if failed else ("Complete", "AllDone")))
        elif job["spec"].get("suspend"):
            self._suspend(job, [pod for pod in pods if pod["status"].get("phase") not in ENDED])
        else:
            self._resume_items(job, pods, Places.first(total) - over)

    def _resume_items(self, job: Object, pods: list[Object], todo: Places) -> None:
        self._let_go(job)
        active = {index_of(pod) for pod in pods if pod["status"].get("phase") not in ENDED}
        waiting = [index for index in todo if index not in active]
        for index in waiting[: max(0, job["spec"]["parallelism"] - len(active))]:
            self._make_pod(job, index)

    def _counts(self, pod: Object) -> bool:
        """Tell whether the end of a pod is one of its Job; what was disrupted is let go."""
        uid = pod["metadata"]["uid"]
        ended = pod["status"].get("phase") in ENDED
        if ended and pod["status"]["phase"] == "Failed" and holds(pod, "DisruptionTarget"):
            self._ignored.add(uid)
        if uid in self._ignored:
            self._hands.release(PODS, pod, TRACKED)
        return ended and uid not in self._ignored

    def _say(self, job: Object, kind: str, reason: str) -> None:
        self._hands.status(JOBS, job, lambda to: condition(to, kind, reason))

    def _suspend(self, job: Object, pods: list[Object]) -> None:
        for pod in pods:
            self._ignored.add(pod["metadata"]["uid"])
            self._hands.release(PODS, pod, TRACKED)
            if "deletionTimestamp" not in pod["metadata"]:
                self._hands.delete(PODS, pod["metadata"]["name"])
        if not holds(job, "Suspended"):
            self._say(job, "Suspended", "JobSuspended")

    def _let_go(self, job: Object) -> None:
        if holds(job, "Suspended"):
            self._hands.status(
                JOBS, job, lambda to: condition(to, "Suspended", "JobResumed", "False")
            )

    def _resume(self, job: Object, pods: list[Object]) -> None:
        self._let_go(job)
        if all(pod["status"].get("phase") in ENDED for pod in pods):
            self._make_pod(job)

    def _make_pod(self, job: Object, index: int | None = None) -> None:
        meta = job["metadata"]
        made = self._made.setdefault(meta["uid"], [])
        name = f"{meta['name']}-{self._random.randrange(16**5):05x}"
        owner = {"kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
        own = {
            "name": name,
            "labels": job["spec"]["template"]["metadata"]["labels"],
            "ownerReferences": [{**owner, "blockOwnerDeletion": True}],
            "finalizers": [TRACKED, KUBELET],
            **({} if index is None else {"annotations": {COMPLETION_INDEX: str(index)}}),
        }
        self._hands.create(PODS, {"metadata": own, "spec": {}})
        pod = self._hands.find(PODS, name)
        assert pod is not None
        made.append((name, pod["metadata"]["uid"]))


def _name(item: Object) -> tuple[str, str]:
    return item["metadata"]["name"], item["metadata"]["uid"]


def _finished(job: Object) -> bool:
    return holds(job, "Complete") or holds(job, "Failed")
