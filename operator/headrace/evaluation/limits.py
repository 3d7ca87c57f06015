"""
The limits of an evaluation: processor time, memory, size.

Processor time, not time on the clock: on a busy machine a good expression takes long, and must not
fail for that. Knows the operating system's limits. Does not know expressions.
"""

import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STATM: Final = Path("/proc/self/statm")


OUT_OF_MEMORY: Final = 12
"""The exit code of a worker that ran out of memory, where the library did not abort it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may use."""

    processor_seconds: float = 0.25
    memory_bytes: int = 64 * 1024 * 1024
    """Beside what the worker needs for itself."""
    question_bytes: int = 1024 * 1024
    """Of the values that an expression reads, written for the worker."""
    answer_seconds: float = 20.0
    """On the clock, start of the worker included. Beyond it the machine is to blame, and no
    expression."""
    idle_seconds: float = 60.0
    """After which a worker that nobody asks ends: its memory is of use elsewhere."""


def limit_memory(limits: Limits) -> None:
    """Limit this process's memory from now on, where the system can: Linux."""
    if not STATM.exists():
        return
    pages = int(STATM.read_text().split()[0])
    most = pages * resource.getpagesize() + limits.memory_bytes
    with suppress(ValueError, OSError):  # Somebody else has set a lower limit.
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def forbid_core_files() -> None:
    """Leave no image of the memory behind when this process dies: values may be secret."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def begin_countdown(limits: Limits) -> None:
    """
    End this process (SIGPROF) once it has used its processor time, whatever it is doing.

    The library holds the interpreter's lock, so no thread and no handler in Python could end it.
    """
    signal.setitimer(signal.ITIMER_PROF, limits.processor_seconds)


def end_countdown() -> None:
    """Let this process live on."""
    signal.setitimer(signal.ITIMER_PROF, 0)
