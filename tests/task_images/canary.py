"""
A secret that must turn up nowhere: `canary`.

    def test_...(canary: Canary, forked: Fork, tmp_path: Path) -> None:
        with canary.watched():          # command lines of all processes, meanwhile
            done = sql.run({"password_FILE": str(canary.file), ...})
        canary.check(done, tmp_path)    # logs, outputs, children, addresses, files that are left

`canary.value` is the secret, `canary.file` a file with it, as a pod mounts one. Searched for as it
is, and as base64, hex and percent-encoded text. Of children, `check` sees the arguments and
environment that they were given (`Ended.deeds`); `watched` also reads `/proc` for those that a
library in C started.
"""

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from task_images.programs import Ended

VALUE = f"c4n4ry/s3cr3t+0f the=test {os.getpid():08}"
"""With characters that addresses and command lines write in another way. Each process of tests has
its own: `watched` sees the command lines of all."""
EVERY_SECONDS = 0.01


def forms(value: str) -> set[bytes]:
    """Return a secret in the forms in which it may turn up."""
    raw = value.encode()
    return {
        *(raw, base64.b64encode(raw).rstrip(b"=")[:-1], raw.hex().encode()),
        *(quote(value).encode(), quote(value, safe="").encode()),
        value.replace(" ", "+").encode(),
    }


@dataclass
class Canary:
    """The secret, a file with it, and where it was seen."""

    file: Path
    value: str = VALUE
    seen: list[str] = field(default_factory=list)

    def check(self, done: Ended, *folders: Path) -> None:
        """Demand that the secret is in nothing that a program said, did or left."""
        self._look("its log", repr(done.lines).encode())
        self._look("its outputs", repr(done.outputs).encode())
        self._look("its errors", done.errors.encode())
        for event, *given in done.deeds:
            self._look(f"{event}", repr(given).encode())
        for folder in folders:
            for path in folder.rglob("*"):
                self._look("the name of a file", str(path).encode())
                if path.is_file() and path != self.file:
                    self._look(f"{path}", path.read_bytes())
        assert [] == self.seen

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at the command lines of all processes until the end."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    self._look("a command line", (process / "cmdline").read_bytes())
            over.wait(EVERY_SECONDS)

    def _look(self, where: str, data: bytes) -> None:
        if any(form in data for form in forms(self.value)):
            self.seen.append(where)


@pytest.fixture
def canary(tmp_path_factory: pytest.TempPathFactory) -> Canary:
    """Return a secret in a file outside of the folders that are searched."""
    file = tmp_path_factory.mktemp("secret") / "password"
    file.write_text(VALUE)
    return Canary(file)
