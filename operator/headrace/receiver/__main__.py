"""Starts the receiver: `python -m headrace.receiver`."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from headrace.door.log_lines import configure
from headrace.kube.credentials import find
from headrace.kube.transport import HttpTransport
from headrace.receiver.runtime import Runtime
from headrace.receiver.settings import Settings, read

END_SECONDS = 20.0
"""How long the end may take, without the drain. After this time, the process ends anyway."""


def main(arguments: Sequence[str]) -> int:
    """Run until a signal arrives, or until a part of this receiver has failed for good."""
    settings = read(arguments)
    configure(settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    over, asked = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with HttpTransport(find(os.environ, Path.home()), "headrace-receiver") as transport:
        runtime = Runtime(settings, transport, over)
        starting = asyncio.create_task(runtime.start())
        waits = [asyncio.create_task(event.wait()) for event in (over, asked)]
        try:
            await asyncio.wait([starting, *waits], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (starting, *waits):
                task.cancel()
            async with asyncio.timeout(settings.drain_seconds + END_SECONDS):
                await runtime.stop()
    return 1 if over.is_set() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
