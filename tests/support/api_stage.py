"""The stage of stories whose controller is the real one: over the API server in memory."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from headrace.engine.definition.compile import Definition
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.engine.task.actions import Action
from headrace.kube.errors import ClusterError, StaleError
from headrace.loop.runs import reconcile
from support.api_cluster import ApiCluster
from support.api_writes import NotedWrites
from support.fake_cluster import FakeRun
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

TRIES = 5
"""How often a turn may begin anew because it met something newer."""


class ApiStage:
    """`ClusterWorld`, told by hand what is on the server. Time is that of a loop of its own."""

    def __init__(self) -> None:
        self._loop = VirtualTimeLoop()
        self._rig = self._run(_rig())
        self._way: NotedWrites = self._rig.transport
        self._again: dict[RunKey, datetime | None] = {}
        self.cluster = ApiCluster(self._way, self._loop, self._rig.clock)

    def close(self) -> None:
        """End the loop."""
        self._loop.close()

    def add_run(self, definition: Definition | None, name: str, **fields: Any) -> FakeRun:
        """Let somebody create a run."""
        return self.cluster.add_run(definition, name, **fields)

    def add_workflow(self, name: str, definition: Definition) -> None:
        """Let somebody create a workflow that tasks can call."""
        self.cluster.add_called(name, definition)

    def add_task_run(self, name: str) -> FakeRun:
        """Let somebody create a TaskRun on its own, and return it as a run."""
        return self.cluster.add_task_run(name)

    def observe(self, run: FakeRun) -> ObservedRun | None:
        """Return what the world shows of a run."""
        return self._run(self._observe(run.key))

    def look(self, run: FakeRun) -> datetime | None:
        """Give a run a turn; return when the controller wants to look again."""
        return self._run(self._look(run.key))

    def apply(self, run: FakeRun, actions: Sequence[Action]) -> None:
        """Ask the world for actions that no turn has decided upon."""
        self._run(self._rig.world.apply(run.key, actions))

    def held(self, pool: str) -> int:
        """Return how many slots of a pool are held, as the controller counts them."""
        held: int = self._run(self._held(pool))
        return held

    async def _held(self, pool: str) -> int:
        self.cluster.settle()
        self._rig.tell()
        return self._rig.held(pool)

    def due(self, run: FakeRun) -> datetime | None:
        """Return when the world has asked for a look at a run, in its last turn."""
        return self._rig.due.get(run.key)

    def restart(self) -> None:
        """End the controller's process and start another."""
        for run in self.cluster.runs.values():
            run.forget_deleted()
        self._run(self._restart())

    def wait_until(self, moment: datetime) -> None:
        """Let time pass."""
        self.cluster.wait((moment - self.cluster.now) / timedelta(seconds=1))

    def _run(self, coroutine: Any) -> Any:
        return self._loop.run_until_complete(coroutine)

    async def _restart(self) -> None:
        self._way.ended = False
        self._again.clear()
        self._rig.restart()

    async def _observe(self, key: RunKey) -> ObservedRun | None:
        self.cluster.settle()
        self._rig.tell()
        return await self._rig.world.observe(key)

    async def _look(self, key: RunKey) -> datetime | None:
        for _ in range(TRIES):
            self.cluster.settle()
            self._rig.tell()
            await self._rig.pool_turns()
            awake, before = self._wakes(key), len(self.cluster.writes)
            try:
                again = await reconcile(key, self._rig.world, self._rig.clock())
            except StaleError:
                self._rig.woken.append(key)
                continue
            except ClusterError:  # The queue of a controller tries again.
                self._rig.woken.append(key)
                raise
            finally:
                await _others()
                self.cluster.settle()
            self._again[key] = again
            if not awake:
                self._needs_no_look(key, self.cluster.writes[before:])
            self._rig.tell()
            await self._rig.pool_turns()
            return again
        raise AssertionError("each turn meets something newer")

    def _needs_no_look(self, key: RunKey, writes: Sequence[str]) -> None:
        """Check what was written in a look for which a controller had no cause."""
        log = self.cluster.runs[key].log
        if log.started is None and log.finished is None:
            # Whom else a run waits for may be old: nobody looks for these words alone.
            writes = [each for each in writes if each != "status"]
        assert not writes, f"nobody would have looked, and there was to do: {writes}"

    def _wakes(self, key: RunKey) -> bool:
        """Tell whether a controller would look at a run now, and forget why."""
        due, again = self._rig.due.pop(key, None), self._again.pop(key, None)
        now = self._rig.clock()
        timely = any(each is not None and each <= now for each in (due, again))
        told = key in self._rig.woken
        self._rig.woken[:] = [each for each in self._rig.woken if each != key]
        return told or timely


async def _rig() -> WorldRig:
    return WorldRig(way=NotedWrites)


async def _others() -> None:
    """Let what was begun and not waited for come to its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
