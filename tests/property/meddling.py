"""
What people, nodes and a crash do to a run while it goes on.

`DISRUPTIONS` must change nothing of how a run ends. `INTERVENTIONS` change it, and are noted.
"""

from collections.abc import Callable, Iterable
from typing import Final

from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import JOBS, PODS, Resource
from property.ledger import Task, is_open
from property.news_controller import WORKFLOW
from property.news_plans import Trouble
from property.news_rig import NewsRig
from support.api_storage import Object
from support.pod_machine import ENDED

ENDS: Final = {"Run": 0, "Pause": 0, "Stop": 1, "Cancel": 2, "Terminate": 3}
"""What may become of `desiredState`: only something stronger, but for the first two."""


class Meddling:
    """Does things to the objects of a rig, and notes whom they may have changed."""

    def __init__(self, rig: NewsRig) -> None:
        self._rig = rig
        self._hands = rig.hands
        self.harmed: dict[Task, int] = {}
        """How often a Job, pod or TaskRun of a task was deleted."""
        self.touched: set[str] = set()
        """The uids of runs that do not end as planned."""
        self._held: dict[Trouble, Object] = {}

    # --- what the cluster does ----------------------------------------------------------------

    def disrupt(self, trouble: Trouble, reason: str) -> None:
        """Delete a pod for a reason of the cluster's."""
        pod = self._choose(self._pods(), trouble)
        if pod is not None:
            self._rig.machine.pods.disrupt(pod["metadata"]["uid"], reason)

    def evict(self, trouble: Trouble) -> None:
        """Let a kubelet end a pod."""
        pod = self._choose(self._pods(), trouble)
        if pod is not None:
            self._rig.machine.pods.evict(pod["metadata"]["uid"])

    def lose_node(self, trouble: Trouble) -> None:
        """Let a node lose its power."""
        machine = self._rig.machine
        machine.start(machine.pods.lose(f"n{trouble.index % 3 + 1}"))

    def hold(self, trouble: Trouble) -> None:
        """Suspend a Job."""
        job = self._choose(filter(is_open, self._hands.all(JOBS)), trouble)
        if job is not None:
            self._held[trouble] = job
            self._hands.patch(JOBS, job["metadata"]["name"], spec={"suspend": True})

    def let_go(self, trouble: Trouble) -> None:
        """Let a Job go on that was suspended."""
        job = self._held.get(trouble)
        if job is not None and self._hands.find(JOBS, *_name(job)) is not None:
            self._hands.patch(JOBS, job["metadata"]["name"], spec={"suspend": False})

    def restart(self, _trouble: Trouble) -> None:
        """End the controller in the middle of whatever it does, and start another."""
        self._rig.restart()

    # --- what people do -----------------------------------------------------------------------

    def steer(self, trouble: Trouble, desired: str) -> None:
        """Change the desired state of a run."""
        run = self._choose(self._rig.open_runs(), trouble)
        if run is None:
            return
        before = run["spec"].get("desiredState", "Run")
        if ENDS[before] < ENDS[desired] or (ENDS[before] == 0 and desired == "Pause"):
            self._held[trouble] = run
            self._hands.patch(
                WORKFLOW_RUNS, run["metadata"]["name"], spec={"desiredState": desired}
            )
            if desired != "Pause":
                self.touched.add(run["metadata"]["uid"])

    def go_on(self, trouble: Trouble) -> None:
        """Let a run go on that was paused."""
        held = self._held.get(trouble)
        run = held and self._hands.find(WORKFLOW_RUNS, *_name(held))
        if run and run["spec"].get("desiredState") == "Pause":
            self._hands.patch(WORKFLOW_RUNS, run["metadata"]["name"], spec={"desiredState": "Run"})

    def delete(self, resource: Resource, trouble: Trouble, policy: str = "Background") -> None:
        """Delete a Job, a pod or a TaskRun of a run that goes on."""
        going_on = {run["metadata"]["uid"] for run in self._rig.open_runs()}
        there = self._pods() if resource is PODS else self._hands.all(resource)
        task_of = self._rig.ledger.task_of
        theirs = (each for each in there if task_of(each["metadata"]["uid"]).run in going_on)
        item = self._choose(theirs, trouble)
        if item is None:
            return
        task = task_of(item["metadata"]["uid"])
        self.harmed[task] = self.harmed.get(task, 0) + 1
        self.touched.add(task.run)
        self._hands.delete(resource, item["metadata"]["name"], policy)

    def delete_run(self, trouble: Trouble) -> None:
        """Delete a run; perhaps somebody makes another of its name."""
        run = self._choose(self._hands.all(WORKFLOW_RUNS), trouble)
        if run is None:
            return
        self.touched.add(run["metadata"]["uid"])
        self._hands.delete(WORKFLOW_RUNS, run["metadata"]["name"])
        if trouble.times % 2:
            self._rig.submit(run["metadata"]["name"])

    def delete_workflow(self, trouble: Trouble) -> None:
        """Delete the workflow."""
        workflow = self._hands.find(WORKFLOWS, WORKFLOW)
        if workflow is not None:
            self._held[trouble] = workflow
            self._hands.delete(WORKFLOWS, WORKFLOW)

    def make_anew(self, trouble: Trouble) -> None:
        """Make the workflow again."""
        if trouble in self._held:
            self._rig.apply(self._held[trouble]["spec"])

    def _pods(self) -> list[Object]:
        """Return the pods that have not ended: nobody evicts or preempts another."""
        processes = self._rig.machine.pods.processes
        return [
            pod
            for pod in self._hands.all(PODS)
            if pod["metadata"]["uid"] in processes and pod["status"].get("phase") not in ENDED
        ]

    @staticmethod
    def _choose(items: Iterable[Object], trouble: Trouble) -> Object | None:
        there = list(items)
        return there[trouble.index % len(there)] if there else None


