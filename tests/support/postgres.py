"""
A PostgreSQL of one's own, in a folder of one's own: Debian's, or any other that is installed.

`postgres` starts one on a socket, without passwords; `net_postgres` one on 127.0.0.1, with them and
with certificates.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.certificates import Certificates
from support.debian import installed

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


def programs_or_skip() -> Path:
    """Return that folder, after an installation if need be; else leave the test out."""
    return installed(programs, "postgresql")


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
        options = f"-k {self._folder} {self._options()} -c fsync=off -c max_connections=20"
        log = f"{self._folder}/log"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once: its connections break."""
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-m", "immediate", "stop")

    def new_database(self) -> str:
        """Make an empty database, and return its URL for a superuser without a password."""
        self._number += 1
        name = f"test{self._number}"
        self._run("createdb", "-h", str(self._folder), "-U", "headrace", *self._owner(), name)
        return f"postgresql://headrace@/{name}?host={self._folder}"

    def _options(self) -> str:
        return "-c listen_addresses=''"

    def _owner(self) -> tuple[str, ...]:
        return ()

    def _run(self, program: str, *words: str) -> str:
        command = [str(self._bin / program), *words]
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, check=False, cwd=self._folder, **self._as
        )
        assert done.returncode == 0, done.stderr or done.stdout
        return str(done.stdout)


class NetPostgres(Postgres):
    """One server on 127.0.0.1, with TLS, for a user with a password who owns the databases."""

    user: Final = "loader"

    def __init__(
        self, bin_folder: Path, folder: Path, certificates: Certificates, password: str
    ) -> None:
        self.certificates = certificates
        self.password = password
        self.port = free_port()
        super().__init__(bin_folder, folder)
        self.query("postgres", f"CREATE ROLE {self.user} LOGIN PASSWORD '{password}'")
        self.present("valid")

    def present(self, name: str) -> None:
        """Show one of the certificates to each client from now on."""
        for source, target in (
            (self.certificates.certificate(name), "server.crt"),
            (self.certificates.key(name), "server.key"),
        ):
            path = self._folder / "data" / target
            path.write_bytes(source.read_bytes())
            path.chmod(0o600)
            os.chown(path, *self._ids())
        self.query("postgres", "ALTER SYSTEM SET ssl = on")
        self.query("postgres", "SELECT pg_reload_conf()")
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "reload")

    def query(self, database: str, statement: str) -> str:
        """Run a statement as the superuser; return its rows as psql shows them, unaligned."""
        words = ("-h", str(self._folder), "-p", str(self.port), "-U", "headrace", "-d", database)
        return self._run("psql", *words, "-v", "ON_ERROR_STOP=1", "-AtXq", "-c", statement)

    def new_database(self) -> str:
        """Make an empty database of the user, and return its URL, without the password."""
        name = super().new_database().rpartition("?")[0].rpartition("/")[2]
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{name}"

    def _ids(self) -> tuple[int, int]:
        return int(self._as.get("user", -1)), int(self._as.get("group", -1))

    def _options(self) -> str:
        hba = self._folder / "data" / "pg_hba.conf"
        hba.write_text("local all headrace trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        return f"-c listen_addresses=127.0.0.1 -c port={self.port}"

    def _owner(self) -> tuple[str, ...]:
        return ("-p", str(self.port), "-O", self.user)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def net_postgres(certificates: Certificates, password: str) -> Iterator[NetPostgres]:
    """Start a server on 127.0.0.1; at the end, stop it and remove its folder."""
    bin_folder = programs_or_skip()
    folder = Path(tempfile.mkdtemp(prefix="headrace-pg-"))
    try:
        server = NetPostgres(bin_folder, folder, certificates, password)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
