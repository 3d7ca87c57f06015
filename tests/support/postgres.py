"""A PostgreSQL of one's own, in a folder of one's own: Debian's, or any other that is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

DEBIAN: Final = Path("/usr/lib/postgresql")
NOBODY: Final = "nobody"
"""Who runs the server where the tests run as root, whom PostgreSQL refuses."""


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs; None: none is installed."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    other = shutil.which("initdb")
    return None if other is None else Path(other).parent


class Postgres:
    """One server on a socket in its folder. It can go away, and come back with its data."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin = bin_folder
        self._folder = folder
        self._number = 0
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(NOBODY)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._run("initdb", "-D", f"{folder}/data", "-U", "headrace", "-A", "trust", "-N")
        self.start()

    def start(self) -> None:
        """Start the server."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=20"
        log = f"{self._folder}/log"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once: its connections break."""
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-m", "immediate", "stop")

    def new_database(self) -> str:
        """Make an empty database, and return its URL."""
        self._number += 1
        name = f"test{self._number}"
        self._run("createdb", "-h", str(self._folder), "-U", "headrace", name)
        return f"postgresql://headrace@/{name}?host={self._folder}"

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._bin / program), *words]
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, check=False, cwd=self._folder, **self._as
        )
        assert done.returncode == 0, done.stderr or done.stdout


@contextmanager
def postgres(bin_folder: Path) -> Iterator[Postgres]:
    """Start a server; at the end, stop it and remove its folder."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-pg-"))  # A socket's path must be short.
    try:
        server = Postgres(bin_folder, folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
