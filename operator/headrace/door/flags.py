"""
The flags that all our small processes have: where they listen, how much they ask, what they log.

Does not know what they do.
"""

import argparse
from dataclasses import dataclass
from typing import Final

LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The values of these flags."""

    address: str | None = None
    """Of this machine, where all ports are; None: all addresses."""
    port: int = 8080
    qps: float = 200
    burst: int = 400
    log_format: str = "json"
    log_level: str = "info"


def add_common(parser: argparse.ArgumentParser, defaults: Common, port: str) -> None:
    """
    Add the flags to a command line.

    Args:
        parser: The command line.
        defaults: The values of flags that nobody gives.
        port: What the port is for, in words.

    """
    add, form = parser.add_argument, ("json", "plain")
    add("--address", metavar="ADDR", help="where the ports are (default: all addresses)")
    add("--port", type=int, help=port)
    add("--qps", type=float, help="requests a second to the API server, at most")
    add("--burst", type=int, help="requests at once, above --qps")
    add("--log-format", choices=form, help="form of the log")
    add("--log-level", choices=LEVELS, help="the lowest level that is logged")
    names = ("port", "qps", "burst", "log_format", "log_level")
    parser.set_defaults(**{name: getattr(defaults, name) for name in names})
