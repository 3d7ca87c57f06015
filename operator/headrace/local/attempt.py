"""
One attempt on this machine, from its start or its takeover to its end.

Enforces the time limit of a running program, as a kubelet does. Decides nothing about what follows.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.classify import MAX_OUTPUT_BYTES, exit_words
from headrace.engine.task.observed import Ending, One, Sighting, Stage
from headrace.local import strays, supervision, untrusted
from headrace.local.folder import AttemptFiles
from headrace.local.process import GRACE_SECONDS, Process
from headrace.local.records import AttemptRecord, ForcedEnd
from headrace.local.removal import remove
from headrace.local.supervision import CannotStartError, Program

INTERRUPTED: Final = "all its processes were killed, or the machine stopped"
_REPLACED: Final = (
    "the file that HEADRACE_OUTPUTS names is no longer a file: {}; write the outputs into the file"
)
_SIGNALLED: Final = 128


class LiveAttempt:
    """
    An attempt that was recorded.

    Args:
        record: The stored record.
        files: Its files.
        on_forced_end: Called before headrace ends the attempt: the reason must be stored first.
        on_end: Called once when no process of it runs any more.
        grace: Seconds from SIGTERM to SIGKILL.

    """

    def __init__(
        self,
        record: AttemptRecord,
        files: AttemptFiles,
        on_forced_end: Callable[["LiveAttempt"], None],
        on_end: Callable[[], None],
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.record = record
        self._files = files
        self._on_forced_end = on_forced_end
        self._on_end = on_end
        self._grace = grace
        self._process: Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started: datetime | None = None
        self._ending: Ending | None = None
        self._leaving = False
        self._removal: tuple[str, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether a process of it still runs."""
        return self._process is not None

    def start(self, program: Program) -> None:
        """Start its program. If it cannot start, the attempt has ended with the reason."""
        self._removal = program.removal
        try:
            child = supervision.start(program, self._files)
        except CannotStartError as error:
            self.refuse(str(error))
            return
        self._started = datetime.now(UTC)
        self._process = Process(self._files, child.pid, child, self._ended, self._grace)
        self._limit_time()

    def refuse(self, why: str) -> None:
        """End it before it began."""
        self._force_end(ForcedEnd(Reason.START_ERROR, why))
        self._ending = self._what_became()

    def find(self, removal: tuple[str, ...]) -> None:
        """
        Take over an attempt that an earlier runner started.

        Args:
            removal: A command that ends what lives outside of its process, such as a container.

        Raises:
            FileNotFoundError: It was never started.

        """
        self._removal = removal
        if self.record.forced_end is not None and not self._files.lock.exists():
            self._ending = self._what_became()  # it was refused
            return
        pid = supervision.running(self._files)
        self._started = _changed(self._files.lock)  # its shell signed it when it started
        if pid is not None:
            self._process = Process(self._files, pid, None, self._ended, self._grace)
            self._limit_time()
        else:
            if supervision.exit_code(self._files) is None:
                strays.kill(self._files.outputs)
                remove(self._removal)
            self._ending = self._what_became()

    def terminate(self) -> None:
        """Ask it to end; after the grace period, kill it."""
        if self._process is not None:
            self._leaving = True
            self._process.terminate()

    def kill(self) -> None:
        """Kill it now."""
        if self._process is not None:
            self._leaving = True
            self._process.kill()

    def sighting(self) -> Sighting:
        """Return its sighting."""
        return Sighting(
            self.record.number,
            Stage.RUNNING if self._ending is None else Stage.ENDED,
            created=self.record.created,
            started=self._started,
            ending=self._ending,
            alive=self.alive,
            leaving=self._leaving,
            memory=self.record.memory,
        )

    def _limit_time(self) -> None:
        if self.record.limit is None or self._started is None:
            return
        spent = (datetime.now(UTC) - self._started).total_seconds()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, self.record.limit - spent), self._time_out)

    def _time_out(self) -> None:
        if supervision.exit_code(self._files) is not None:
            return  # it ended in time, and is only waiting to be seen
        message = f"ran longer than timeouts.attemptSeconds ({self.record.limit})"
        self._force_end(ForcedEnd(Reason.ATTEMPT_TIMEOUT, message))
        self.terminate()

    def _force_end(self, forced_end: ForcedEnd) -> None:
        self.record = replace(self.record, forced_end=forced_end)
        self._on_forced_end(self)

    def _ended(self) -> None:
        """Kill surviving processes, and only then report the end."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._leaving and supervision.exit_code(self._files) is not None:
            self._settle()
            return
        strays.kill(self._files.outputs)
        if not self._removal:
            self._settle()
            return
        removing = asyncio.get_running_loop().run_in_executor(None, remove, self._removal)
        removing.add_done_callback(lambda _: self._settle())

    def _settle(self) -> None:
        self._process = None
        self._ending = self._what_became()
        self._on_end()

    def _what_became(self) -> Ending:
        code = supervision.exit_code(self._files)
        at = self._finished() if code is not None else datetime.now(UTC)
        forced_end = self.record.forced_end
        if forced_end is not None:
            return Ending(at, One(code), forced_end.reason, forced_end.message)
        if code is None:
            return Ending(at, reason=Reason.INTERRUPTED, message=INTERRUPTED)
        try:
            output, size = _outputs(self._files)
        except untrusted.ReplacedError as error:
            if not code:
                return Ending(at, One(code), Reason.INVALID_OUTPUTS, _REPLACED.format(error))
            output, size = "", 0
        message = exit_words(code, _signalled(code), output) if code else ""
        return Ending(at, One(code), message=message, output=output, output_bytes=size)

    def _finished(self) -> datetime:
        # The clock of files may be a tick behind ours, and nothing ends before it began.
        written = _changed(self._files.exit)
        return max(written, self._started or written)


def _changed(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _signalled(code: int) -> str:
    """Return the usual meaning of an exit code above 128; empty for any other."""
    try:
        name = signal.Signals(code - _SIGNALLED).name
    except ValueError:
        return ""
    hint = ", which is also how the kernel ends it when memory runs out" if code == 137 else ""  # noqa: PLR2004 - SIGKILL
    return f" ({name}{hint})"


def _outputs(files: AttemptFiles) -> tuple[str, int]:
    """
    Read the outputs, up to the size of a termination message, and their number of bytes.

    Raises:
        ReplacedError: The program replaced the file by something else.

    """
    try:
        written, size = untrusted.read(files.outputs, MAX_OUTPUT_BYTES)
    except FileNotFoundError:  # the program removed its file: nothing was written
        return "", 0
    return written.decode(errors="replace"), size
