"""Processes that want to lead; they can be cut off, stopped, continued and killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.kube.client import Client
from headrace.kube.lease import Elector
from headrace.kube.pace import Clock
from headrace.kube.resources import LEASES, Ref
from headrace.kube.sender import Settings
from headrace.kube.transport import Request, Response
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.virtual_time import now, seeded

REF = Ref(LEASES, "default", "headrace")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Process:
    """One that wants to lead. It can be cut off, stopped, continued and killed."""

    def __init__(self, server: ApiServer, name: str, wall_clock_ahead: float = 0) -> None:
        self.name = name
        self.server = server
        self.transport = _StoppableTransport(server, self)
        self.faults = self.transport.faults
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        clock = Clock(now=now, sleep=self._sleep)
        client = Client(self.transport, Settings(clock=clock), seeded(name))
        self.elector = Elector(
            client, REF, name, lambda: NOON + timedelta(seconds=now() + wall_clock_ahead)
        )
        self.terms: list[tuple[str, float, int]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def lease(self) -> dict[str, Any]:
        """The Lease as the server has it, not to be changed."""
        found = self.server.storage.find(LEASES, ("default", "headrace"))
        assert found is not None
        return found

    @property
    def leads(self) -> bool:
        return self.elector.still_mine()

    def start(self) -> "Process":
        self._task = asyncio.create_task(self.elector.run(self._gained, self._lost))
        return self

    def kill(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def terminate(self) -> None:
        """End in good order, as on SIGTERM."""
        self.kill()
        await self.elector.release()

    async def pause(self, seconds: float) -> None:
        """Stop this process for a while; time goes on."""
        self.goes_on.clear()
        await asyncio.sleep(seconds)
        self.goes_on.set()

    def _gained(self) -> None:
        self.terms.append(("gained", now(), self.elector.epoch))

    def _lost(self) -> None:
        self.terms.append(("lost", now(), self.elector.epoch))

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.goes_on.wait()


class _StoppableTransport(MemoryTransport):
    """Answers reach a process that is stopped only when it is continued."""

    def __init__(self, server: ApiServer, process: Process) -> None:
        super().__init__(server)
        self._process = process

    async def send(self, request: Request, seconds: float) -> Response:
        await self._process.goes_on.wait()
        return await self._when_it_goes_on(super().send(request, seconds))

    async def _when_it_goes_on(self, answer: Awaitable[Response]) -> Response:
        try:
            return await answer
        finally:
            await self._process.goes_on.wait()


@asynccontextmanager
async def candidates(*names: str) -> AsyncIterator[list[Process]]:
    """Start processes, the first of them early enough to lead."""
    server = ApiServer()
    processes = []
    for name in names:
        processes.append(Process(server, name).start())
        await asyncio.sleep(0.5)
    yield processes
    for process in processes:
        process.kill()
