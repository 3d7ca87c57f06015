"""
The proof that a delivery comes from somebody who knows the secret.

Knows the headers of each scheme and the bytes that are signed. Pure: `now` comes in as a value.
Does not know where secrets come from, or what a delivery is for.

Sources: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
and https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NoBase64Error
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from headrace.api.v1alpha1.webhook import LONGEST_ID, WebhookScheme

SHORTEST: Final = 16
"""The fewest bytes of a secret: a shorter one can be guessed, and an empty one is known."""

TOLERANCE: Final = 300
"""How many seconds the time of a delivery of Standard Webhooks may differ from ours."""

SIGNATURES: Final = frozenset(
    {
        *("headrace-signature", "webhook-signature"),
        *("x-hub-signature", "x-hub-signature-256"),
    }
)
"""The headers with signatures."""

_PREFIX: Final = "sha256="
_VERSION: Final = "v1"
_STANDARD_PREFIX: Final = b"whsec_"

Headers = Mapping[str, str]
"""By name in lower case. Values of one name are joined by a comma."""

Secrets = Sequence[bytes]


def proven(
    scheme: WebhookScheme, headers: Headers, body: bytes, secrets: Secrets, now: datetime
) -> str | None:
    """
    Return the id of a delivery whose signature fits one of the secrets; None: none fits.

    The time that this takes tells nothing about the secrets.
    """
    return _SCHEMES[scheme](headers, body, secrets, now)


def usable(scheme: WebhookScheme, written: bytes) -> bytes | None:
    """Return the key that a Secret's entry holds; None: it is too short, or cannot be read."""
    key = written.rstrip(b"\r\n")
    if scheme is WebhookScheme.STANDARD:
        try:
            key = b64decode(key.removeprefix(_STANDARD_PREFIX), validate=True)
        except NoBase64Error:
            return None
    return key if len(key) >= SHORTEST else None


def _hmac(headers: Headers, body: bytes, secrets: Secrets, _now: datetime) -> str | None:
    delivery = _delivery(headers, "headrace-delivery")
    signed = f"{delivery}.".encode() + body
    good = _fits(_hex(signed), [headers.get("headrace-signature", "")], secrets)
    return delivery if good else None


def _github(headers: Headers, body: bytes, secrets: Secrets, _now: datetime) -> str | None:
    delivery = _delivery(headers, "x-github-delivery")
    good = _fits(_hex(body), [headers.get("x-hub-signature-256", "")], secrets)
    return delivery if good else None


def _standard(headers: Headers, body: bytes, secrets: Secrets, now: datetime) -> str | None:
    delivery, sent = _delivery(headers, "webhook-id"), headers.get("webhook-timestamp", "")
    signed = f"{delivery}.{sent}.".encode() + body
    given = headers.get("webhook-signature", "").split(" ")
    good = _fits(_base64(signed), given, secrets)
    return delivery if good and _recent(sent, now) else None


_SCHEMES: Final[
    Mapping[WebhookScheme, Callable[[Headers, bytes, Secrets, datetime], str | None]]
] = {
    WebhookScheme.HMAC: _hmac,
    WebhookScheme.GITHUB: _github,
    WebhookScheme.STANDARD: _standard,
}


def _delivery(headers: Headers, name: str) -> str | None:
    """Return the id of a delivery; None: there is none, or it is none that can be kept."""
    value = headers.get(name, "")
    fits = 1 <= len(value) <= LONGEST_ID and all("!" <= letter <= "~" for letter in value)
    return value if fits else None


def _recent(sent: str, now: datetime) -> bool:
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= len("9999999999")):
        return False
    return abs(now.timestamp() - int(sent)) <= TOLERANCE


def _hex(signed: bytes) -> Callable[[bytes], str]:
    return lambda secret: _PREFIX + hmac.new(secret, signed, sha256).hexdigest()


def _base64(signed: bytes) -> Callable[[bytes], str]:
    def signature(secret: bytes) -> str:
        digest = hmac.new(secret, signed, sha256).digest()
        return f"{_VERSION},{b64encode(digest).decode()}"

    return signature


def _fits(signature: Callable[[bytes], str], given: Iterable[str], secrets: Secrets) -> bool:
    """Compare each given signature with that of each secret, also after one has fitted."""
    wanted = [signature(secret).encode() for secret in secrets]
    written = [each.encode(errors="replace") for each in given]
    return any([hmac.compare_digest(one, other) for one in wanted for other in written])  # noqa: C419 - a generator would stop at the first that fits
