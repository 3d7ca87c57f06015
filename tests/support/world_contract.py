"""
What the contract of worlds is tried on: one run, and the hand that lets its programs end.

A world joins by a `Kind`: how to make a rig of it, and what its tasks must say to be ended by hand.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pytest

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.loop.runs import World, reconcile
from support.fake_cluster import FakeCluster, FakeJob, FakeRun
from support.fake_world import FakeWorld


class Rig(Protocol):
    """A world with one run in it."""

    @property
    def world(self) -> World:
        """The world; another one after `restart`."""

    @property
    def key(self) -> RunKey:
        """The run."""

    def restart(self) -> None:
        """End the process that the world is in, and start another."""

    def end(self, task: str, code: int = 0, number: int = 1, output: str = "") -> None:
        """Let a program end. The world may not show it yet when this returns."""

    def answer(self, task: str, choice: str, *, comment: str = "") -> None:
        """Let somebody answer the question of a task, if it is open."""

    def answer_item(self, task: str, index: int, choice: str) -> None:
        """Let somebody answer the question about an item in the first attempt."""

    def end_item(
        self, task: str, index: int, code: int = 0, number: int = 1, output: str = ""
    ) -> None:
        """Let the program of an item end. The world may not show it yet when this returns."""

    async def until_items_ended(self, task: str, count: int) -> None:
        """Wait until the world shows that so many items of the newest attempt have ended."""

    async def look(self) -> datetime | None:
        """Let the engine look once."""

    async def observed(self) -> ObservedRun:
        """Return what the world shows."""

    async def until_ended(self, *tasks: str) -> None:
        """Wait until the world shows that nothing of these tasks' newest attempts runs."""

    async def close(self) -> None:
        """End everything."""


@dataclass(frozen=True)
class Kind:
    """A kind of world."""

    make: Callable[[pytest.FixtureRequest, WorkflowSpec], Awaitable[Rig]]
    """Makes a rig with a run of a workflow, of the fixtures that it needs."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What a task says besides its name: a program that waits for `end`."""


class FakeRig:
    """The world in memory."""

    def __init__(self, spec: WorkflowSpec) -> None:
        self._cluster = FakeCluster()
        self.key = RunKey("default", "etl-1")
        definition = compile_workflow(spec)
        self._run = FakeRun(self.key, "uid-1", definition, self._cluster.now)
        self._cluster.runs[self.key] = self._run
        self.restart()

    def restart(self) -> None:
        self.world = FakeWorld(self._cluster)

    def end(self, task: str, code: int = 0, number: int = 1, output: str = "") -> None:
        self._cluster.end(self._run.task_runs[task].jobs[number], code, output=output)

    def answer(self, task: str, choice: str, by: str = "alice", comment: str = "") -> None:
        self._cluster.answer(self._run.task_runs[task].newest(), choice, by, comment)

    def answer_item(self, task: str, index: int, choice: str) -> None:
        asked = self._run.task_runs[task].children[1, index]
        assert isinstance(asked, FakeJob)
        self._cluster.answer(asked, choice)

    def end_item(
        self, task: str, index: int, code: int = 0, number: int = 1, output: str = ""
    ) -> None:
        job = self._run.task_runs[task].jobs[number]
        self._cluster.end_item(job, index, code, output=output)

    async def until_items_ended(self, task: str, count: int) -> None:
        items = self._run.task_runs[task].newest().sighting.items
        assert items is not None
        assert count <= len(items.ended)

    async def look(self) -> datetime | None:
        return await reconcile(self.key, self.world, self._cluster.now)

    async def observed(self) -> ObservedRun:
        run = await self.world.observe(self.key)
        assert run is not None
        return run

    async def until_ended(self, *tasks: str) -> None:
        for task in tasks:
            assert not self._run.task_runs[task].newest().sighting.alive

    async def close(self) -> None: ...


async def make_fake(_: pytest.FixtureRequest, spec: WorkflowSpec) -> Rig:
    """Return a rig in memory."""
    return FakeRig(spec)
