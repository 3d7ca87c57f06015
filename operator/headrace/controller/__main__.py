"""Starts the controller: `python -m headrace.controller`."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import kopf
import uvloop

from headrace.controller.runtime import Runtime, Ways
from headrace.controller.settings import Settings, read
from headrace.kube.credentials import find
from headrace.kube.transport import HttpTransport

END_SECONDS = 60.0
"""How long the end may take before it is given up."""


def main(arguments: Sequence[str]) -> int:
    """Run until a signal comes, or until a part of this controller has failed for good."""
    settings = read(arguments)
    _logging(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    over, asked = asyncio.Event(), asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, asked.set)
    credentials = find(os.environ, Path.home())
    async with HttpTransport(credentials) as work, HttpTransport(credentials) as lease:
        runtime = Runtime(settings, Ways(work, lease), over)
        try:
            await runtime.start()
            waits = [asyncio.create_task(each.wait()) for each in (over, asked)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        finally:
            async with asyncio.timeout(END_SECONDS):
                await runtime.stop()
    return 1 if over.is_set() else 0


def _logging(settings: Settings) -> None:
    form = kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL
    kopf.configure(log_format=form)
    logging.getLogger().setLevel(settings.log_level.upper())
    for noisy in ("kopf", "kopf.objects", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # In a thread it warns that it takes no signals: we do. Of its end the frame tells the reason.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
