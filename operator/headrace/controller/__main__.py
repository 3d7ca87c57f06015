"""Starts the controller: `python -m headrace.controller`."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import kopf
import uvloop

from headrace.controller.runtime import Runtime, Transports
from headrace.controller.settings import Settings, read
from headrace.door.heap import leave_alone
from headrace.door.life import Life
from headrace.kube.credentials import find
from headrace.kube.transport import HttpTransport

END_SECONDS = 60.0
"""How long the end may take. After this time, the process ends anyway."""


def main(arguments: Sequence[str]) -> int:
    """Run until a signal arrives, or until a part of this controller has failed for good."""
    settings = read(arguments)
    _logging(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    life = Life()
    credentials = find(os.environ, Path.home())
    async with HttpTransport(credentials) as work, HttpTransport(credentials) as lease:
        runtime = Runtime(settings, Transports(work, lease), life.over)
        return await life.of(_Whole(runtime), END_SECONDS)


class _Whole:
    """The controller, and what the process does once it has begun."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def start(self) -> None:
        """Begin; what is there by then stays for good."""
        await self._runtime.start()
        leave_alone()

    async def stop(self) -> None:
        """End in order."""
        await self._runtime.stop()


def _logging(settings: Settings) -> None:
    form = kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL
    kopf.configure(log_format=form)
    logging.getLogger().setLevel(settings.log_level.upper())
    for noisy in ("kopf", "kopf.objects", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # In a thread, kopf warns that it handles no signals: we do. The frame logs why kopf ended.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
