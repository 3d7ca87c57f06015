"""Starts the archive: `python -m headrace.archive`."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from headrace.archive.ledger.database import LedgerError
from headrace.archive.runtime import Runtime
from headrace.archive.settings import Settings, read
from headrace.door.life import Life
from headrace.door.log_lines import configure
from headrace.kube.credentials import find
from headrace.kube.transport import HttpTransport

END_SECONDS = 20.0
"""How long the end may take. After this time, the process ends anyway."""
WRONG_SETTINGS = 2


def main(arguments: Sequence[str]) -> int:
    """Run until a signal arrives, or until a part of this archive has failed for good."""
    settings = read(arguments)
    configure(settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    life = Life()
    async with HttpTransport(find(os.environ, Path.home()), "headrace-archive") as transport:
        try:
            runtime = Runtime(settings, transport, life.over)
        except LedgerError as error:
            sys.stderr.write(f"{error}\n")
            return WRONG_SETTINGS
        return await life.of(runtime, END_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
