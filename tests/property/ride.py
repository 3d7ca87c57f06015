"""A ride of all runs of a plan through its troubles, and what must be true of it at its end."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from headrace.cluster.kinds import POOLS
from property.ledger import Task
from property.meddling import DISRUPTIONS, INTERVENTIONS, Meddling
from property.news_plans import NEWS, REQUESTS, Trouble
from property.news_rig import NewsRig
from property.plans import POOL_NAME, Plan
from support import oracle
from support.api_server import EPOCH
from support.api_storage import Object
from support.plumbing import manifest
from support.pod_machine import outputs
from support.virtual_time import now

DEEDS = DISRUPTIONS | INTERVENTIONS


class Ride:
    """All runs of a plan, from the first to the last."""

    def __init__(self, plan: Plan, seed: int, troubles: Sequence[Trouble] = ()) -> None:
        self._plan = plan
        self._troubles = troubles
        self._rig = NewsRig(plan.programs, plan.order, seed)
        self._meddling = Meddling(self._rig)
        self._ledger = self._rig.ledger

    async def go(self) -> tuple[float, list[str]]:
        """Return how many seconds it took, and what was wrong."""
        rig, began = self._rig, now()
        if self._plan.slots is not None:
            rig.hands.create(POOLS, manifest(POOLS, POOL_NAME, {"slots": self._plan.slots}))
        rig.apply(self._plan.spec)
        rig.coming = len(self._plan.runs) + sum(each.what in DEEDS for each in self._troubles)
        rig.restart()
        for name, at in self._plan.runs.items():
            rig.machine.start(self._submit(name, at))
        for each in self._troubles:
            rig.machine.start(self._happen(each, began))
        try:
            seconds = await rig.to_the_end()
        finally:
            await rig.close()
        self._check()
        return seconds, self._ledger.wrongs

    async def _submit(self, name: str, at: float) -> None:
        await asyncio.sleep(at)
        self._rig.submit(name)
        self._rig.coming -= 1

    async def _happen(self, trouble: Trouble, began: float) -> None:
        await asyncio.sleep(began + trouble.at - now())
        if trouble.what in DEEDS:
            begin, end = DEEDS[trouble.what]
            begin(self._meddling, trouble)
            self._rig.coming -= 1
            await asyncio.sleep(trouble.seconds)
            end(self._meddling, trouble)
        else:
            way = self._rig.ways[trouble.where]
            for happen in (NEWS | REQUESTS)[trouble.what]:
                happen(self._rig, way, trouble)
                await asyncio.sleep(trouble.seconds)

    # --- at the end ---------------------------------------------------------------------------

    def _check(self) -> None:
        runs = sorted(self._ledger.runs.values(), key=_place)
        replaced = runs[:-1] if self._plan.replaces else ()
        touched = self._meddling.touched | {run["metadata"]["uid"] for run in replaced}
        for run in runs:
            if run["metadata"]["uid"] not in touched:
                self._ended_as_planned(run)
        for pool in self._rig.hands.all(POOLS):
            told = [pool["status"].get(name, 0) for name in ("used", "waiting")]
            self._equal([0, 0], told, "who holds slots, and who waits for some")
        for task_run in self._ledger.task_runs.values():
            self._kept_its_policy(task_run, touched)

    def _ended_as_planned(self, run: Object) -> None:
        """Compare what became of a run with the plan."""
        uid, plan = run["metadata"]["uid"], self._plan
        for name in plan.programs:
            task = Task(uid, name)
            found = [each for each in self._ledger.task_runs.values() if self._is_of(each, task)]
            want = plan.attempts(name) if plan.starts(name) else []
            codes = [
                each.get("exitCode")
                for item in found
                for each in item["status"].get("attempts", ())
            ]
            waits = plan.waits(name)
            coded = not waits and not plan.items(name)
            self._equal(want if coded else [None] * len(want), codes, f"the exit codes of {task}")
            given = [each["spec"].get("env", [{}])[0].get("value") for each in found]
            self._equal([plan.variable(name)] * len(found), given, f"the variable of {task}")
            made = {number: n for (of, number), n in self._ledger.jobs.items() if of == task}
            jobs = {} if waits else {n + 1: 1 for n in range(len(want))}
            self._equal(jobs, made, f"the Jobs of {task}")
            self._took_its_time(task, found)
        bad = [name for name in plan.programs if plan.starts(name) and 0 not in plan.attempts(name)]
        told = [
            each["status"] == "True"
            for each in run["status"]["conditions"]
            if each["type"] == "Succeeded"
        ]
        self._equal([not bad], told, f"the success of {run['metadata']['name']}")

    def _took_its_time(self, task: Task, found: Sequence[Object]) -> None:
        """Compare the end of a wait, and what began after it, with its instant."""
        for wait in (each for each in found if self._plan.waits(task.name)):
            until = datetime.fromisoformat(wait["spec"]["waitUntil"])
            made = datetime.fromisoformat(wait["metadata"]["creationTimestamp"])
            told = datetime.fromisoformat(wait["status"]["completionTime"])
            self._equal(max(made, until), told, f"the end of {task}")
            for other, begins in self._ledger.begins.items():
                follows = task.name in self._plan.task(other.name).get("dependsOn", ())
                if other.run == task.run and follows:
                    early = [each for each in begins if each.at < (until - EPOCH).total_seconds()]
                    self._equal([], early, f"what {other} did before the end of {task}")

    def _kept_its_policy(self, task_run: Object, touched: set[str]) -> None:
        """Compare what is on record of a task with its policy, and with what was done to it."""
        task = self._ledger.task_of(task_run["metadata"]["uid"])
        if self._plan.waits(task.name):
            if task.run not in touched and "outcome" not in task_run["status"]:
                self._ledger.wrong(f"{task} has no end")
            return
        status, retry = task_run["status"], self._plan.task(task.name)["retry"]
        attempts, harm = status.get("attempts", ()), self._meddling.harmed.get(task, 0)
        reasons = [each.get("reason") for each in attempts]
        lost = sum(reason in oracle.INFRASTRUCTURE for reason in reasons)
        failed = reasons.count("NonZeroExit")
        if self._plan.items(task.name):  # Items fail, also because people deleted their pods.
            failed = max(0, reasons.count("ItemsFailed") - harm)
        if lost > min(harm, retry["infrastructureLimit"] + 1):
            self._ledger.wrong(f"{task} lost {lost} attempts, {harm} by people")
        if failed > retry["limit"] + 1:
            self._ledger.wrong(f"{task} failed {failed} times")
        numbers = {each.number for each in self._ledger.begins[task]}
        if len(numbers) > failed + lost + 1 + (harm if self._plan.items(task.name) else 0):
            self._ledger.wrong(f"{task} began {len(numbers)} times, told {reasons}")
        if status.get("outcome") == "Succeeded":
            self._kept_its_outputs(task, status)
        if task.run not in touched and "outcome" not in status:
            self._ledger.wrong(f"{task} has no end")

    def _kept_its_outputs(self, task: Task, status: Object) -> None:
        """Compare the outputs of a success with what its programs wrote."""
        got, taken = status.get("outputs"), self._rig.machine.pods.taken
        # What nobody could see before its pod was deleted is lost with the pod.
        harm = self._meddling.harmed.get(task, 0)
        unseen = harm or task in {self._ledger.task_of(uid) for uid in taken}
        want: object = outputs(len(status.get("attempts", ())))
        if self._plan.items(task.name):
            want, got = self._plan.items(task.name), (got or {}).get("count")
        if not unseen or (got is not None and not self._plan.items(task.name)):
            self._equal(want, got, f"the outputs of {task}")

    def _is_of(self, task_run: Object, task: Task) -> bool:
        return self._ledger.task_of(task_run["metadata"]["uid"]) == task

    def _equal(self, want: object, got: object, what: str) -> None:
        if want != got:
            self._ledger.wrong(f"{what}: wanted {want}, got {got}")


def _place(run: Object) -> tuple[str, str]:
    """Return where a run stands in the order of runs."""
    return run["metadata"]["creationTimestamp"], run["metadata"]["name"]


async def ride(plan: Plan, seed: int, troubles: Sequence[Trouble] = ()) -> tuple[float, list[str]]:
    """Return how many seconds the runs of a plan took, and what was wrong."""
    return await Ride(plan, seed, troubles).go()
