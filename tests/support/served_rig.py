"""
A served folder in virtual time: the server, its store in memory, and programs that take a while.

The store has a fuse: at a write of the test's choice, the server is killed before or after it. What
was committed is there when the next server starts, as on a disk.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import CANCELLING
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.run.observed import RunLog
from headrace.engine.siblings import limit_of
from headrace.local import runs
from headrace.local.folder import StateFolder
from headrace.local.inventory import Inventory
from headrace.local.news import Event, News
from headrace.local.reading import ObjectManifest, Reading
from headrace.local.records import RunRecord
from headrace.local.served_definitions import WorkflowManifest
from headrace.local.served_pools import ServedPools
from headrace.local.serving import house
from headrace.local.site import Site
from headrace.local.workflow_store import WorkflowStore
from support.virtual_time import now

START: Final = datetime(2030, 1, 31, tzinfo=UTC)


class KilledError(BaseException):
    """The server was killed. No `except Exception` may hear it."""


class FragileStore(WorkflowStore):
    """A database in memory that outlives servers."""

    def __init__(self) -> None:
        self.created: Counter[str] = Counter()
        """How often a run of each name was created."""
        self.fuse: int | None = None
        """After how many more steps the server is killed: each write has one before and after."""
        self.killed = asyncio.Event()
        super().__init__(Path(":memory:"))

    def add_run(self, record: RunRecord) -> None:
        try:
            super().add_run(record)
        finally:  # a server killed right after the write has created it too
            if self.has_run(record.key.name):
                self.created[record.key.name] += 1

    def version_of_others(self) -> int:
        return 0  # nobody else has a database in memory

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._step()
        with super()._transaction():
            yield
        self._step()

    def _step(self) -> None:
        if self.killed.is_set():
            raise KilledError
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.killed.set()
                raise KilledError


class Programs:
    """Carries runs on: each begins when it may, and succeeds after some seconds."""

    def __init__(
        self, site: Site, inventory: Inventory, news: News, seconds: Callable[[str], float]
    ) -> None:
        self._site = site
        self._inventory = inventory
        self._news = news
        self._seconds = seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, str] = {}

    def resume(self, runs: Sequence[tuple[str, str]]) -> None:
        for workflow, run in runs:
            self.carry(workflow, run)

    def limit(self, pools: object) -> None:
        pass

    def carry(self, workflow: str, run: str) -> None:
        self._waiting.pop(run, None)
        if run not in self._tasks:
            self._tasks[run] = asyncio.create_task(self._go(workflow, run))

    def changed(self, workflow: str) -> None:
        for run, own in tuple(self._waiting.items()):
            if own == workflow:
                self.carry(workflow, run)

    def hear(self) -> None:
        pass

    def look_again(self) -> None:
        pass

    def end(self) -> None:
        """Hear of no end any more."""
        for task in self._tasks.values():
            task.cancel()

    async def _go(self, workflow: str, run: str) -> None:
        with suppress(KilledError):
            await self._turns(workflow, run)

    async def _turns(self, workflow: str, run: str) -> None:
        store, clock = self._site.store, self._site.clock
        record, log = store.run(run), store.run_log(run)
        if record.desired in CANCELLING:
            log = replace(log, finished=clock(), reason=Reason.CANCELLED, succeeded=False)
        elif not log.begun:
            if not self._may_begin(workflow, run):
                self._waiting[run] = workflow
                del self._tasks[run]
                return
            log = RunLog(started=clock(), reason=Reason.RUNNING)
            store.write_run(run, log, clock())
            self._news.run_began(record)
        if log.finished is None:
            assert log.started is not None
            end = log.started + timedelta(seconds=self._seconds(workflow))
            await asyncio.sleep(max(0.0, (end - clock()).total_seconds()))
            log = replace(log, finished=clock(), reason=Reason.SUCCEEDED, succeeded=True)
        store.write_run(run, log, clock())
        del self._tasks[run]
        self._news.run_ended(record, log)
        self.changed(workflow)

    def _may_begin(self, workflow: str, run: str) -> bool:
        stored = self._site.store.workflow(workflow)
        if stored is None:  # a task on its own, or a workflow that is gone
            return True
        limit = limit_of(WorkflowSpec.model_validate_json(stored.spec).concurrency)
        others = [each for each in self._inventory.beside(workflow) if each.name != run]
        own = self._site.store.run(run).created
        ahead = [each for each in others if each.began or each.created < own]
        return limit is None or len(ahead) < limit


class Rig:
    """A folder, and one server after the other."""

    def __init__(self, folder: Path, seconds: Callable[[str], float] = lambda _: 1.0) -> None:
        """Make a folder of state there, and the folder itself if it is missing."""
        state = StateFolder(folder / "state")
        runs.prepare(state)
        self.store = FragileStore()
        self.site = Site(folder, state, self.store, self.clock)
        self.events: list[Event] = []
        self.down: list[tuple[datetime, datetime]] = []
        """When nobody served the folder."""
        self._seconds = seconds
        self._reading: Reading | None = None
        self._news = False
        self._begin = now()

    def clock(self) -> datetime:
        return START + timedelta(seconds=now() - self._begin)

    def write(
        self, specs: Mapping[str, Mapping[str, Any]], *objects: ObjectManifest, **more: Any
    ) -> None:
        """Replace all files: a file for each workflow. `more` are further fields of the reading."""
        task = {"name": "only", "image": "none", "command": ["true"]}
        self._reading = Reading(
            tuple(
                WorkflowManifest(
                    name,
                    "default",
                    WorkflowSpec.model_validate({"tasks": [task], **spec}).model_dump_json(
                        by_alias=True, exclude_unset=True
                    ),
                    {},
                    f"{name}.yaml",
                )
                for name, spec in specs.items()
            ),
            objects,
            **more,
        )
        self._news = True

    async def look(self) -> Reading | None:
        news, self._news = self._news, False
        return self._reading if news else None

    async def serve(self, seconds: float, writes: int | None = None) -> bool:
        """Serve for so long; return whether the server was killed before, at a step of a write."""
        self._news = True
        self.store.killed = asyncio.Event()
        self.store.fuse = writes
        inventory = Inventory(self.site.folder, self.store)
        pools = ServedPools(self.site)
        server = house(self.site, inventory, pools, self, self.events.append)
        programs = Programs(self.site, inventory, server.news, self._seconds)
        server.runs = programs
        serving = asyncio.create_task(server.serve())
        killed = asyncio.create_task(self.store.killed.wait())
        done, _ = await asyncio.wait(
            {serving, killed}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        self.store.fuse = None
        for task in (serving, killed):
            task.cancel()
        programs.end()
        results = await asyncio.gather(serving, killed, return_exceptions=True)
        expected = (asyncio.CancelledError, KilledError)
        wrong = [each for each in results if isinstance(each, BaseException)]
        assert all(isinstance(each, expected) for each in wrong), wrong
        self.store.killed = asyncio.Event()
        return bool(done)

    async def away(self, seconds: float) -> None:
        """Let nobody serve the folder for so long."""
        begin = self.clock()
        await asyncio.sleep(seconds)
        self.down.append((begin, self.clock()))

    def failures(self) -> list[Event]:
        """Return the turns that failed, which none should."""
        return [event for event in self.events if event.kind == "TurnFailed"]
