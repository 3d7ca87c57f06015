"""
The running receiver: the watch of workflows, the two ports, the evaluator.

Wires the parts together, and starts and stops them in order. Decides nothing about deliveries.
"""

import asyncio
import logging
from datetime import UTC, datetime
from random import Random
from typing import Final

from headrace.cluster.kinds import WORKFLOWS
from headrace.door.door import Door
from headrace.door.life import Parts
from headrace.door.pages import app
from headrace.evaluation.evaluator import Evaluator
from headrace.kube.client import Client
from headrace.kube.informer import Informer
from headrace.kube.pace import Clock
from headrace.kube.quiet import trouble
from headrace.kube.resources import Scope
from headrace.kube.sender import Settings as Sending
from headrace.kube.transport import Transport
from headrace.receiver.deliveries import Deliveries
from headrace.receiver.gate import Gate, Patience
from headrace.receiver.metrics import Metrics
from headrace.receiver.settings import Settings
from headrace.receiver.workflows import Workflows

CLOCK: Final = Clock()
PATIENCE: Final = Patience()

log = logging.getLogger(__name__)


def _now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


class Runtime:
    """One receiver, from its start to its end."""

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        over: asyncio.Event,
        clock: Clock = CLOCK,
        patience: Patience = PATIENCE,
    ) -> None:
        """
        Wire all parts; nothing runs yet.

        Args:
            settings: How the receiver runs.
            transport: The connections to the API server.
            over: Set when this receiver must end, because a part of it has ended.
            clock: The time for the pace of requests.
            patience: How long senders may take.

        """
        self._settings = settings
        self._clock = clock
        self._ending = False
        self.metrics = Metrics()
        sending = Sending(
            field_manager="headrace-receiver",
            rate=settings.qps,
            burst=settings.burst,
            observe=self.metrics.request,
            clock=clock,
        )
        client = Client(transport, sending, Random())  # noqa: S311 - jitter, not secrets
        self._evaluator = Evaluator()
        workflows = Workflows()
        self.metrics.workflows.set_function(lambda: len(workflows.store))
        self._informers = tuple(
            Informer(client, Scope(WORKFLOWS, namespace), workflows.store)
            for namespace in settings.namespaces
        )
        deliveries = Deliveries(client, workflows, self._evaluator.evaluate, _now)
        gate = Gate(deliveries.answer, self.metrics.delivery, patience)
        self.door = Door(gate.pages, patience.connections, gate.busy)
        self.probes = Door(app(self.metrics.registry, lambda: None, self.ready))
        self._parts = Parts("receiver", over, log)

    async def start(self) -> None:
        """Start to watch, and open both ports. Before the first list, nothing is answered 401."""
        hosts = None if self._settings.address is None else [self._settings.address]
        await self.probes.open(self._settings.probe_port, hosts)
        for informer in self._informers:
            self._parts.spawn(informer.run())
        for informer in self._informers:
            await informer.synced.wait()
        await self.door.open(self._settings.port, hosts)
        log.info("taking deliveries for %s", ", ".join(self._settings.namespaces))

    async def stop(self) -> None:
        """Stop in order: proxies look elsewhere, deliveries at work end, then the rest."""
        self._ending = True
        await self._clock.sleep(self._settings.drain_seconds)
        await self.door.close()
        await self._parts.end()
        await self._evaluator.close()
        await self.probes.close()

    def ready(self) -> str | None:
        """Return why no delivery should be sent here; None: all is well."""
        if self._ending:
            return "this receiver ends"
        return trouble(self._informers, "workflows")
