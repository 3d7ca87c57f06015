"""
Keeps kopf at work: starts an operator when the CRDs exist, and another one when it has ended.

kopf ends its operator on the first odd answer to a watch. At its end, it cancels every task of its
event loop that is younger than itself. So each operator gets a loop and a thread of its own, where
nothing else of the controller lives. Its events come over to our loop. This module does not know
what follows from an event.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import Final

import kopf

from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.handlers import WorkflowChange, registry
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, forbidden
from headrace.kube.pace import Backoff

BACKOFF: Final = Backoff(first=1, longest=15)
"""Waits between two operators, and between two looks for the CRDs."""
LIVED_SECONDS: Final = 60.0
"""After an operator that lived longer than this, the waits are short again."""
LISTED_SECONDS: Final = 30.0
"""After this time, a new operator has read its list and reports each deletion."""
FOUND_SECONDS: Final = 60.0
"""After this time, an operator has discovered the workflows, or it never will."""
END_SECONDS: Final = 5.0
"""How long an operator may take to end when the controller ends."""
MISSING: Final = (
    f"the API server does not serve {WORKFLOWS.api_version} {WORKFLOWS.plural}: install the CRDs"
)

log = logging.getLogger(__name__)


class NothingToWatchError(Exception):
    """kopf did not find workflows among the kinds that the API server serves."""

    def __init__(self) -> None:
        super().__init__(MISSING)


class Frame:
    """One kopf operator after another, until `run` is cancelled."""

    def __init__(
        self,
        notify: Callable[[WorkflowChange], None],
        missed: Callable[[], None],
        namespaces: tuple[str, ...],
        client: Client,
    ) -> None:
        """
        Prepare; `run` starts.

        Args:
            notify: Called with each change of a workflow, in the loop of `run`.
            missed: Called when a new operator has started: it reports no deletion before its start.
            namespaces: Where to watch; empty: everywhere.
            client: Asks the API server whether it serves workflows.

        """
        self.trouble: str | None = "the workflows are not watched yet"
        """Why no workflow is watched; None: workflows are watched."""
        self._notify = notify
        self.missed = missed
        self._namespaces = namespaces
        self._client = client

    async def run(self) -> None:
        """Keep kopf at work until cancelled. Nothing else ends this method."""
        failures, again = 0, False
        here = asyncio.get_running_loop()

        def pass_on(change: WorkflowChange) -> None:
            with suppress(RuntimeError):  # The loop is closed, so nobody listens.
                here.call_soon_threadsafe(self._notify, change)

        while True:
            await self._served()
            began = self._client.clock.now()
            try:
                await self._one(self._operate(pass_on), again=again)
                why = "kopf ended without a reason"
            except Exception as error:  # noqa: BLE001 - kopf ends by any
                why = f"{type(error).__name__}: {error}"
            lived = self._client.clock.now() - began
            failures = 1 if lived > LIVED_SECONDS else failures + 1
            self.trouble = f"the watch of workflows ended and starts again soon: {why}"
            log.warning("%s", self.trouble)
            await self._pause(failures)
            again = True

    async def _one(self, operator: Coroutine[None, None, None], *, again: bool) -> None:
        """Run one operator to its end. If it is not the first, report missed deletions."""
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
        """Return when the API server serves workflows, even if we may not read them."""
        failures = 0
        while True:
            try:
                if await self._client.discovers(WORKFLOWS):
                    return
                trouble = MISSING
            except ClusterError as error:
                if forbidden(error):
                    return  # kopf itself asks again for objects that it may not see.
                trouble = f"the API server does not say what it serves: {error}"
            failures += 1
            if trouble != self.trouble:
                log.warning("%s", trouble)
            self.trouble = trouble
            await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        await self._client.clock.sleep(BACKOFF.after(failures, self._client.random))

    async def _operate(self, pass_on: Callable[[WorkflowChange], None]) -> None:
        """
        Run one operator to its end, in a loop of its own.

        Raises:
            NothingToWatchError: kopf has not discovered the workflows.

        """
        discovered = asyncio.Event()

        def note() -> None:
            if not discovered.is_set():
                self.trouble = None
                discovered.set()

        # Created before the operator, which cancels younger tasks at its end.
        looking = asyncio.create_task(self._look(discovered))
        # Without a stop flag: kopf would wait at its end for the task that waits for the flag.
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

    async def _look(self, discovered: asyncio.Event) -> None:
        """
        Give kopf its time to discover the workflows.

        kopf looks only once, maybe at another API server than we did. Then a new operator must
        start.
        """
        await self._client.clock.sleep(FOUND_SECONDS)
        if not discovered.is_set():
            raise NothingToWatchError


async def _in_a_thread(work: Coroutine[None, None, None]) -> None:
    """
    Run a coroutine in a loop and a thread of its own, and cancel it there if we are cancelled.

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
        else:  # Unchanged, the cancellation of the other loop would look like our own.
            known = isinstance(error, Exception)
            result.set_exception(error if known else RuntimeError(repr(error)))

    def main() -> None:
        error: BaseException | None = None
        try:
            asyncio.run(begin())
        except BaseException as caught:  # noqa: BLE001 - nobody else sees an error of a thread
            error = caught
        with suppress(RuntimeError):  # The loop is closed, so nobody listens.
            here.call_soon_threadsafe(settle, error)

    Thread(target=main, name="kopf", daemon=True).start()
    try:
        await asyncio.shield(result)
    except asyncio.CancelledError:
        for loop, task in there:
            with suppress(RuntimeError):  # The loop is closed: the task has ended already.
                loop.call_soon_threadsafe(task.cancel)
        await asyncio.wait([result], timeout=END_SECONDS)
        if result.done():
            result.exception()  # How it ended does not matter any more.
        raise
