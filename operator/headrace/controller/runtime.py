"""
The running controller: caches that are kept true, a queue, workers, and the Lease.

Wires the pieces together and starts and stops them in order. Decides nothing about runs.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import Any

from aiohttp import web

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches, Key, WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.gather import TaskPictures
from headrace.cluster.statuses import StaleError
from headrace.cluster.subjects.run import ClusterWorld, Links
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.frame import Frame
from headrace.controller.handlers import Told
from headrace.controller.metrics import Metrics
from headrace.controller.openings import EVERYWHERE, Openings
from headrace.controller.roll_call import RollCall
from headrace.controller.settings import Settings
from headrace.controller.subjects import subjects
from headrace.controller.web import app
from headrace.engine.run.observed import RunKey
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, forbidden
from headrace.kube.informer import Informer
from headrace.kube.lease import Elector
from headrace.kube.resources import LEASES, PODS, Ref, Scope
from headrace.kube.sender import Settings as Sending
from headrace.kube.transport import Transport
from headrace.loop.queue import WorkQueue
from headrace.loop.subject import turn

log = logging.getLogger(__name__)

LONGEST_TURN = 600.0
"""Seconds after which a turn that has not ended means that the process hangs."""
DRAIN_SECONDS = 20.0
SOON_SECONDS = 1.0
"""How long what nothing waits for may wait, so that many such changes share a turn."""
REST_SECONDS = 0.5
"""How long news may gather that nothing waits for. What is planned is noticed at the same moments,
up to so much late: to wake up costs more than most of what is done then."""
WORDS = 900
"""Characters of an error that are shown on an object."""


def now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


def _rest() -> float:
    return REST_SECONDS


class Runtime:
    """One controller, from its start to its end."""

    def __init__(self, settings: Settings, transport: Transport, over: asyncio.Event) -> None:
        """
        Wire everything; nothing runs yet.

        Args:
            settings: How it runs.
            transport: To the API server.
            over: Set when this controller must end: it leads no longer.

        """
        self.settings = settings
        self.metrics = Metrics()
        random = Random()  # noqa: S311 - jitter, not secrets
        self._elector = Elector(
            Client(transport, Sending(observe=self.metrics.request), random),
            Ref(LEASES, settings.lease_namespace, settings.lease_name),
            settings.identity,
            now,
        )
        sending = Sending(
            rate=settings.qps,
            burst=settings.burst,
            observe=self.metrics.request,
            fence=self._elector.still_mine,
        )
        self._client = Client(transport, sending, random)
        self.queue: WorkQueue[Key] = WorkQueue(
            random, now, pacing=2.0, grain=REST_SECONDS, observe=self.metrics.turn
        )
        self._pictures = TaskPictures(lambda: self.caches, now)
        self.caches = Caches(
            self._at_once,
            self._pictures.outdated,
            self._container_ended,
            self._soon,
            lambda namespace: namespace in self._openings,
        )
        self._roll = RollCall(self._client, settings.namespaces, self.look_at_workflow)
        self._worlds()
        self._informers = dict(self._make_informers())
        self._openings = Openings(self._by_namespace(), self._opened)
        self._frame = Frame(
            self.look_at_workflow, self._roll.ask, settings.namespaces, self._client
        )
        self._running: dict[Key, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._web: web.AppRunner | None = None
        self._over = over

    def _worlds(self) -> None:
        events = EventRecorder(self._client, now, self.settings.identity)
        links = Links(now, self._later, events, self.metrics.job_created)
        runs = ClusterWorld(self.caches, self._client, self._pictures, links)
        self._workflows = WorkflowWorld(self.caches, self._client, runs.definitions, events, now)
        self._subjects = subjects(runs, self._workflows, self._roll.forget)

    def _make_informers(self) -> Iterator[tuple[str, Informer[Any]]]:
        """Yield informers by the name of what they watch."""
        for resource, selector, store in self.caches.watched():
            for namespace in self.settings.namespaces or ("",):
                scope = Scope(resource, namespace, labels=selector)
                name = f"{resource} in {namespace or 'all namespaces'}"
                rest = self._rest_of_pods if resource is PODS else _rest
                yield name, Informer(self._client, scope, store, rest=rest)

    def _by_namespace(self) -> dict[str, list[Informer[Any]]]:
        found: dict[str, list[Informer[Any]]] = {}
        for informer in self._informers.values():
            found.setdefault(informer.scope.namespace, []).append(informer)
        return found

    def _rest_of_pods(self) -> float:
        """Return how long news of pods may gather: not at all while tasks start by what it is."""
        return 0.0 if self.caches.awaited.anything else REST_SECONDS

    async def start(self) -> None:
        """Start to watch, to answer probes, and to try to lead."""
        pages = app(self.metrics.registry, self._alive, self.ready)
        self._web = web.AppRunner(pages, access_log=None)
        await self._web.setup()
        await web.TCPSite(self._web, port=self.settings.port).start()
        for informer in self._informers.values():
            self._spawn(informer.run())
        self._spawn(self._elector.run(self._gained, self._lost))
        self._watching = self._spawn(self._frame.run())
        self._spawn(self._roll.run())

    async def stop(self) -> None:
        """End turns in order, let the next controller lead, then end kopf and the rest."""
        self.queue.stop()
        if self._workers is not None:
            await asyncio.wait([self._workers], timeout=DRAIN_SECONDS)
            self._workers.cancel()
        for task in self._tasks:
            task.cancel()
        others = (task for task in self._tasks if task is not self._watching)
        await asyncio.gather(*others, return_exceptions=True)
        await self._elector.release()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._web is not None:
            await self._web.cleanup()

    def look_at_workflow(self, told: Told) -> None:
        """
        Ask for a turn of a workflow, unless this version of it is one that we wrote ourselves.

        If its author changed it, ask for the runs too that wait for it.
        """
        key = WorkflowKey(told.namespace, told.name)
        changed = self._roll.note(told)
        if changed or not self._workflows.wrote(key, told.version):
            self._at_once(key)
        if changed and key.namespace in self._openings:
            for run in self.caches.waiting_runs(key):
                self._at_once(run)

    def _opened(self, namespace: str) -> None:
        """Ask for a turn of all that is in a namespace."""
        for key in (*self.caches.keys(namespace), *self._roll):
            if namespace in (EVERYWHERE, key.namespace):
                self._at_once(key)

    def _at_once(self, key: Key) -> None:
        if key.namespace in self._openings:
            self.queue.add(key)

    def _soon(self, key: Key) -> None:
        if key.namespace in self._openings:
            self._later(key, SOON_SECONDS)

    def _container_ended(self, key: RunKey) -> None:
        if key.namespace in self._openings:
            self.metrics.container_ended(key)

    def _later(self, key: Key, seconds: float) -> None:
        self.queue.add_at(key, asyncio.get_running_loop().time() + seconds)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start what must go on for as long as this controller does."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """End the process if a part of it has: half a controller looks alive and does nothing."""
        if not task.cancelled() and task.exception() is not None:
            log.critical("a part of the controller ended", exc_info=task.exception())
            self._over.set()

    def _gained(self) -> None:
        self.metrics.leading.set(1)
        self._workers = self._spawn(self._lead())

    def _lost(self) -> None:
        """End: what is known may be outdated, and a new process learns it all anew."""
        self.metrics.leading.set(0)
        if self._workers is not None:
            self._workers.cancel()
        self._over.set()

    async def _lead(self) -> None:
        """Serve the queue. Into it comes what is in the namespaces that open one by one."""
        for namespace in self._openings.informers:
            self._spawn(self._openings.open(namespace))
        await self.queue.serve(self._turn, self.settings.workers)

    async def _turn(self, key: Key) -> datetime | None:
        self._running[key] = monotonic()
        try:
            return await turn(self._subjects[type(key)], key, now())
        except StaleError as stale:
            log.debug("%s: %s", key, stale)
            self.metrics.stale.inc()
            self.queue.add(key)
            return None
        except Exception as error:
            await self._complain(key, error)
            raise
        finally:
            del self._running[key]
            self.metrics.turn_over(key)

    async def _complain(self, key: Key, error: Exception) -> None:
        """Show on the object itself what keeps its turns from ending well."""
        if forbidden(error):
            reason, message = Reason.FORBIDDEN, str(error)[:WORDS]
        elif isinstance(error, ClusterError):
            return  # It passes: nothing is wrong with the object.
        else:
            reason = Reason.INTERNAL_ERROR
            message = f"a defect of the controller ({type(error).__name__}); see its log"
        with suppress(ClusterError):
            await self._subjects[type(key)].complain(key, reason, message)

    def _alive(self) -> str | None:
        oldest = min(self._running.values(), default=monotonic())
        late = monotonic() - oldest > LONGEST_TURN
        return f"a turn has taken longer than {LONGEST_TURN:.0f} s" if late else None

    def ready(self) -> str | None:
        """Return what is not watched yet; None: all is."""
        self.metrics.depth.set(self.queue.depth)
        self.metrics.repairs.set(sum(each.counts["repairs"] for each in self._informers.values()))
        waiting = [name for name, each in self._informers.items() if not each.synced.is_set()]
        unlisted = f"not listed yet: {', '.join(waiting)}; the log says why" if waiting else None
        return "; ".join(each for each in (self._frame.trouble, unlisted) if each) or None