def _name(item: Object) -> tuple[str, str]:
    return item["metadata"]["name"], item["metadata"]["uid"]


Deed = Callable[[Meddling, Trouble], None]


def _nothing(_meddling: Meddling, _trouble: Trouble) -> None:
    pass


def _disrupt(reason: str) -> tuple[Deed, Deed]:
    return lambda meddling, trouble: meddling.disrupt(trouble, reason), _nothing


def _steer(desired: str) -> tuple[Deed, Deed]:
    return lambda meddling, trouble: meddling.steer(trouble, desired), Meddling.go_on


def _delete(resource: Resource, policy: str = "Background") -> tuple[Deed, Deed]:
    return lambda meddling, trouble: meddling.delete(resource, trouble, policy), _nothing


DISRUPTIONS: Final[dict[str, tuple[Deed, Deed]]] = {
    "a pod is evicted": _disrupt("EvictionByEvictionAPI"),
    "a pod is preempted": _disrupt("PreemptionByScheduler"),
    "the kubelet evicts a pod": (Meddling.evict, _nothing),
    "a node is lost": (Meddling.lose_node, _nothing),
    "a Job is suspended": (Meddling.hold, Meddling.let_go),
    "a run is paused": _steer("Pause"),
    "the controller ends, and another starts": (Meddling.restart, _nothing),
}

INTERVENTIONS: Final[dict[str, tuple[Deed, Deed]]] = {
    "Stop": _steer("Stop"),
    "Cancel": _steer("Cancel"),
    "Terminate": _steer("Terminate"),
    "a pod is deleted": _delete(PODS),
    "a Job is deleted": _delete(JOBS),
    "a Job is deleted after its pods": _delete(JOBS, "Foreground"),
    "a Job is deleted without its pods": _delete(JOBS, "Orphan"),
    "a TaskRun is deleted": _delete(TASK_RUNS),
    "a run is deleted": (Meddling.delete_run, _nothing),
    "the workflow is deleted": (Meddling.delete_workflow, Meddling.make_anew),
}
