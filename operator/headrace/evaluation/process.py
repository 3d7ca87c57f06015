"""
One worker process, from its start to its end.

Knows pipes and signals. Does not know what the messages mean.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import headrace
from headrace.evaluation.limits import Limits
from headrace.evaluation.messages import HEADER, framed

WORKER: Final = "headrace.evaluation.worker"
SOURCE: Final = Path(headrace.__file__).parents[1]
LARGEST_ANSWER: Final = 32 * 1024 * 1024
"""The most bytes of an answer: results are bounded, and a worker that writes more is broken."""

INHERITED: Final = ("HOME", "LD_LIBRARY_PATH", "PATH")
"""What the interpreter may need to find its libraries. A worker gets no other variables: none with
a secret."""


class WorkerDiedError(Exception):
    """The worker ended before it gave an answer."""

    def __init__(self, code: int) -> None:
        """Keep its exit code, or the signal that ended it as a negative number."""
        super().__init__(f"exit code {code}" if code >= 0 else f"signal {-code}")
        self.code = code


class Worker:
    """A running worker process. It answers one question at a time."""

    def __init__(self, process: Process) -> None:
        """Speak with a process."""
        self._process = process

    @classmethod
    async def start(cls, limits: Limits) -> "Worker":
        """
        Start a worker. It shares nothing with this process, and no signal of its terminal.

        Raises:
            OSError: The system starts no process.

        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", WORKER, json.dumps(asdict(limits))),
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_variables(),
            start_new_session=True,
        )
        return cls(process)

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None

    async def ask(self, message: bytes) -> bytes:
        """
        Return the answer to a question.

        Raises:
            WorkerDiedError: It ended; this worker gives no more answers.

        """
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        try:
            self._process.stdin.write(framed(message))
            await self._process.stdin.drain()
            header = await self._process.stdout.readexactly(HEADER)
            size = int.from_bytes(header, "big")
            if size <= LARGEST_ANSWER:
                return await self._process.stdout.readexactly(size)
            self.kill()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        raise WorkerDiedError(await self._process.wait())

    def kill(self) -> None:
        """End it now, whatever it is doing."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """End it, and wait until it has gone."""
        self.kill()
        await self._process.wait()


def _variables() -> Mapping[str, str]:
    """Return a worker's environment: the same values on every machine, as far as can be."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    zones = find_spec("tzdata")
    assert zones is not None  # noqa: S101 - a dependency
    assert zones.origin is not None  # noqa: S101
    return {
        **inherited,
        "PYTHONPATH": str(SOURCE),
        "PYTHONTZPATH": "",  # Time zones come from the package, as those of schedules do.
        "TZDIR": str(Path(zones.origin).parent / "zoneinfo"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
