"""
Keeps kopf at work: begins it when there is something to watch, and anew when it has ended.

kopf ends its operator on the first odd answer to a watch, and at its end cancels every task of its
event loop that is younger than itself. So each of its operators gets a loop and a thread of its
own, and nothing else of the controller lives there; what it hears comes over to our loop.
Does not know what the events are worth.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import Final

import kopf

from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.handlers import Told, registry
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, forbidden
from headrace.kube.pace import Backoff

BACKOFF: Final = Backoff(first=1, longest=15)
"""Waits between two of kopf's operators, and between two looks for the CRDs."""
LIVED_SECONDS: Final = 60.0
"""An operator that lived for longer did not fail at once: the waits begin anew."""
LISTED_SECONDS: Final = 30.0
"""After so long a new operator has read its list, and tells of each deletion from then on."""
FOUND_SECONDS: Final = 60.0
"""After so long an operator has found what to watch, or it will not."""
END_SECONDS: Final = 5.0
"""How long an operator may take to end when we do."""
MISSING: Final = (
    f"the API server does not serve {WORKFLOWS.api_version} {WORKFLOWS.plural}: install the CRDs"
)

log = logging.getLogger(__name__)


class NothingToWatchError(Exception):
    """kopf did not find the workflows among what the API server says that it serves."""

    def __init__(self) -> None:
        super().__init__(MISSING)


class Frame:
    """One kopf operator after another, until it is told to end."""

    def __init__(
        self,
        told: Callable[[Told], None],
        missed: Callable[[], None],
        namespaces: tuple[str, ...],
        client: Client,
    ) -> None:
        """
        Prepare; `run` starts.

        Args:
            told: Told what is heard of workflows, in the loop that `run` runs in.
            missed: Called when kopf has begun anew: of what was deleted meanwhile, nothing is told.
            namespaces: Where to watch; empty: everywhere.
            client: To ask whether there are workflows at all.

        """
        self.trouble: str | None = "the workflows are not watched yet"
        """Why no workflow is watched; None: they are."""
        self._told = told
        self.missed = missed
        self._namespaces = namespaces
        self._client = client

    async def run(self) -> None:
        """Keep kopf at work until cancelled. Nothing else ends it."""
        failures, again = 0, False
        here = asyncio.get_running_loop()

        def pass_on(told: Told) -> None:
            with suppress(RuntimeError):  # The loop is closed, so nobody listens.
                here.call_soon_threadsafe(self._told, told)

        while True:
            await self._served()
            began = self._client.clock.now()
            try:
                await self._one(self._operate(pass_on), again=again)
                why = "it ended without a reason"
            except Exception as error:  # noqa: BLE001 - kopf ends by any
                why = f"{type(error).__name__}: {error}"
            lived = self._client.clock.now() - began
            failures = 1 if lived > LIVED_SECONDS else failures + 1
            self.trouble = f"the watch of workflows ended and starts again soon: {why}"
            log.warning("%s", self.trouble)
            await self._pause(failures)
            again = True

    async def _one(self, operator: Coroutine[None, None, None], *, again: bool) -> None:
        """Run one operator to its end, and say what it will not tell if it is not the first."""
        saying = asyncio.create_task(self._say_missed()) if again else None
        try:
            await _in_a_thread(operator)
        finally:
            if saying is not None:
                saying.cancel()

    async def _say_missed(self) -> None:
        await self._client.clock.sleep(LISTED_SECONDS)
        self.missed()

    async def _served(self) -> None:
        """Return when the API server serves workflows, whether we may read them or not."""
        failures = 0
        while True:
            try:
                if await self._client.discovers(WORKFLOWS):
                    return
                trouble = MISSING
            except ClusterError as error:
                if forbidden(error):
                    return  # kopf goes on asking for what it may not see.
                trouble = f"the API server does not say what it serves: {error}"
            failures += 1
            if trouble != self.trouble:
                log.warning("%s", trouble)
            self.trouble = trouble
            await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        await self._client.clock.sleep(BACKOFF.after(failures, self._client.random))

    async def _operate(self, pass_on: Callable[[Told], None]) -> None:
        """
        Run one operator to its end; in a loop of its own.

        Raises:
            NothingToWatchError: It has not found what to watch.

        """
        found = asyncio.Event()

        def note() -> None:
            if not found.is_set():
                self.trouble = None
                found.set()

        # Made before the operator, so that it does not take this task for one of its own.
        looking = asyncio.create_task(self._look(found))
        # Without a stop flag: its end would wait for the task that waits for the flag.
        operating = asyncio.create_task(
            kopf.operator(
                registry=registry(pass_on, note),
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
                standalone=True,
            )
        )
        try:
            await asyncio.wait([looking, operating], return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                looking.result()
            await operating
        finally:
            looking.cancel()
            operating.cancel()
            await asyncio.gather(looking, operating, return_exceptions=True)

    async def _look(self, found: asyncio.Event) -> None:
        """
        Give kopf its time to find what to watch.

        It looks only once, maybe at another API server than we did: then it must begin anew.
        """
        await self._client.clock.sleep(FOUND_SECONDS)
        if not found.is_set():
            raise NothingToWatchError


async def _in_a_thread(work: Coroutine[None, None, None]) -> None:
    """
    Run what is async in a loop and a thread of its own, and cancel it there if we are cancelled.

    The thread does not keep the process from ending.
    """
    here = asyncio.get_running_loop()
    result = here.create_future()
    there: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def begin() -> None:
        task = asyncio.create_task(work)
        there.append((asyncio.get_running_loop(), task))
        await task

    def settle(error: BaseException | None) -> None:
        if error is None:
            result.set_result(None)
        else:  # As it is, another loop's cancellation would be taken for ours.
            known = isinstance(error, Exception)
            result.set_exception(error if known else RuntimeError(repr(error)))

    def main() -> None:
        error: BaseException | None = None
        try:
            asyncio.run(begin())
        except BaseException as caught:  # noqa: BLE001 - a thread has nobody else to tell it
            error = caught
        with suppress(RuntimeError):  # The loop is closed, so nobody listens.
            here.call_soon_threadsafe(settle, error)

    Thread(target=main, name="kopf", daemon=True).start()
    try:
        await asyncio.shield(result)
    except asyncio.CancelledError:
        for loop, task in there:
            with suppress(RuntimeError):  # It is closed: it has ended by itself.
                loop.call_soon_threadsafe(task.cancel)
        await asyncio.wait([result], timeout=END_SECONDS)
        if result.done():
            result.exception()  # How it ended does not matter any more.
        raise
