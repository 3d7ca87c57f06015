"""
One delivery, from its proof to its answer.

An answer of 2xx with a run means that the API server has stored it. Two receivers, a restart or a
second delivery change nothing: the name of the run derives from the delivery, and is the lock. Does
not know HTTP, or how values are evaluated.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1.webhook import WebhookScheme, WebhookTrigger
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.engine.definition.expressions.types import Failure, Question, Scope, Value
from headrace.engine.definition.webhooks import WHEN, expressions_of
from headrace.engine.workflow.delivery import (
    NotWanted,
    Unusable,
    delivered,
    delivery_run_name,
)
from headrace.engine.workflow.observed import NewRun
from headrace.evaluation.evaluator import NoAnswerError
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, already_exists
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject, WholeObject
from headrace.manifests.objects import workflow_run
from headrace.manifests.run_spec import delivery_of
from headrace.receiver.answers import (
    LATER,
    NOT_WANTED,
    PING,
    REFUSED,
    SUSPENDED,
    Answer,
    Delivered,
    repeated,
    started,
    unusable,
)
from headrace.receiver.payload import PayloadError, payload, readable
from headrace.receiver.secrets import AwayError, SecretReader
from headrace.receiver.signatures import proven
from headrace.receiver.workflows import Hooked, Workflows

STORE_SECONDS: Final = 4.0
"""How long the API server may take to store a run: senders wait some 10 seconds."""

NAMES: Final = 3
"""How many names are tried, where runs of other deliveries have the first ones."""

NOBODYS: Final = (b"a secret that nobody has", b"so that each refusal takes as long")
"""As many secrets as a webhook may have."""

Evaluate = Callable[[Sequence[Question]], Awaitable[Sequence[Value | Failure]]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Proven:
    """A delivery that somebody with the secret has sent."""

    hooked: Hooked
    webhooks: tuple[WebhookTrigger, ...]
    """Those whose secret it is signed with."""
    id: str


class Deliveries:
    """Answers deliveries."""

    def __init__(
        self,
        client: Client,
        workflows: Workflows,
        evaluate: Evaluate,
        clock: Callable[[], datetime],
    ) -> None:
        """
        Store runs with a client.

        Args:
            client: For Secrets and runs.
            workflows: The workflows with webhooks.
            evaluate: Evaluates expressions, within limits.
            clock: The wall clock.

        """
        self._client = client
        self._workflows = workflows
        self._secrets = SecretReader(client)
        self._evaluate = evaluate
        self._clock = clock

    async def answer(self, delivery: Delivered) -> Answer:
        """Return the answer to a delivery, once its run is stored."""
        try:
            proof = await self._proof(delivery)
            return REFUSED if proof is None else await self._answer(delivery, proof)
        except (AwayError, NoAnswerError) as error:
            log.warning("%s/%s: %s", delivery.namespace, delivery.workflow, error)
            return LATER

    async def _proof(self, delivery: Delivered) -> _Proven | None:
        """Return who the delivery is for; None: it is for nobody who would know the sender."""
        hooked = self._workflows.find(delivery.namespace, delivery.workflow)
        body, headers, now = delivery.body, delivery.headers, self._clock()
        found: list[tuple[WebhookTrigger, str]] = []
        tried = 0
        for webhook in hooked.webhooks if hooked is not None else ():
            where = (delivery.namespace, webhook.secret_ref, webhook.scheme)
            keys = await self._secrets.keys(*where)
            tried += len(keys)
            identity = proven(webhook.scheme, headers, body, keys, now)
            if identity is not None:
                found.append((webhook, identity))
        if hooked is None or not found:
            proven(WebhookScheme.HMAC, headers, body, NOBODYS[tried:], now)
            return None
        first = found[0][1]
        same = tuple(webhook for webhook, identity in found if identity == first)
        return _Proven(hooked, same, first)

    async def _answer(self, delivery: Delivered, proof: _Proven) -> Answer:
        github = proof.webhooks[0].scheme is WebhookScheme.GITHUB
        if github and delivery.headers.get("x-github-event") == "ping":
            return PING
        if proof.hooked.suspended:
            return SUSPENDED
        try:
            given = {
                "payload": payload(delivery.body, delivery.headers),
                "headers": readable(delivery.headers),
            }
        except PayloadError as error:
            return unusable([str(error)])
        for webhook in proof.webhooks:
            made = await self._made(proof, webhook, given)
            if isinstance(made, Unusable):
                return unusable(made.problems)
            if isinstance(made, NewRun):
                return await self._stored(proof, made)
        return NOT_WANTED

    async def _made(
        self, proof: _Proven, webhook: WebhookTrigger, given: Mapping[str, Any]
    ) -> NewRun | NotWanted | Unusable:
        """Evaluate `when`, and what it lets through."""
        asked, scope = expressions_of(webhook, proof.hooked.params), Scope(delivery=given)
        values: dict[str, Value | Failure] = {}
        condition = asked.pop(WHEN, None)
        if condition is not None:
            (values[WHEN],) = await self._evaluate([Question(condition, scope)])
        if values.get(WHEN, True) is True:
            found = await self._evaluate([Question(each, scope) for each in asked.values()])
            values |= dict(zip(asked, found, strict=True))
        meta, params = proof.hooked.metadata, proof.hooked.params
        return delivered(meta.name, meta.uid, proof.id, params, values)

    async def _stored(self, proof: _Proven, run: NewRun) -> Answer:
        """Store a run, or find that it is stored."""
        meta = proof.hooked.metadata
        place = {"name": meta.name, "namespace": meta.namespace}
        for number in range(NAMES):
            name = delivery_run_name(meta.name, meta.uid, proof.id, number)
            manifest = workflow_run(place, replace(run, name=name))
            try:
                await self._client.create(WORKFLOW_RUNS, manifest, OwnObject, within=STORE_SECONDS)
            except ClusterError as error:
                if not already_exists(error):
                    log.warning("run %s/%s is not stored: %s", meta.namespace, name, error)
                    return LATER
                if await self._is_of(meta.namespace, name, proof.id):
                    return repeated(name)
            else:
                log.info("run %s/%s is stored", meta.namespace, name)
                return started(name)
        log.warning("%s/%s: runs of others have all names", meta.namespace, meta.name)
        return LATER

    async def _is_of(self, namespace: str, name: str, delivery: str) -> bool:
        """
        Return whether the run of a name is the delivery's.

        Raises:
            AwayError: The API server does not say.

        """
        ref = Ref(WORKFLOW_RUNS, namespace, name)
        try:
            run = await self._client.get(ref, WholeObject, within=STORE_SECONDS)
        except ClusterError as error:  # Perhaps it was deleted in between.
            raise AwayError(str(error)) from error
        return delivery_of(run.spec) == delivery
