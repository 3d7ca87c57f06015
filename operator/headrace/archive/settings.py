"""The archive's settings, from its command line and environment."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from headrace.archive.pod_logs import Limits
from headrace.door.flags import Common, add_common

URL = "HEADRACE_ARCHIVE_URL"
"""The variable with the URL of the database: a URL has a password, and flags are read by many."""

USUAL = Common(qps=50, burst=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Common):
    """How the archive runs."""

    url: str
    namespaces: tuple[str, ...] = ()
    """Empty: all namespaces."""
    keep: timedelta | None = None
    """How long a run is kept after its end; None: for ever."""
    limits: Limits = field(default_factory=Limits)
    workers: int = 4
    qps: float = USUAL.qps
    burst: int = USUAL.burst


def read(arguments: Sequence[str]) -> Settings:
    """Read the command line; unknown flags end the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m headrace.archive",
        description="Writes ended runs into a SQL database, and marks them.",
        epilog=f"{URL} is the URL of the database: sqlite:////data/archive.db, or"
        " postgresql://user:password@host/database.",
    )
    add = parser.add_argument
    add("--namespace", action="append", default=[], metavar="NS", help="only runs of this one")
    add("--keep-days", type=int, default=0, metavar="N", help="remove older runs (0: never)")
    whole = Limits()
    add("--pod-log-bytes", type=int, default=whole.pod_bytes, metavar="N", help="of one pod")
    add("--run-log-bytes", type=int, default=whole.run_bytes, metavar="N", help="of a run's pods")
    add("--workers", type=int, default=4, help="how many runs are copied at the same time")
    add_common(parser, USUAL, "where /metrics, /livez and /readyz are served")
    given = vars(parser.parse_args(arguments))
    url = os.environ.get(URL, "")
    if not url:
        parser.error(f"set {URL} to the URL of the database, e.g. sqlite:////data/archive.db")
    days = given.pop("keep_days")
    limits = Limits(given.pop("pod_log_bytes"), given.pop("run_log_bytes"))
    return Settings(
        url=url,
        namespaces=tuple(dict.fromkeys(given.pop("namespace"))),
        keep=timedelta(days=days) if days else None,
        limits=limits,
        **given,
    )
