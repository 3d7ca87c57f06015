"""Ticks that start runs while no status can be written: `headrace.cluster.subjects.workflow`."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.subjects import Workflows
from headrace.engine.run.observed import RunLog
from headrace.kube.errors import ApiError
from headrace.kube.resources import EVENTS, Ref
from headrace.loop.subject import turn
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_status import run_status
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
KEY = WorkflowKey("default", "w")
EVERY_MINUTE = {"cron": "* * * * *"}
EVERY_90_SECONDS = {"everySeconds": 90}


class Outage:
    """A scheduled workflow whose runs end at once, and whose status cannot be written."""

    def __init__(self) -> None:
        self.rig = WorldRig()
        self.restart()
        self.made: Counter[str] = Counter()

    def restart(self) -> None:
        """Let a controller begin that knows nothing but what the API server holds."""
        rig = self.rig
        events = EventRecorder(rig.client, rig.clock, "test")
        world = WorkflowWorld(rig.caches, rig.client, rig.world.definitions, events, rig.clock)
        self.workflows = Workflows(world, gone=lambda _: None)

    async def begin(self, schedule: dict[str, Any], history: dict[str, Any]) -> None:
        """Make the workflow, give it its first turn, and refuse its statuses from then on."""
        task = {"name": "only", "image": "busybox"}
        spec = {"tasks": [task], "triggers": [{"schedule": schedule}], "history": history}
        await self.rig.make(WORKFLOWS, "w", spec)
        await self.turn()
        self.rig.faults.answer(
            422,
            times=float("inf"),
            where=lambda request: request.target.split("?")[0].endswith("/workflows/w/status"),
        )

    async def turn(self) -> None:
        """Give the workflow a turn; runs that it makes end well at once."""
        before = set(self.runs)
        with suppress(ApiError):
            await turn(self.workflows, KEY, self.rig.clock())
        for name in set(self.runs) - before:
            self.made[name] += 1
            await self._end(name)

    async def pass_time(self, seconds: int) -> None:
        """Let time pass, with a turn every ten seconds."""
        for _ in range(seconds // 10):
            await asyncio.sleep(10)
            await self.turn()

    async def delete_all(self) -> None:
        """Let somebody delete all runs."""
        for name in self.runs:
            run = self.rig.caches.runs.get("default", name)
            assert run is not None
            await self.rig.client.delete(Ref(WORKFLOW_RUNS, "default", name))
            self.rig.caches.runs.remove(run.metadata, run)

    @property
    def runs(self) -> list[str]:
        """The runs that are there."""
        return [item["metadata"]["name"] for item in self.rig.server.storage.all(WORKFLOW_RUNS)]

    @property
    def notes(self) -> list[str]:
        """The Events that were told."""
        return [item["note"] for item in self.rig.server.storage.all(EVENTS)]

    async def missed(self) -> int:
        """Return how many ticks the status calls missed."""
        return int((await self.rig.status(WORKFLOWS, "w"))["missedRuns"])

    async def _end(self, name: str) -> None:
        at = self.rig.clock()
        log = RunLog(succeeded=True, reason=Reason.SUCCEEDED, started=at, finished=at)
        status = run_status(log, Past(at))
        ref = Ref(WORKFLOW_RUNS, "default", name)
        ended = await self.rig.client.patch_status(ref, {"status": status}, OwnObject)
        self.rig.caches.runs.put(ended)


@pytest.mark.parametrize(
    "history", [{"successfulRuns": 0}, {"ttlSecondsAfterFinished": 60}], ids=["count", "age"]
)
@pytest.mark.parametrize("schedule", [EVERY_MINUTE, EVERY_90_SECONDS], ids=["cron", "seconds"])
@pytest.mark.parametrize("crash", [False, True], ids=["one controller", "a second one"])
async def test_a_tick_starts_once_though_its_run_may_be_deleted_soon(
    schedule: dict[str, Any], history: dict[str, Any], *, crash: bool
) -> None:
    """A run is kept until its tick is on record; then it goes, and no tick counts as missed."""
    story = Outage()
    await story.begin(schedule, history)

    await story.pass_time(400)
    if crash:
        story.restart()
        await story.pass_time(200)

    assert len(story.made) > 3
    assert {1} == set(story.made.values())
    assert sorted(story.made) == sorted(story.runs)

    story.rig.faults.mend()
    await story.pass_time(200)
    assert {1} == set(story.made.values())
    assert len(story.runs) <= 1
    assert (0, []) == (await story.missed(), story.notes)


async def test_a_tick_whose_run_somebody_deletes_meanwhile_starts_no_second_one() -> None:
    """The controller remembers what it made until the status says so."""
    story = Outage()
    await story.begin(EVERY_MINUTE, {})

    await story.pass_time(150)
    await story.delete_all()
    await story.pass_time(60)
    story.rig.faults.mend()
    await story.pass_time(60)

    assert {1} == set(story.made.values())
    assert len(story.made) > 3
    assert (0, []) == (await story.missed(), story.notes)


async def test_the_first_run_of_a_workflow_without_triggers_happens_once() -> None:
    """It is kept like the run of a tick."""
    story = Outage()
    story.rig.faults.answer(
        422, times=float("inf"), where=lambda request: "/workflows/w/status" in request.target
    )
    task = {"name": "only", "image": "busybox"}
    await story.rig.make(WORKFLOWS, "w", {"tasks": [task], "history": {"successfulRuns": 0}})

    await story.pass_time(30)
    assert {"w-once": 1} == story.made
    story.rig.faults.mend()
    await story.pass_time(60)  # It ended as the controller had just begun: others may follow.

    assert {"w-once": 1} == story.made
    assert [] == story.runs
