"""
A mail server with one user, whose mails a test can read.

PASSWORD has the password: everybody sees arguments. Prints a line of JSON with its port, and one
with the next mail for each line that it is asked. Refuses recipients at `refused.example.com`.
Ends with its standard input.
"""

import email
import email.policy
import json
import os
import queue
import sys
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Mails:
    """Keeps what comes."""

    def __init__(self) -> None:
        self.kept: queue.Queue[bytes] = queue.Queue()

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd asks for
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.endswith("refused.example.com"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.kept.put(envelope.content)
        return "250 OK"


def allowed(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, given: Any) -> Any:
    """Say whether somebody is the user."""
    right = (given.login, given.password) == (b"ada", os.environ["PASSWORD"].encode())
    return AuthResult(success=right, handled=False)


def main() -> None:
    """Serve until nobody reads any more."""
    mails = Mails()
    options = {"authenticator": allowed, "auth_required": True, "auth_require_tls": False}
    server = Controller(mails, hostname="127.0.0.1", port=int(sys.argv[1]), **options)
    server.start()
    answer({"port": int(sys.argv[1])})
    for _ in sys.stdin:
        mail = email.message_from_bytes(mails.kept.get(timeout=10), policy=email.policy.default)
        body = mail.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        answer({"subject": mail["subject"], "to": mail["to"], "headers": mail.keys(), "text": text})


def answer(told: Any) -> None:
    """Print a line."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
