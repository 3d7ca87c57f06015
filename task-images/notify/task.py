"""
The program of the template `notify`: tells people and services of something.

Knows the message. How it is sent is `sending`.
"""

import hashlib
import re
from dataclasses import dataclass

from sending import Destination, Message, destinations_of, send
from task_contract import WrongInput, given, info, run, values_for, write_outputs

LONGEST_BODY = 20_000
LONGEST_TITLE = 250
SEVERITIES = ("info", "success", "warning", "failure")


@dataclass(frozen=True, slots=True)
class Order:
    """The parameters."""

    to: bytes
    title: str
    body: str = ""
    severity: str = "info"
    facts: bool = True
    link: str = ""
    tries: int = 4
    timeoutSeconds: int = 15  # noqa: N815 - the name of a parameter


def main() -> None:
    """Do what the parameters say."""
    order = values_for(Order)
    if order.severity not in SEVERITIES:
        raise WrongInput(f"severity {order.severity[:80]!r} is none of {', '.join(SEVERITIES)}")
    key = _key()
    found = destinations_of(order.to, key, max(1, order.timeoutSeconds))
    message = _message(order)
    for number, each in enumerate(found):
        _send(each, message, order.tries, found[:number])
    write_outputs(sent=len(found), key=key)
    info(f"told {', '.join(each.shown for each in found)}")


def _send(to: Destination, message: Message, tries: int, before: list[Destination]) -> None:
    """Send, and say who has the message already if that fails: the next attempt tells them too."""
    try:
        send(to, message, tries)
    except BaseException:
        if before:
            info(f"told {', '.join(each.shown for each in before)}, and nobody else")
        raise


def _message(order: Order) -> Message:
    """Return the message. A title is one line: in a mail it is a header."""
    title = " ".join(re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", " ", order.title).split())
    if not title:
        raise WrongInput("title is empty; give it a text")
    body = order.body
    if len(body) > LONGEST_BODY:
        body = f"{body[:LONGEST_BODY]}\n... and {len(order.body) - LONGEST_BODY:,} characters more"
    parts = [body, "\n".join(_facts()) if order.facts else "", order.link]
    return Message(
        title[:LONGEST_TITLE],
        "\n\n".join(part for part in parts if part) or title,
        order.severity,
    )


def _facts() -> list[str]:
    about = given()
    time = about.logical_time and about.logical_time.isoformat()
    named = (
        ("workflow", f"{about.namespace}/{about.workflow}" if about.workflow else ""),
        ("run", about.run),
        ("task", about.task),
        ("logical time", time),
    )
    return [f"{name}: {value}" for name, value in named if value]


def _key() -> str:
    """Return what is the same for each attempt of a task, and another for any other task."""
    about = given()
    index = "" if about.item is None else str(about.item.index)
    text = f"{about.namespace}/{about.run}/{about.task}/{index}"
    return f"headrace-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


if __name__ == "__main__":
    run(main)
