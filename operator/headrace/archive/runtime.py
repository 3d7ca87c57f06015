"""
The running archive: the watch of runs, the turns of those that ended, the end of old rows.

Wires the parts together, and starts and stops them in order. Decides nothing about runs.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Final

from headrace.archive.copying import Copier
from headrace.archive.ledger.database import LedgerError, open_database, upgrade
from headrace.archive.ledger.writing import BATCH, Writer
from headrace.archive.metrics import Metrics
from headrace.archive.pod_logs import LogReader
from headrace.archive.runs import Runs
from headrace.archive.settings import Settings
from headrace.archive.subject import Archivist, Aside, AwayError, Key
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.door.door import Door
from headrace.door.life import Parts
from headrace.door.pages import app
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.informer import Informer
from headrace.kube.pace import Backoff, Clock
from headrace.kube.quiet import trouble
from headrace.kube.resources import Scope
from headrace.kube.sender import Sender
from headrace.kube.sender import Settings as Sending
from headrace.kube.transport import Transport
from headrace.loop.queue import WorkQueue
from headrace.loop.subject import turn

DROP_SECONDS: Final = 3600.0
"""How often old runs are looked for."""
BACKOFF: Final = Backoff(first=1, longest=60)
CLOCK: Final = Clock()

log = logging.getLogger(__name__)


def wall_clock() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


class Runtime:
    """One archive, from its start to its end."""

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        settings: Settings,
        transport: Transport,
        over: asyncio.Event,
        *,
        clock: Clock = CLOCK,
        now: Callable[[], datetime] = wall_clock,
        aside: Aside = asyncio.to_thread,
    ) -> None:
        """
        Wire all parts; nothing runs yet.

        Args:
            settings: How the archive runs.
            transport: The connections to the API server.
            over: Set when this archive must end, because a part of it has ended.
            clock: The time for the pace of requests.
            now: The wall clock.
            aside: Calls what may block.

        """
        self._settings = settings
        self._clock = clock
        self._now = now
        self._aside = aside
        self._trouble: str | None = "the database is not open yet"
        self._random = Random()  # noqa: S311 - jitter, not secrets
        self.metrics = Metrics()
        self.queue: WorkQueue[Key] = WorkQueue(self._random, now)
        self._runs = Runs(self.queue.add)
        sending = Sending(
            field_manager="headrace-archive",
            rate=settings.qps,
            burst=settings.burst,
            observe=self.metrics.request,
            clock=clock,
        )
        client = Client(transport, sending, self._random)
        logs = LogReader(Sender(transport, sending, self._random), settings.limits)
        self._engine = open_database(settings.url)
        self._writer = Writer(self._engine)
        self._archivist = Archivist(
            *(self._runs, client, Copier(client, logs, settings.limits), self._writer, now),
            aside=aside,
            wrote=self.metrics.written.inc,
        )
        self._informers = tuple(
            Informer(client, Scope(WORKFLOW_RUNS, namespace), self._runs.store)
            for namespace in settings.namespaces or ("",)
        )
        self.metrics.waiting.set_function(self._waiting)
        self._door = Door(app(self.metrics.registry, lambda: None, self.ready))
        self._parts = Parts("archive", over, log)

    async def start(self) -> None:
        """Answer probes, and begin."""
        hosts = None if self._settings.address is None else [self._settings.address]
        await self._door.open(self._settings.port, hosts)
        await self.begin()

    async def begin(self) -> None:
        """Open the database, then watch runs and write those that ended."""
        await self._open_database()
        for informer in self._informers:
            self._parts.spawn(informer.run())
        self._parts.spawn(self.queue.serve(self.turn, self._settings.workers))
        if self._settings.keep is not None:
            self._parts.spawn(self._drop_now_and_then())

    async def stop(self) -> None:
        """Let no new turn begin, and end. A turn that is cut short is repeated by the next life."""
        self.queue.stop()
        await self._parts.end()
        await self._door.close()
        self._engine.dispose()

    async def turn(self, key: Key) -> datetime | None:
        """Give a run a turn."""
        try:
            again = await turn(self._archivist, key, self._now())
        except AwayError as error:
            self._trouble = str(error)
            self.metrics.failures.labels("database").inc()
            raise
        except ClusterError:
            self.metrics.failures.labels("cluster").inc()
            raise
        self._trouble = None
        return again

    def ready(self) -> str | None:
        """Return why runs are not archived now; None: all is well."""
        if self._trouble is not None:
            return self._trouble
        return trouble(self._informers, "runs")

    async def _open_database(self) -> None:
        """Bring the schema up to date, as soon as the database answers."""
        failures = 0
        while True:
            try:
                await self._aside(upgrade, self._engine)
            except LedgerError as error:
                failures += 1
                self._trouble = str(error)
                self.metrics.failures.labels("database").inc()
                log.warning("%s", error)
                await self._clock.sleep(BACKOFF.after(failures, self._random))
            else:
                self._trouble = None
                return

    async def _drop_now_and_then(self) -> None:
        while True:
            try:
                await self.drop_old()
            except LedgerError as error:
                log.warning("%s", error)
            await self._clock.sleep(DROP_SECONDS)

    async def drop_old(self) -> None:
        """Remove the runs that are older than they are kept."""
        assert self._settings.keep is not None  # noqa: S101 - else nobody asks
        while True:
            than = self._now() - self._settings.keep
            dropped = await self._aside(self._writer.drop_older, than)
            self.metrics.dropped.inc(dropped)
            if dropped < BATCH:
                return

    def _waiting(self) -> float:
        return sum(run.finished is not None and not run.marked for run in self._runs.store)
