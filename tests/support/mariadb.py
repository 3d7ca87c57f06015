"""A MariaDB of one's own, in a folder, on 127.0.0.1, with passwords and certificates."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.certificates import Certificates
from support.debian import installed
from support.postgres import NOBODY, free_port

_SERVER: Final = "/usr/sbin/mariadbd"
_PACKAGES: Final = ("mariadb-server-core", "mariadb-client-core")
_PATIENCE: Final = 60.0


class MariaDB:
    """One server, for a user with a password who may do everything in the databases of the test."""

    user: Final = "loader"

    def __init__(self, folder: Path, certificates: Certificates, password: str) -> None:
        self.certificates = certificates
        self.password = password
        self.port = free_port()
        self._folder = folder
        self._number = 0
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(NOBODY)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._run(
            "mariadb-install-db",
            *("--no-defaults", f"--datadir={folder}/data", "--skip-test-db", "--basedir=/usr"),
            "--auth-root-authentication-method=normal",
        )
        self.start()
        self.query("", f"CREATE USER {self.user}@'127.0.0.1' IDENTIFIED BY '{password}'")
        self.query("", f"GRANT ALL ON `test%`.* TO {self.user}@'127.0.0.1'")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._place("valid")
        command = [
            *(_SERVER, "--no-defaults", f"--datadir={self._folder}/data", "--skip-name-resolve"),
            *("--bind-address=127.0.0.1", f"--port={self.port}", f"--socket={self._socket}"),
            *(f"--ssl-cert={self._folder}/server.crt", f"--ssl-key={self._folder}/server.key"),
            *(f"--pid-file={self._folder}/pid", "--innodb-flush-log-at-trx-commit=0"),
            *("--innodb-buffer-pool-size=64M", "--max-connections=20"),
        ]
        with Path(self._folder, "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                command, stdout=log, stderr=log, cwd=self._folder, **self._as
            )
        end = time.monotonic() + _PATIENCE
        while not Path(self._socket).exists():
            log_text = Path(self._folder, "log").read_text()
            assert self._process.poll() is None, log_text
            assert time.monotonic() < end, log_text
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once: its connections break."""
        self._process.kill()
        self._process.wait()
        Path(self._socket).unlink(missing_ok=True)

    def present(self, name: str) -> None:
        """Show one of the certificates to each client from now on."""
        self._place(name)
        self.query("", "FLUSH SSL")

    def query(self, database: str, statement: str) -> str:
        """Run a statement as root; return its rows, with tabs between columns."""
        words = ("--no-defaults", f"--socket={self._socket}", "--user=root", "--batch", "--raw")
        return self._run("mariadb", *words, "--skip-column-names", "-e", statement, database)

    def new_database(self) -> str:
        """Make an empty database, and return its URL, without the password."""
        self._number += 1
        name = f"test{self._number}"
        self.query("", f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql://{self.user}@127.0.0.1:{self.port}/{name}"

    @property
    def _socket(self) -> str:
        return f"{self._folder}/socket"

    def _place(self, name: str) -> None:
        for source, target in (
            (self.certificates.certificate(name), "server.crt"),
            (self.certificates.key(name), "server.key"),
        ):
            path = self._folder / target
            path.write_bytes(source.read_bytes())
            if self._as:
                os.chown(path, self._as["user"], self._as["group"])

    def _run(self, program: str, *words: str) -> str:
        command = [program, *filter(None, words)]
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, check=False, cwd=self._folder, **self._as
        )
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout


def _program() -> str | None:
    there = Path(_SERVER).exists() and shutil.which("mariadb")
    return _SERVER if there else None


@contextmanager
def mariadb(certificates: Certificates, password: str) -> Iterator[MariaDB]:
    """Start a server, after an installation if need be; at the end, remove its folder."""
    installed(_program, *_PACKAGES)
    folder = Path(tempfile.mkdtemp(prefix="headrace-maria-"))  # A socket's path must be short.
    try:
        server = MariaDB(folder, certificates, password)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
