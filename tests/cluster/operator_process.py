"""
The controller as a process of this machine, which a test can kill, stop and continue.

Knows its command line, its signals and its log. Knows no test.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

START_SECONDS = 90.0
END_SECONDS = 60.0
LAST_LINES = 40
_SCHEDULED = 2
"""Which clock of a process to read: its time on a CPU (clock_getcpuclockid(3) on Linux)."""


class ControllerProcess:
    """One controller that watches some namespaces; its Lease is in the first of them."""

    def __init__(
        self,
        namespaces: tuple[str, ...],
        environ: Mapping[str, str],
        identity: str,
        log: Path,
        program: str = "headrace.controller",
    ) -> None:
        """Prepare; `start` starts it."""
        self.identity = identity
        self.namespaces = namespaces
        self.log = log
        self.port = _free_port()
        self._environ = {**os.environ, **environ}
        self._command = [
            *(sys.executable, "-m", program, "--log-format", "plain"),
            *(word for name in namespaces for word in ("--namespace", name)),
            *self._own_words(),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def _own_words(self) -> Sequence[str]:
        """Return the arguments besides its log and its namespaces."""
        lease = ("--lease-namespace", self.namespaces[0], "--identity", self.identity)
        return (*lease, "--port", str(self.port))

    def start(self) -> None:
        """Start it, and wait until it answers that it is ready."""
        self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > deadline:
                if self.running:
                    self.kill()
                raise AssertionError(f"the controller is not ready:\n{self.last_words()}")
            time.sleep(0.1)

    def spawn(self) -> None:
        """Start it, and do not wait for anything."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, env=self._environ, stdout=out, stderr=out
            )

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.signal(signal.SIGKILL)
        self.wait()

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        assert self._process is not None
        return self._process.wait(END_SECONDS)

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric over its labels, or over those that fit."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(
            value
            for series, value in self.samples()
            if series.partition("{")[0] == name and all(each in series for each in wanted)
        )

    def samples(self) -> list[tuple[str, float]]:
        """Return all metrics: the name with its labels as they are written, and the value."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        parts = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return [(series, float(value)) for series, _, value in parts]

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has used so far, to the nanosecond."""
        assert self._process is not None
        return _cpu_seconds(self._process.pid)

    def most_memory(self) -> int:
        """Return the most bytes of memory that the process has had so far."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024

    def unforeseen(self) -> str:
        """Return the part of the log from the first error that nobody foresaw, or nothing."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        at = text.find("Traceback (most recent call last)")
        return text[max(0, at - 300) : at + 4000] if at >= 0 else ""

    def last_words(self) -> str:
        """Return the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LAST_LINES:])

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


class ReceiverProcess(ControllerProcess):
    """One receiver of deliveries; `port` is that of its probes."""

    def __init__(self, namespace: str, environ: Mapping[str, str], log: Path) -> None:
        """Prepare; `start` starts it."""
        self.deliveries = _free_port()
        super().__init__((namespace,), environ, "receiver", log, "headrace.receiver")

    def _own_words(self) -> Sequence[str]:
        ports = ("--port", str(self.deliveries), "--probe-port", str(self.port))
        return (*ports, "--address", "127.0.0.1", "--drain-seconds", "0.5")

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and of the worker that evaluates expressions."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(map(_cpu_seconds, (pid, *map(int, children))))


def _cpu_seconds(pid: int) -> float:
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
