"""A cluster in memory that runs what a controller starts, and a ledger of what really happens."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import JOBS
from property.ledger import Ledger, Order, is_open
from property.news_controller import KINDS, WORKFLOW, WRITES, Controller
from support.api_hands import Hands
from support.api_server import ApiServer
from support.api_storage import Object
from support.api_transport import MemoryTransport
from support.node_machine import NodeMachine
from support.plumbing import manifest
from support.pod_machine import Program
from support.virtual_time import now, seeded

WAYS: Final = (*KINDS, "workflows", "tasktemplates", "clustertasktemplates", WRITES)
LATENCY: Final = 0.02
LONGEST: Final = 3600.0
LOOK: Final = 0.25  # How often a test looks whether all runs have ended.
SETTLE: Final = 30.0  # So long after the last end nothing may happen any more.


class NewsRig:
    """Runs of a workflow, a cluster that runs their Jobs, and a controller."""

    def __init__(
        self,
        programs: Mapping[str, Program],
        order: Order,
        seed: int,
        controller: type[Controller] = Controller,
    ) -> None:
        self.server = ApiServer()
        self.hands = Hands(self.server)
        self.ledger = Ledger(order)
        self.random = seeded(f"rig {seed}")
        self.server.storage.listeners.append(self.ledger.listen)
        self.machine = NodeMachine(
            self.server, programs, self.random, self.ledger.began, self.ledger.ended
        )
        self.ways = {name: MemoryTransport(self.server) for name in WAYS}
        for way in self.ways.values():
            way.faults.latency = LATENCY
        self.coming = 0
        """How many runs are still to be made, and how many things still to be done to them."""
        self._seed, self._kind = seed, controller
        self._controller: asyncio.Task[None] | None = None

    def apply(self, spec: dict[str, Any]) -> None:
        """Make the workflow."""
        self.hands.create(WORKFLOWS, manifest(WORKFLOWS, WORKFLOW, spec))

    def submit(self, name: str) -> None:
        """Make a run."""
        spec = {"workflow": WORKFLOW}
        self.hands.create(WORKFLOW_RUNS, manifest(WORKFLOW_RUNS, name, spec))

    def restart(self) -> None:
        """End the controller in the middle of whatever it does, and start another."""
        if self._controller is not None:
            self._controller.cancel()
        controller = self._kind(self.ways, self._seed, self.ledger.wrong)
        self._controller = asyncio.create_task(controller.run())

    async def to_the_end(self) -> float:
        """Return after how many seconds all runs ended; then nothing may be left to do."""
        began = now()
        while self.coming or any(self.open_runs()):
            assert now() - began < LONGEST, f"it does not end: {self.statuses()}"
            await asyncio.sleep(LOOK)
            self.check()
        seconds = self.ledger.ended_at - began
        await asyncio.sleep(SETTLE)
        self.check()
        for left in (*self.ledger.running.values(), *self.ledger.revenants):
            self.ledger.wrong(f"{left} runs on after the end")
        for job in filter(is_open, self.hands.all(JOBS)):
            self.ledger.wrong(f"Job {job['metadata']['name']} is left open after the end")
        return seconds

    def check(self) -> None:
        """Fail if the controller or the cluster did."""
        self.machine.check()
        if self._controller is not None and self._controller.done():
            self._controller.result()

    def open_runs(self) -> Iterator[Object]:
        """Yield the runs that have not ended."""
        yield from (
            each for each in self.hands.all(WORKFLOW_RUNS) if "completionTime" not in each["status"]
        )

    async def close(self) -> None:
        """End everything."""
        if self._controller is not None:
            self._controller.cancel()
            await asyncio.gather(self._controller, return_exceptions=True)
        await self.machine.close()

    def statuses(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what the TaskRuns say, by run and task."""
        return {
            (each["spec"]["run"], each["spec"]["task"]): each["status"]
            for each in self.hands.all(TASK_RUNS)
        }
