"""
The running controller: caches, the Lease, and one term of leading after another.

Wires the parts together, and starts and stops them in order. Decides nothing about runs.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from time import monotonic
from typing import Any

from headrace.cluster.caches import Caches, Key, WorkflowKey
from headrace.cluster.kinds import NEW
from headrace.controller.frame import Frame
from headrace.controller.handlers import WorkflowChange
from headrace.controller.metrics import Metrics
from headrace.controller.openings import EVERYWHERE
from headrace.controller.roll_call import RollCall
from headrace.controller.settings import Settings
from headrace.controller.term import REST_SECONDS, House, Term, now
from headrace.door.door import Door
from headrace.door.life import Parts
from headrace.door.pages import app
from headrace.engine.pool.observed import PoolKey
from headrace.engine.run.observed import RunKey
from headrace.engine.text import duration
from headrace.evaluation.evaluator import Evaluator
from headrace.kube.client import Client
from headrace.kube.informer import Informer
from headrace.kube.lease import Elector
from headrace.kube.pace import Clock
from headrace.kube.quiet import QUIET_SECONDS
from headrace.kube.resources import LEASES, PODS, Ref, Scope
from headrace.kube.sender import Settings as Sending
from headrace.kube.transport import Transport
from headrace.loop.queue import WorkQueue

log = logging.getLogger(__name__)

LONGEST_TURN = timedelta(minutes=10)
"""A turn that has not ended after this time means that the process hangs."""
DRAIN_SECONDS = 20.0
QUIET_TIME = timedelta(seconds=QUIET_SECONDS)
CLOCK = Clock()
SOON_SECONDS = 1.0
"""How long a change that nobody waits for may wait, so that many changes share a turn."""


def _rest() -> float:
    return REST_SECONDS


@dataclass(frozen=True, slots=True)
class Transports:
    """The connections to the API server."""

    work: Transport
    lease: Transport
    """Separate, so that no other request delays a renewal of the Lease."""


class Runtime:
    """One controller, from its start to its end."""

    def __init__(
        self, settings: Settings, transports: Transports, over: asyncio.Event, clock: Clock = CLOCK
    ) -> None:
        """
        Wire all parts; nothing runs yet.

        Args:
            settings: How the controller runs.
            transports: The connections to the API server.
            over: Set when this controller must end, because a part of it has ended.
            clock: The time for the pace of requests and for the Lease.

        """
        self.settings = settings
        self.metrics = Metrics()
        self._random = Random()  # noqa: S311 - jitter, not secrets
        self._elector = Elector(
            Client(
                transports.lease, Sending(observe=self.metrics.request, clock=clock), self._random
            ),
            Ref(LEASES, settings.lease_namespace, settings.lease_name),
            settings.identity,
            now,
        )
        sending = Sending(
            rate=settings.qps,
            burst=settings.burst,
            observe=self.metrics.request,
            fence=self._elector.still_mine,
            clock=clock,
        )
        self._evaluator = Evaluator()
        self._client = Client(transports.work, sending, self._random)
        self.caches = Caches(
            self._at_once,
            self._touched,
            self._container_ended,
            self._soon,
            lambda namespace: namespace in self.term.openings,
        )
        self.informers = dict(self._make_informers())
        """By the name of the watched resource and namespace."""
        self._roll = RollCall(self._client, settings.namespaces, self.look_at_workflow)
        self._frame = Frame(
            self.look_at_workflow, self._roll.ask, settings.namespaces, self._client
        )
        self._running: dict[Key, float] = {}
        self.term = self._new_term()
        """The current term, or the next one."""
        self._at_work = asyncio.Lock()  # Held by the term whose turns run.
        self._parts = Parts("controller", over, log)
        self._leading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._door: Door | None = None
        self.over = over
        """Set when this controller must end."""
        self._show()

    @property
    def queue(self) -> WorkQueue[Key]:
        """The queue of the current term."""
        return self.term.queue

    def _new_term(self) -> Term:
        house = House(
            self.settings,
            self._client,
            self.metrics,
            self._evaluator,
            self.caches,
            self._roll,
            self._by_namespace(),
            self._opened,
            self._running,
        )
        return Term(house, self._random)

    def _show(self) -> None:
        """Read metrics that show a state, and not a count, only when somebody asks for them."""
        informers = self.informers.values()
        show = self.metrics
        show.depth.set_function(lambda: self.queue.depth)
        show.repairs.set_function(lambda: sum(informer.counts["repairs"] for informer in informers))
        show.silences.set_function(
            lambda: sum(informer.counts["silences"] for informer in informers)
        )
        show.silence.set_function(lambda: max(informer.silence for informer in informers))

    def _make_informers(self) -> Iterator[tuple[str, Informer[Any]]]:
        """Yield informers by the name of the watched resource and namespace."""
        for resource, selector, store in self.caches.watched():
            for namespace in self.settings.watched(namespaced=resource.namespaced):
                scope = Scope(resource, namespace, labels=selector)
                name = f"{resource} in {namespace or 'all namespaces'}"
                rest = self._rest_of_pods if resource is PODS else _rest
                new = resource in NEW
                informer: Informer[Any] = Informer(
                    *(self._client, scope, store), rest=rest, may_be_missing=new
                )
                yield name, informer

    def _by_namespace(self) -> dict[str, list[Informer[Any]]]:
        """Return what must be known before a namespace opens: what no namespace has, for each."""
        informers = self.informers.values()
        return {
            namespace: [
                informer
                for informer in informers
                if informer.scope.namespace == namespace or not informer.scope.resource.namespaced
            ]
            for namespace in self.settings.namespaces or (EVERYWHERE,)
        }

    def _rest_of_pods(self) -> float:
        """Return how long events of pods may gather: not at all while anything waits for them."""
        awaited = self.caches.awaited.anything or self.caches.crowded
        return 0.0 if awaited else REST_SECONDS

    async def start(self) -> None:
        """Start to watch, to answer probes, and to ask for the Lease."""
        pages = app(self.metrics.registry, self._alive, self.ready)
        self._door = Door(pages)
        await self._door.open(self.settings.port)
        for informer in self.informers.values():
            self._parts.spawn(informer.run())
        self._parts.spawn(self._elector.run(self._gained, self._lost))
        self._watching = self._parts.spawn(self._frame.run())
        self._parts.spawn(self._roll.run())

    async def stop(self) -> None:
        """End turns in order, let the next controller lead, then end kopf and the rest."""
        self.term.queue.stop()
        if self._leading is not None:
            await asyncio.wait([self._leading], timeout=DRAIN_SECONDS)
            self._leading.cancel()
        tasks = self._parts.cancel()
        others = (task for task in tasks if task is not self._watching)
        await asyncio.gather(*others, return_exceptions=True)
        await self._elector.release()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._evaluator.close()
        if self._door is not None:
            await self._door.close()

    def look_at_workflow(self, change: WorkflowChange) -> None:
        """
        Ask for a turn of a workflow, unless we wrote this version of the object ourselves.

        If its author made the change, ask also for the runs that wait for the workflow, and for
        its backfills.
        """
        key = WorkflowKey(change.namespace, change.name)
        changed = self._roll.note(change)
        if changed or not self.term.workflows.wrote(key, change.version):
            self._at_once(key)
        if changed and key.namespace in self.term.openings:
            for run in self.caches.waiting_runs(key):
                self._at_once(run)
            for backfill in self.caches.backfills.of((key.namespace, key.name)):
                self._at_once(backfill)

    def _opened(self, namespace: str) -> None:
        """Ask for a turn of each run and workflow in a namespace."""
        for key in (*self.caches.keys(namespace), *self._roll):
            if namespace in (EVERYWHERE, key.namespace):
                self._at_once(key)

    def _at_once(self, key: Key) -> None:
        if key.namespace in self.term.openings:
            # A free slot must not wait until the pool has rested.
            (self.queue.hurry if isinstance(key, PoolKey) else self.queue.add)(key)

    def _soon(self, key: Key) -> None:
        if key.namespace in self.term.openings:
            self.term.later(key, SOON_SECONDS)

    def _touched(self, task_run_uid: str) -> None:
        self.term.pictures.outdated(task_run_uid)

    def _container_ended(self, key: RunKey) -> None:
        if key.namespace in self.term.openings:
            self.metrics.container_ended(key)

    def _gained(self) -> None:
        self.metrics.leading.set(1)
        self._leading = self._parts.spawn(self._lead(self.term))

    def _lost(self) -> None:
        """Stand by: turns stop, the caches stay, and the elector goes on."""
        self.metrics.leading.set(0)
        if self._leading is not None:
            self._leading.cancel()
        self.term = self._new_term()

    async def _lead(self, term: Term) -> None:
        async with self._at_work:  # Waits until the turns of the previous term have ended.
            try:
                await term.run()
            finally:
                self.caches.stand_by()

    def _alive(self) -> str | None:
        oldest = min(self._running.values(), default=monotonic())
        late = monotonic() - oldest > LONGEST_TURN.total_seconds()
        return f"a turn has taken longer than {duration(LONGEST_TURN)}" if late else None

    def ready(self) -> str | None:
        """Return which watches have not started, or have failed; None: all is well."""
        informers = self.informers.items()
        waiting = [name for name, informer in informers if not informer.synced.is_set()]
        unlisted = f"not listed yet: {', '.join(waiting)}; the log says why" if waiting else None
        limit = QUIET_TIME.total_seconds()
        quiet = [name for name, informer in informers if informer.silence > limit]
        silent = f"no event for over {duration(QUIET_TIME)}: {', '.join(quiet)}"
        troubles = (self._frame.trouble, unlisted, silent if quiet and not waiting else None)
        return "; ".join(trouble for trouble in troubles if trouble) or None
