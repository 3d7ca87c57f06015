"""
A controller with history, and an archive, over one API server in memory and a real database.

The archive may be killed before or after any of its steps, and its database may go away. After each
second it is checked that no run has left the cluster that is not in the ledger.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from headrace.api.v1alpha1.labels import ARCHIVED
from headrace.archive.ledger.database import LedgerError, open_database, upgrade
from headrace.archive.ledger.reading import Reader
from headrace.archive.ledger.writing import Writer
from headrace.archive.runtime import Runtime
from headrace.archive.settings import Settings
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.subjects import Workflows
from headrace.engine.archive import ArchiveTerms
from headrace.engine.run.observed import RunKey
from headrace.kube.resources import JOBS
from headrace.kube.transport import Request, Response
from headrace.loop.subject import turn
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.plumbing import virtual_clock
from support.pods_by_hand import PodsByHand
from support.world_rig import WorldRig

T = TypeVar("T")

LIMIT: Final = timedelta(days=1)
SPEC: Final[dict[str, Any]] = {
    "tasks": [{"name": "a", "image": "busybox"}],
    "history": {"successfulRuns": 0, "failedRuns": 0, "jobSeconds": 0},
}
LINES: Final = b"2030-01-01T00:00:01Z one\n2030-01-01T00:00:02Z two\n"


@dataclass
class Kill:
    """When the archive is killed: before a step of its life, from 1, or after it."""

    step: int
    after: bool


@dataclass
class Fate:
    """What happens to an archive: its steps are counted over all its lives."""

    kill: Kill | None = None
    steps: int = 0
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False
    """Whether the database gives no answer."""

    async def before(self) -> None:
        """Begin a step."""
        self.steps += 1
        if self.kill == Kill(self.steps, after=False):
            await self._die()

    async def after(self) -> None:
        """End a step."""
        if self.kill == Kill(self.steps, after=True):
            await self._die()

    async def _die(self) -> None:
        """Do nothing more, as a process that is no more."""
        self.killed.set()
        await asyncio.get_running_loop().create_future()

    async def aside(self, what: Callable[..., T], *given: Any) -> T:
        """Ask the database."""
        await self.before()
        if self.away:
            raise LedgerError("the archive gives no answer")
        answer = what(*given)
        await self.after()
        return answer


class ArchiveTransport(MemoryTransport):
    """The way of the archive to the server, which has logs of pods too."""

    def __init__(self, server: ApiServer, fate: Fate) -> None:
        super().__init__(server)
        self._fate = fate
        self.log = LINES

    async def send(self, request: Request, seconds: float) -> Response:
        await self._fate.before()
        if "/log?" in request.target:
            response = Response(200, self.log, {})
        else:
            response = await super().send(request, seconds)
        await self._fate.after()
        return response


class ArchiveRig(WorldRig):
    """Workflows whose history keeps nothing, and an archive."""

    archive = ArchiveTerms(LIMIT)

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.pods = PodsByHand(self.server)
        self.lost = 0
        """How many runs history has deleted unarchived."""
        self.fate = Fate()
        self.runtime: Runtime
        events = EventRecorder(self.client, self.clock, "test")
        world = WorkflowWorld(
            *(self.caches, self.client, self.world.definitions, events, self.clock),
            archive=self.archive,
            unarchived=self._count,
        )
        self.workflows = Workflows(world, lambda _: None)
        self._engine = open_database(url)
        self.reader, self.writer = Reader(self._engine), Writer(self._engine)
        self._known: set[str] = set()

    def _count(self, number: int) -> None:
        self.lost += number

    async def start_archive(self) -> None:
        """Begin a life of the archive."""
        self.fate.killed.clear()
        self.transport_of_archive = ArchiveTransport(self.server, self.fate)
        self.runtime = Runtime(
            Settings(url=self.url, workers=1),
            self.transport_of_archive,
            asyncio.Event(),
            clock=virtual_clock(),
            now=self.clock,
            aside=self.fate.aside,
        )
        self._beginning = asyncio.create_task(self.runtime.begin())

    async def end_archive(self) -> None:
        """End the life of the archive: all that it had in mind is lost."""
        self._beginning.cancel()
        await asyncio.gather(self._beginning, return_exceptions=True)
        await self.runtime.stop()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    async def pass_time(self, seconds: int, step: int = 1) -> None:
        """Let time pass: programs end at once, a killed archive restarts."""
        for _ in range(0, seconds, step):
            await asyncio.sleep(step)
            if self.fate.killed.is_set():
                await self.end_archive()
                await self.start_archive()
            await self._control()
            self.check()

    async def _control(self) -> None:
        self.tell()
        for workflow in self.server.storage.all(WORKFLOWS):
            meta = workflow["metadata"]
            await turn(self.workflows, WorkflowKey(meta["namespace"], meta["name"]), self.clock())
        self.tell()
        for run in list(self.caches.runs):
            await self.turn(RunKey(*run.metadata.key))
        self.pods.settle()
        for job in self.server.storage.all(JOBS):
            if not job["status"].get("conditions"):
                self.pods.end(job, 0)
        self.tell()

    def check(self) -> None:
        """No run has left the cluster that is not in the ledger, or was given up."""
        here = {run["metadata"]["uid"] for run in self.runs()}
        gone = self._known - here
        self._known |= here
        missing = [uid for uid in gone if not self.writer.has(uid)]
        assert len(missing) <= self.lost, missing
        assert all(self.writer.has(uid) for uid in self.marked())

    def runs(self) -> Iterator[Any]:
        """Yield the runs in the cluster."""
        yield from self.server.storage.all(WORKFLOW_RUNS)

    def remove(self, name: str) -> None:
        """Let a person delete a run."""
        self.server.handle(Request("DELETE", WORKFLOW_RUNS.path("default", name)))

    def marked(self) -> list[str]:
        """Return the uids of the runs in the cluster that bear the mark."""
        return [
            run["metadata"]["uid"]
            for run in self.runs()
            if ARCHIVED in (run["metadata"].get("annotations") or {})
        ]


@asynccontextmanager
async def archiving(url: str) -> AsyncIterator[ArchiveRig]:
    """Return a rig whose archive runs."""
    engine = open_database(url)
    upgrade(engine)
    engine.dispose()
    rig = ArchiveRig(url)
    await rig.start_archive()
    try:
        yield rig
    finally:
        await rig.end_archive()
        rig.close()
