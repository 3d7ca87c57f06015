"""The receiver's settings, from its command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How the receiver runs."""

    namespaces: tuple[str, ...]
    """Whose workflows take deliveries; there is at least one."""
    address: str | None = None
    """Of this machine, where both ports are; None: all addresses."""
    port: int = 8080
    probe_port: int = 8081
    qps: float = 200
    burst: int = 400
    drain_seconds: float = 5.0
    log_format: str = "json"
    log_level: str = "info"


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
    add("--address", metavar="ADDR", help="where both ports are (default: all addresses)")
    add("--port", type=int, default=8080, help="where deliveries come in")
    add(
        "--probe-port", type=int, default=8081, help="where /metrics, /livez and /readyz are served"
    )
    add("--qps", type=float, default=200, help="requests a second to the API server, at most")
    add("--burst", type=int, default=400, help="requests at once, above --qps")
    add(
        "--drain-seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="how long deliveries are still taken after SIGTERM: proxies notice late",
    )
    add("--log-format", choices=("json", "plain"), default="json", help="form of the log")
    add(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="the lowest level that is logged",
    )
    given = vars(parser.parse_args(arguments))
    namespaces = tuple(dict.fromkeys(given.pop("namespace")))
    return Settings(namespaces=namespaces, **given)
