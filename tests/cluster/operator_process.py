"""
The controller as a process of this machine, which a test can kill, stop and continue.

Knows its command line and its signals. Knows no test.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

START_SECONDS = 60.0
END_SECONDS = 40.0


class ControllerProcess:
    """One controller that watches one namespace."""

    def __init__(
        self, namespace: str, environ: Mapping[str, str], identity: str, log: Path
    ) -> None:
        self.identity = identity
        self.log = log
        self.port = _free_port()
        self._environ = {**os.environ, **environ}
        self._command = [
            *(sys.executable, "-m", "headrace.controller", "--log-format", "plain"),
            *("--namespace", namespace, "--lease-namespace", namespace),
            *("--identity", identity, "--port", str(self.port)),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers that it is ready."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, env=self._environ, stdout=out, stderr=out
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(
                    f"the controller is not ready:\n{self.log.read_text()[-4000:]}"
                )
            time.sleep(0.1)

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
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        assert self._process is not None
        return self._process.wait(END_SECONDS)

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        values = [line.rpartition(" ")[2] for line in lines if line.startswith(name)]
        return sum(map(float, values))

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
