"""
The secrets of webhooks: read when a delivery needs them, and kept for a few seconds.

Knows Secrets by name, one request for each. Does not know signatures, and shows no value.
"""

import asyncio
import logging
from base64 import b64decode
from binascii import Error as NoBase64Error
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import Struct
from msgspec import field as struct_field

from headrace.api.v1alpha1.webhook import WebhookScheme, WebhookSecret
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, ClusterError, forbidden, not_found, transient
from headrace.kube.resources import SECRETS, Ref
from headrace.receiver.signatures import SHORTEST, usable

FRESH_SECONDS: Final = 10.0
"""How long a Secret is not read again: as long does one that was changed still count."""

STALE_SECONDS: Final = 600.0
"""How long a Secret counts that cannot be read again, because the API server is away."""

ASK_SECONDS: Final = 3.0
"""How long a reading may take: senders wait some 10 seconds for their answer."""

MOST: Final = 1000
"""How many Secrets are kept at most."""

log = logging.getLogger(__name__)


class AwayError(Exception):
    """The API server does not say what is in the Secret: the delivery may come again later."""


class _Secret(Struct):
    """A Secret. Its data are never shown: a Struct without them in its text."""

    data: dict[str, Any] = struct_field(default_factory=dict)

    def __repr__(self) -> str:
        return "a Secret"


@dataclass(slots=True)
class _Kept:
    """What is known of one Secret."""

    read_at: float = float("-inf")
    data: dict[str, bytes] | None = field(default=None, repr=False)
    why: str = ""
    """Why there are no data."""
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class SecretReader:
    """Reads the Secrets that triggers name."""

    def __init__(self, client: Client) -> None:
        """Read with this client."""
        self._client = client
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._told: dict[tuple[str, str], str] = {}

    async def keys(
        self, namespace: str, ref: WebhookSecret, scheme: WebhookScheme
    ) -> tuple[bytes, ...]:
        """
        Return the keys that count now: the current one, and the previous one while it is there.

        What is wrong with a Secret is logged once: whoever sends a delivery must not learn it.

        Raises:
            AwayError: The API server is away, and the Secret was not read for long.

        """
        data, why = await self._data(namespace, ref.name)
        found = []
        for entry in (ref.key, ref.previous_key):
            key = usable(scheme, data[entry]) if entry in data else None
            if key is not None:
                found.append(key)
            elif entry in data:
                why = f"entry {entry!r} is no secret of at least {SHORTEST} bytes"
        if not why and ref.key not in data:
            why = f"it has no entry {ref.key!r}"
        self._tell(namespace, ref.name, why)
        return tuple(found)

    async def _data(self, namespace: str, name: str) -> tuple[dict[str, bytes], str]:
        if len(self._kept) > MOST:
            self._kept.clear()
        kept = self._kept.setdefault((namespace, name), _Kept())
        async with kept.reading:  # Many deliveries at once are one request.
            if self._client.clock.now() - kept.read_at > FRESH_SECONDS:
                await self._read(kept, Ref(SECRETS, namespace, name))
        return kept.data or {}, kept.why

    async def _read(self, kept: _Kept, ref: Ref) -> None:
        now = self._client.clock.now()
        try:
            secret = await self._client.get(ref, _Secret, within=ASK_SECONDS)
            kept.data, kept.why = _decoded(secret.data), ""
        except ClusterError as error:
            if not (not_found(error) or forbidden(error)):
                self._away(kept, ref, error, now)
                return
            kept.data, kept.why = None, _words(error, ref)
        kept.read_at = now

    def _away(self, kept: _Kept, ref: Ref, error: ClusterError, now: float) -> None:
        """Go on with what is known, if that is not too old."""
        if transient(error) and kept.data is not None and now - kept.read_at < STALE_SECONDS:
            return
        raise AwayError(f"{ref} cannot be read: {error}") from error

    def _tell(self, namespace: str, name: str, why: str) -> None:
        """Log a trouble when it begins, and not for each delivery."""
        if why and self._told.get((namespace, name)) != why:
            log.warning("Secret %s/%s: %s; its webhooks refuse deliveries", namespace, name, why)
        self._told[namespace, name] = why
        if len(self._told) > MOST:
            self._told.clear()


def _words(error: ClusterError, ref: Ref) -> str:
    if forbidden(error):
        return (
            "the receiver may not read it; add it to the chart's receiver.secrets, or bind a Role"
            f" with get of secrets {ref.name!r} in {ref.namespace!r}"
        )
    return error.message if isinstance(error, ApiError) else str(error)


def _decoded(data: dict[str, Any]) -> dict[str, bytes]:
    found = {}
    for name, written in data.items():
        try:
            found[name] = b64decode(written, validate=True)
        except (NoBase64Error, TypeError, ValueError):
            log.warning("entry %r of a Secret is no base64", name)
    return found
