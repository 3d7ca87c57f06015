"""
Places with files for the tests of `files`: an S3 server that checks signatures, an SFTP server.

    def test_...(s3: Bucket, sftp: Sftp) -> None:
        s3.put("in/a.csv", b"1")                       # as another client, boto3
        done = program(source="s3://test-bucket/in/a.csv", **s3.given("source"))

Both run in an environment of their own (`server_programs/requirements.txt`), made once a session.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from task_images.canary import VALUE

SERVERS = Path(__file__).with_name("server_programs")
SECRETS = {"PASSWORD": VALUE}


@dataclass
class Bucket:
    """A bucket of a server, and a client that is not ours."""

    process: "subprocess.Popen[str]"
    port: int
    user: str
    secret: str

    def given(self, side: str, **other: str) -> dict[str, str]:
        """Return the parameters with which a side reaches it."""
        known = {"Endpoint": self.endpoint, "User": self.user, "Secret": self.secret}
        return {f"{side}{name}": value for name, value in {**known, **other}.items()}

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def put(self, key: str, data: bytes) -> None:
        """Put an object."""
        self._ask("put", key, base64.b64encode(data).decode())

    def get(self, key: str) -> bytes:
        """Get an object."""
        return base64.b64decode(self._ask("get", key))

    def keys(self, prefix: str = "") -> list[str]:
        """List all objects."""
        return list(self._ask("list", prefix))

    def _ask(self, do: str, key: str, data: str = "") -> Any:
        return asked(self.process, {"do": do, "key": key, "data": data})


@dataclass(frozen=True)
class Sftp:
    """An SFTP server, and the folder that it serves."""

    folder: Path
    port: int
    hostKey: str  # noqa: N815 - as its parameter
    privateKey: str  # noqa: N815
    password: str = VALUE

    @property
    def url(self) -> str:
        """What the addresses of its files begin with."""
        return f"sftp://ada@127.0.0.1:{self.port}"

    def given(self, side: str, **other: str) -> dict[str, Any]:
        """Return the parameters with which a side reaches it."""
        known = {"HostKey": self.hostKey, "Secret": self.password}
        return {"allow": ["127.0.0.1"]} | {
            f"{side}{name}": value for name, value in {**known, **other}.items()
        }


@pytest.fixture(scope="session")
def servers_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter with which servers run."""
    folder = tmp_path_factory.mktemp("servers") / "venv"
    uv = Path(sys.prefix) / "bin" / "uv"
    listed = str(SERVERS / "requirements.txt")
    python = folder / "bin" / "python"
    exact = ("--quiet", "--require-hashes", "--python", str(python), "--requirement", listed)
    for words in (
        ("venv", "--quiet", "--python", sys.executable, str(folder)),
        ("pip", "install", *exact),
    ):
        subprocess.run([uv, *words], check=True, timeout=300)  # noqa: S603 - uv of this environment
    return python


@pytest.fixture(scope="session")
def s3(servers_python: Path) -> Iterator[Bucket]:
    """Return a running S3 server with an empty bucket."""
    with running(servers_python, "s3.py") as (process, told):
        yield Bucket(process, **told)


@pytest.fixture(scope="session")
def sftp(servers_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    """Return a running SFTP server."""
    folder = tmp_path_factory.mktemp("sftp") / "files"
    (folder / "full").mkdir(parents=True)
    with running(servers_python, "sftp.py", str(folder)) as (_, told):
        yield Sftp(folder, **told)


@contextmanager
def running(
    python: Path, program: str, *words: str
) -> "Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]":
    process = subprocess.Popen(  # noqa: S603 - a program of these tests
        [python, SERVERS / program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**SECRETS, "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"},
    )
    try:
        yield process, _line(process)
    finally:
        process.kill()
        process.wait()


def asked(process: "subprocess.Popen[str]", question: dict[str, str]) -> Any:
    assert process.stdin is not None
    process.stdin.write(f"{json.dumps(question)}\n")
    process.stdin.flush()
    return _line(process)


def _line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the server has ended; its errors are above"
    return json.loads(line)
