"""
The shell between the runner and a task's program, so that each may be killed alone.

The shell signs a lock with its process id, runs the program, and writes the exit code. The kernel
releases the lock when the shell ends, in any way. So the files alone show the state of the attempt,
and no process id must be trusted. Does not know runs, tasks or the state of the runner.
"""

import fcntl
import os
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from headrace.local import odd_names, untrusted
from headrace.local.folder import AttemptFiles

SHELL: Final = "/bin/sh"

# Standard input is the lock: 9 keeps it for the shell alone. A trapped signal, unlike an ignored
# one, still ends the program; the shell goes on and writes how it ended. At last everything goes
# that the program left behind in its process group, as in a container, and the shell with it.
# $0 is what the shell calls itself if it has to say something in the log; $1 is the file for the
# exit code, and no variable, since the program would see that. It is opened before the program
# runs: what the program may put in its place, such as a pipe, cannot hold the shell.
_SCRIPT: Final = """
exec 8>"$1" 9<&0 </dev/null
echo $$ >&9
trap : HUP INT QUIT TERM
(shift; exec "$@") 8>&- 9<&-
echo $? >&8
kill -KILL 0
"""
_SHELL_NAME: Final = "headrace"
_LONGEST_CODE: Final = 5
"""One byte more than the longest exit code with its line end."""

_SIGNING_SECONDS: Final = 0.005
"""The wait between looks at a lock that is held and not signed yet."""


@dataclass(frozen=True, slots=True)
class Program:
    """The program of one attempt."""

    arguments: tuple[str, ...]
    """The program, as an absolute path, and its arguments."""
    environment: Mapping[str, str] = field(repr=False)
    """All its variables. Never shown: they may hold secrets."""
    folder: Path
    removal: tuple[str, ...] = ()
    """A command that ends the parts outside of the process, such as a container."""


class CannotStartError(Exception):
    """The program cannot start. The text says why."""


def start(program: Program, files: AttemptFiles) -> subprocess.Popen[bytes]:
    """
    Start a program once: the name of the lock file prevents a second start.

    Raises:
        FileExistsError: The attempt was started before.
        CannotStartError: The operating system refuses to start it.

    """
    try:
        lock = os.open(files.lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise
    except OSError as error:
        raise CannotStartError(f"its files cannot be written: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        files.outputs.touch()
        carried = odd_names.carried(program.environment)
        with files.log.open("ab") as log, carried as (become, handles):
            return subprocess.Popen(  # noqa: S603 - to run what the manifest says is the purpose
                [SHELL, "-c", _SCRIPT, _SHELL_NAME, str(files.exit), *become, *program.arguments],
                stdin=lock,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env=odd_names.plain(program.environment),
                pass_fds=handles,
                start_new_session=True,
            )
    except (OSError, ValueError) as error:  # ValueError: a NUL character in an argument
        raise CannotStartError(f"the program cannot be started: {error}") from error
    finally:
        os.close(lock)


def running(files: AttemptFiles) -> int | None:
    """
    Return the process id, and process group, of an attempt that still runs; else None.

    Raises:
        FileNotFoundError: The attempt was never started.

    """
    lock = os.open(files.lock, os.O_RDWR)
    try:
        while not _free(lock):
            text = os.pread(lock, 32, 0)
            if text.endswith(b"\n"):
                return int(text)
            time.sleep(_SIGNING_SECONDS)  # it has just started, and signs at once
    finally:
        os.close(lock)
    return None


def wait(files: AttemptFiles) -> None:
    """Wait until an attempt's shell has ended."""
    lock = os.open(files.lock, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        os.close(lock)


def exit_code(files: AttemptFiles) -> int | None:
    """Return the program's exit code (128 + n after signal n), or None if none was written."""
    try:
        text, _ = untrusted.read(files.exit, _LONGEST_CODE)
    except (FileNotFoundError, untrusted.ReplacedError):
        return None
    return int(text) if re.fullmatch(rb"\d{1,3}\n", text) else None


def _free(lock: int) -> bool:
    """Return whether nobody holds the lock. Closing the file releases it again."""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True
