"""
Sending a message to a destination, and what it means when that fails.

Knows apprise. A destination is an address with secrets in it: nothing here tells more of it than
the name of its service.
"""

import logging
import re
import time
from dataclasses import dataclass
from typing import Any

import apprise
from apprise.plugins import N_MGR
from task_contract import End, TryAgain, WrongInput, info

N_MGR.load_modules()  # Else the first address does that, in the middle of the work.

MOST = 50
LONGEST_WAIT = 60.0
MAY_BE_LATER = frozenset({"408", "425", "429"})

WEBHOOKS = ("json", "xml", "form")
"""The services of apprise that call any address: they send headers that we add."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told."""

    title: str
    body: str
    severity: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom it is told."""

    service: Any
    """One of apprise."""
    shown: str


class Said(logging.Handler):
    """Keeps what apprise says, to see why it failed. Nobody else gets it: it may have secrets."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.text += f"{record.getMessage()}\n"


def destinations_of(secret: bytes, key: str, seconds: int) -> list[Destination]:
    """
    Read the addresses of a secret, a line each.

    Args:
        secret: The lines; empty ones and those that begin with `#` do not count.
        key: What services that can know a message again by.
        seconds: How long to wait for each answer.

    Raises:
        WrongInput: There is none, or one that apprise does not know.

    """
    logging.getLogger("apprise").propagate = False
    lines = [line.strip() for line in secret.decode(errors="replace").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not 0 < len(lines) <= MOST:
        raise WrongInput(f"to has {len(lines):,} addresses; give it 1 to {MOST}, a line each")
    return [_destination(number, line, key, seconds) for number, line in enumerate(lines, start=1)]


def _destination(number: int, url: str, key: str, seconds: int) -> Destination:
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
    service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        raise WrongInput(f"to: address {number:,} is none that apprise knows; correct the secret")
    service.socket_connect_timeout = service.socket_read_timeout = float(seconds)
    schema = type(service).__module__.rpartition(".")[2]
    if schema == "pagerduty" and not service.dedup:
        service.dedup = key
    if schema.removeprefix("custom_") in WEBHOOKS:
        service.headers.setdefault("Idempotency-Key", key)
    return Destination(service, f"{service.service_name} ({number:,})")


def send(to: Destination, message: Message, tries: int) -> None:
    """
    Send a message, some times if it does not work.

    Raises:
        End: It was not sent.

    """
    for number in range(1, max(1, tries) + 1):
        said = _sent(to, message)
        if said is None:
            return
        why = _later(to, said)
        if number >= tries:
            raise TryAgain(f"{why}, {number:,} times; the next attempt tries again")
        pause = min(2.0 ** (number - 1), LONGEST_WAIT)
        info(f"{why}; again in {pause:.0f}s", attempt=number)
        time.sleep(pause)


def _sent(to: Destination, message: Message) -> str | None:
    """Send once; return what apprise says if that fails."""
    said, logger = Said(), logging.getLogger("apprise")
    logger.addHandler(said)
    logger.setLevel(logging.DEBUG)
    one = apprise.Apprise()
    one.add(to.service)
    try:
        done = one.notify(
            body=message.body,
            title=message.title,
            notify_type=apprise.NotifyType(message.severity),
            body_format=apprise.NotifyFormat.TEXT,
        )
    finally:
        logger.removeHandler(said)
    return None if done else said.text


def _later(to: Destination, said: str) -> str:
    """
    Return why a later try may work.

    Raises:
        End: None can.

    """
    if "CERTIFICATE_VERIFY_FAILED" in said:
        raise End(f"{to.shown}: its certificate is not valid; it must be renewed there")
    status = _found(r"\berror=(\d{3})\b", said)
    if re.search(r"Socket Exception: \(53\d,|SMTPAuthentication", said) or status in {"401", "403"}:
        raise WrongInput(f"{to.shown} refuses the credentials; correct the secret of to")
    refused = _found(r"Socket Exception: .{0,300}?\(?\b(5[05]\d)\b,", said)
    if refused:
        raise WrongInput(f"{to.shown} refuses the message with {refused}; correct the secret of to")
    if status.startswith("4") and status not in MAY_BE_LATER:
        raise WrongInput(f"{to.shown} answers {status}; correct the secret of to")
    return f"{to.shown} {f'answers {status}' if status else 'cannot be reached'}"


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    return found.group(1) if found else ""
