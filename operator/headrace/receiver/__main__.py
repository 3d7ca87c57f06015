"""Starts the receiver: `python -m headrace.receiver`."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from headrace.door.life import Life
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
    life = Life()
    async with HttpTransport(find(os.environ, Path.home()), "headrace-receiver") as transport:
        runtime = Runtime(settings, transport, life.over)
        return await life.of(runtime, settings.drain_seconds + END_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
