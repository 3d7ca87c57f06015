"""
An ended run, as the archive sees it: whether it is to be written, and whether it may be marked.

The mark comes after the row, so a marked run is in the ledger at any moment. A run that has called
others is marked after these: they are deleted together with it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from headrace.api.v1alpha1.labels import ARCHIVED
from headrace.archive.copying import Copier
from headrace.archive.ledger.database import LedgerError
from headrace.archive.ledger.writing import Writer
from headrace.archive.runs import EndedRun, Runs
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, ClusterError, conflict, not_found
from headrace.kube.objects import Projection
from headrace.kube.resources import Ref

T = TypeVar("T")
Key = tuple[str, str]
Aside = Callable[..., Awaitable[Any]]
"""Calls a function that may block, as `asyncio.to_thread` does."""

SETTLED: Final = timedelta(seconds=5)
"""How long after its end a run is copied: its last Events, and lines of logs, come a bit later."""


class AwayError(ClusterError):
    """The database gives no answer. It is asked again later."""


@dataclass(frozen=True, slots=True)
class SeenRun:
    """An ended run without a mark."""

    run: EndedRun
    finished: datetime
    calls_open: bool
    """Whether a run that it has called has no mark yet."""


@dataclass(frozen=True, slots=True)
class Archiving:
    """The decision on a run."""

    due: EndedRun | None = None
    """The run to write and then to mark."""
    look_again_at: datetime | None = None


def archiving(seen: SeenRun, now: datetime) -> Archiving:
    """Decide on a run. The same run and time give the same decision."""
    if seen.calls_open:
        return Archiving()  # The marks of those will wake this run.
    due = seen.finished + SETTLED
    return Archiving(look_again_at=due) if now < due else Archiving(due=seen.run)


class Archivist:
    """The ended runs of a cluster, and the ledger that keeps them."""

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        runs: Runs,
        client: Client,
        copier: Copier,
        writer: Writer,
        clock: Callable[[], datetime],
        *,
        aside: Aside,
        wrote: Callable[[], None] = lambda: None,
    ) -> None:
        """Copy from the cluster, write into the ledger; `wrote` is called for each new run."""
        self._runs = runs
        self._client = client
        self._copier = copier
        self._writer = writer
        self._clock = clock
        self._aside = aside
        self._wrote = wrote

    async def observe(self, key: Key) -> SeenRun | None:
        """Return a run; None: it goes on, is marked, or is gone."""
        run = self._runs.store.get(*key)
        if run is None or run.finished is None or run.marked:
            return None
        if run.metadata.deletion_timestamp is not None:
            return None
        return SeenRun(run, run.finished, self._runs.calls_open(run))

    def decide(self, seen: SeenRun, now: datetime) -> Archiving:
        """Decide whether the run is due."""
        return archiving(seen, now)

    async def apply(self, key: Key, decision: Archiving) -> None:
        """Write a run. A repetition changes nothing."""
        run = decision.due
        if run is None or await self._ask(self._writer.has, run.metadata.uid):
            return
        caller = self._runs.caller_uid(run)
        copy = await self._copier.copy(*key, run.metadata.uid, caller)
        if copy is not None and await self._ask(self._writer.keep, copy, self._clock()):
            self._wrote()

    async def record(self, key: Key, decision: Archiving) -> None:
        """Mark a run that was written. A repetition changes nothing."""
        if decision.due is None:
            return
        uid = decision.due.metadata.uid
        when = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"metadata": {"uid": uid, "annotations": {ARCHIVED: when}}}
        try:
            await self._client.patch(Ref(WORKFLOW_RUNS, *key), body, Projection)
        except ApiError as error:
            if not not_found(error) and not conflict(error):  # Another run has the name now.
                raise

    async def tidy(self, key: Key, decision: Archiving) -> None:
        """Delete nothing: the controller's history does."""

    async def _ask(self, what: Callable[..., T], *given: Any) -> T:
        try:
            answer: T = await self._aside(what, *given)
        except LedgerError as error:
            raise AwayError(str(error)) from error
        return answer
