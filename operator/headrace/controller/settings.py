"""
The settings of the controller: flags and environment.

Does not know what they steer.
"""

import argparse
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from headrace.engine.archive import ArchiveTerms

LEVELS = ("debug", "info", "warning", "error")
ARCHIVE = (
    "there is an archive: ended runs are not deleted before it has written them, or before N"
    " seconds after their end (default: there is none)"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How this controller runs."""

    namespaces: tuple[str, ...] = ()
    """Empty: all namespaces."""
    cluster_templates: bool = False
    """Whether ClusterTaskTemplates are read where namespaces are listed."""
    lease_namespace: str = "default"
    lease_name: str = "headrace"
    identity: str = "headrace"
    port: int = 8080
    workers: int = 16
    qps: float = 200
    burst: int = 400
    archive: ArchiveTerms | None = None
    """What the archive asks for; None: there is none."""
    log_format: str = "json"
    log_level: str = "info"

    def watched(self, *, namespaced: bool) -> tuple[str, ...]:
        """Return where to watch objects of a kind; an empty name stands for the whole cluster."""
        if namespaced:
            return self.namespaces or ("",)
        return ("",) if self.cluster_templates or not self.namespaces else ()


def read(arguments: Sequence[str]) -> Settings:
    """Read the command line; unknown flags end the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m headrace.controller", description="The Headrace controller."
    )
    add = parser.add_argument
    add(
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="watch this namespace only; can be repeated (default: all)",
    )
    add(
        "--cluster-templates",
        action="store_true",
        help="with --namespace, read ClusterTaskTemplates too (without: always)",
    )
    add(
        "--lease-namespace",
        default=os.environ.get("POD_NAMESPACE", "default"),
        metavar="NS",
        help="namespace of the Lease that decides which controller leads",
    )
    add("--lease-name", default="headrace", metavar="NAME", help="the name of that Lease")
    add(
        "--identity",
        default=os.environ.get("POD_NAME") or socket.gethostname(),
        metavar="NAME",
        help="the name of this controller in the Lease",
    )
    add("--port", type=int, default=8080, help="where /metrics, /livez and /readyz are served")
    add(
        "--workers",
        type=int,
        default=16,
        help="how many runs and workflows have a turn at the same time",
    )
    add("--qps", type=float, default=200, help="requests a second to the API server, at most")
    add("--burst", type=int, default=400, help="requests at once, above --qps")
    add("--archive-limit-seconds", type=int, default=0, metavar="N", help=ARCHIVE)
    add("--log-format", choices=("json", "plain"), default="json", help="form of the log")
    add("--log-level", choices=LEVELS, default="info", help="the lowest level that is logged")
    given = vars(parser.parse_args(arguments))
    namespaces = tuple(dict.fromkeys(given.pop("namespace")))
    limit = timedelta(seconds=given.pop("archive_limit_seconds"))
    return Settings(namespaces, archive=ArchiveTerms(limit) if limit else None, **given)
