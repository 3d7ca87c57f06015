"""Starts the controller: `python -m headrace.controller`."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import kopf
import uvloop

from headrace.cluster.credentials import find
from headrace.cluster.transport import HttpTransport
from headrace.controller.handlers import registry
from headrace.controller.runtime import Runtime
from headrace.controller.settings import Settings, read


def main(arguments: Sequence[str]) -> int:
    """Run until a signal comes, or until this controller leads no longer."""
    settings = read(arguments)
    _logging(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    over = asyncio.Event()
    async with HttpTransport(find(os.environ, Path.home())) as transport:
        await kopf.operator(
            registry=registry(lambda: Runtime(settings, transport, over)),
            clusterwide=not settings.namespaces,
            namespaces=settings.namespaces,
            standalone=True,
            stop_flag=over,
        )
    return 1 if over.is_set() else 0


def _logging(settings: Settings) -> None:
    form = kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL
    kopf.configure(log_format=form)
    logging.getLogger().setLevel(settings.log_level.upper())
    for noisy in ("kopf", "kopf.objects", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
