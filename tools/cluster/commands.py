"""
Running other programs and waiting for them.

Knows how to report a failed command. Does not know any program.
"""

import fcntl
import logging
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.cluster.failure import ClusterError

log = logging.getLogger("cluster")
_LAST_LINES = 15


class CommandFailedError(ClusterError):
    """A program ended with an exit code other than 0, or could not be started."""


def run(
    *command: str | Path,
    stdin: str | None = None,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """
    Run a program to its end and return what it wrote to standard output.

    Args:
        command: Program and arguments; no shell is involved.
        stdin: What the program reads.
        cwd: Where it runs.
        environ: Variables on top of this process's own.

    Raises:
        CommandFailedError: With the last lines of what the program wrote to standard error.

    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(  # noqa: S603 - the words come from this package, never from a shell
            words,
            input=stdin,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            text=True,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise CommandFailedError(f"{words[0]}: {error.strerror or error}") from error
    if done.returncode != 0:
        raise CommandFailedError(_story(words, done.returncode, done.stderr or done.stdout))
    return done.stdout


def succeeds(*command: str | Path, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the program can run and ends with exit code 0."""
    try:
        run(*command, environ=environ)
    except CommandFailedError:
        return False
    return True


def _story(words: Sequence[str], code: int, output: str) -> str:
    tail = "\n".join(output.strip().splitlines()[-_LAST_LINES:])
    return f"`{' '.join(words)}` ended with exit code {code}:\n{tail}"


def wait_until(what: str, holds: Callable[[], bool], seconds: float, every: float = 0.1) -> None:
    """
    Ask again and again until `holds` is true.

    Raises:
        ClusterError: It was not true within that many seconds; the message starts with `what`.

    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise ClusterError(f"{what}: not so after {seconds:.0f} seconds")
        time.sleep(every)


@contextmanager
def locked(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock between processes; the kernel releases it when the process ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
