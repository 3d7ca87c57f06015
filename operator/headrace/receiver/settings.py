"""The receiver's settings, from its command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.door.flags import Common, add_common


@dataclass(frozen=True, slots=True)
class Settings(Common):
    """How the receiver runs."""

    namespaces: tuple[str, ...]
    """Whose workflows take deliveries; there is at least one."""
    probe_port: int = 8081
    drain_seconds: float = 5.0


def read(arguments: Sequence[str]) -> Settings:
    """Read the command line; unknown flags end the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m headrace.receiver",
        description="Takes deliveries of webhooks, and starts runs of workflows.",
    )
    add = parser.add_argument
    add(
        "--namespace",
        action="append",
        required=True,
        metavar="NS",
        help="take deliveries for workflows of this namespace; can be repeated",
    )
    add(
        "--probe-port", type=int, default=8081, help="where /metrics, /livez and /readyz are served"
    )
    add(
        "--drain-seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="how long deliveries are still taken after SIGTERM: proxies notice late",
    )
    add_common(parser, Common(), "where deliveries come in")
    given = vars(parser.parse_args(arguments))
    namespaces = tuple(dict.fromkeys(given.pop("namespace")))
    return Settings(namespaces=namespaces, **given)
