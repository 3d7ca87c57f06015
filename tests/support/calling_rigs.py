"""
What the contract of worlds is tried on for called runs: one run that calls, and the run it called.

In each world the called workflow has one task, `a`, whose program a test lets end.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cluster.control import Stage
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.kube.errors import StaleError
from headrace.kube.resources import Ref
from headrace.loop.runs import reconcile
from headrace.manifests.kube import OwnObject
from headrace.manifests.names import job_name
from support.cluster_world import ClusterRig
from support.fake_cluster import FakeRun
from support.local_world import LocalRig
from support.world_contract import FakeRig, Rig

CALLED = "inner"
"""The name of the called workflow."""


class CallingRig(Rig, Protocol):
    """A world with a run that calls another one."""

    async def turn(self) -> None:
        """Let the engine look once at each run, the calling one first."""

    async def inner(self, task: str = "call") -> ObservedRun:
        """Return what the world shows of the run that a task's newest attempt has called."""

    async def end_inner(self, code: int = 0, output: str = "") -> None:
        """Let the program of the newest called run end, and wait until the world shows that."""

    async def steer(self, desired: DesiredState) -> None:
        """Let somebody change what is wanted of the calling run, and wait until it is shown."""


class FakeCallingRig(FakeRig):
    """The world in memory."""

    def __init__(self, outer: WorkflowSpec, inner: WorkflowSpec) -> None:
        super().__init__(outer)
        self._cluster.workflows[CALLED] = compile_workflow(inner)

    async def turn(self) -> None:
        for key in tuple(self._cluster.runs):
            await reconcile(key, self.world, self._cluster.now)

    async def inner(self, task: str = "call") -> ObservedRun:
        shown = await self.world.observe(self._newest(task).key)
        assert shown is not None
        return shown

    async def end_inner(self, code: int = 0, output: str = "") -> None:
        run = self._newest("call")
        self._cluster.end(run.task_runs["a"].newest(), code, output=output)

    async def steer(self, desired: DesiredState) -> None:
        self._cluster.steer(self._run, desired)

    def _newest(self, task: str) -> FakeRun:
        called = self._run.task_runs[task].called
        return called[max(called)]


class LocalCallingRig(LocalRig):
    """Processes on this machine."""

    def __init__(self, folder: Path, outer: WorkflowSpec, inner: WorkflowSpec) -> None:
        super().__init__(folder, outer, called={CALLED: inner.model_dump_json(by_alias=True)})

    async def turn(self) -> None:  # type: ignore[override] # it tells no time
        await super().turn()

    async def inner(self, task: str = "call") -> ObservedRun:
        name = await called_by(self, task)
        (world,) = (each for each in self.worlds if each.run.key.name == name)
        shown = await world.observe(world.run.key)
        assert isinstance(shown, ObservedRun)
        return shown

    async def end_inner(self, code: int = 0, output: str = "") -> None:
        self.end("a", code, output=output)
        while not inner_ended(await self.inner()):
            await self.world.change(None)

    async def steer(self, desired: DesiredState) -> None:
        self.world.desire(desired)


class ClusterCallingRig(ClusterRig):
    """Real pods."""

    async def turn(self) -> None:
        await self.look()
        for run in (await self.observed()).tasks:
            name = await called_by(self, run)
            if name:
                await self._look_at(RunKey(self.key.namespace, name))

    async def inner(self, task: str = "call") -> ObservedRun:
        key = RunKey(self.key.namespace, await called_by(self, task))
        await self.until_known(key)
        shown = await self.world.observe(key)
        assert shown is not None
        return shown

    async def end_inner(self, code: int = 0, output: str = "") -> None:
        run = await self.inner()
        self.end_job(job_name(run.key.name, run.uid, "a", 1), code, output)
        async with asyncio.timeout(120):
            while not inner_ended(await self.inner()):
                await self.news()

    async def steer(self, desired: DesiredState) -> None:
        ref = Ref(WORKFLOW_RUNS, self.key.namespace, self.key.name)
        await self.client.patch(ref, {"spec": {"desiredState": desired.value}}, OwnObject)
        await self.until(lambda run: run.desired is desired)

    async def _look_at(self, key: RunKey) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    await reconcile(key, self.world, datetime.now(UTC))  # noqa: TID251 - a real cluster has real times
                except StaleError:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.news(), 1)
                else:
                    return


async def on_a_cluster(stage: Stage, outer: WorkflowSpec, inner: WorkflowSpec) -> CallingRig:
    """Return a rig of real pods."""
    rig = ClusterCallingRig(stage)
    await rig.begin(outer)
    body = inner.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    await rig.create(WORKFLOWS, CALLED, {**body, "suspend": True})
    return rig


async def called_by(rig: Rig, task: str) -> str:
    """Return the name of the run that a task's newest attempt has called; empty: none."""
    seen = (await rig.observed()).tasks.get(task)
    sighting = seen.sighting if seen is not None else None
    return "" if sighting is None or sighting.passed is None else sighting.where.unit_name


def inner_ended(run: ObservedRun) -> bool:
    """Tell whether the program of a called run has ended."""
    sighting = run.tasks["a"].sighting
    return sighting is not None and not sighting.alive
