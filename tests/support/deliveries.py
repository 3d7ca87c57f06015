"""
Senders of deliveries: signed as each scheme asks, and sent over real HTTP.

Signatures are made as the pages of the schemes describe them, and not by the receiver's own code.
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

SECRET: Final = "a-secret-of-24-characters"  # noqa: S105 - of tests
OLD: Final = "an-earlier-one-of-24-chars"
STANDARD: Final = "whsec_" + b64encode(b"24 bytes of a secret....").decode()

Signed = dict[str, str]


def as_github(
    body: bytes, delivery: str = "d-1", secret: str = SECRET, event: str = "push"
) -> Signed:
    """Return the headers that GitHub sends."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"sha256={digest}",
        "Content-Type": "application/json",
    }


def as_hmac(body: bytes, delivery: str = "d-1", secret: str = SECRET) -> Signed:
    """Return the headers of our own scheme."""
    digest = hmac.new(secret.encode(), delivery.encode() + b"." + body, hashlib.sha256)
    return {
        "Headrace-Delivery": delivery,
        "Headrace-Signature": f"sha256={digest.hexdigest()}",
        "Content-Type": "application/json",
    }


def as_standard(
    body: bytes, delivery: str = "msg_1", *, at: int, secret: str = STANDARD, before: str = ""
) -> Signed:
    """Return the headers of Standard Webhooks; `before` comes before the signature."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{delivery}.{at}.".encode() + body
    digest = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(at),
        "webhook-signature": f"{before}v1,{digest}",
        "Content-Type": "application/json",
    }


def body_of(payload: Any) -> bytes:
    """Return a payload as a sender writes it."""
    return json.dumps(payload).encode()


@dataclass(frozen=True, slots=True)
class Told:
    """What a sender was told."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> str | None:
        return self.body.get("run")

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", ""))


async def send(url: str, body: bytes, headers: Mapping[str, str]) -> Told:
    """Deliver, by a connection of its own."""
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        return Told(answer.status, await answer.json())
