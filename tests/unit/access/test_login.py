"""From a user to headers and TLS: `headrace.access.login`."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from headrace.access.failures import NoClusterError
from headrace.access.kubeconfig import Place, Program, User
from headrace.access.login import login

HTTP = "http://127.0.0.1:1"


def script(folder: Path, text: str) -> str:
    path = folder / "login"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def of_program(command: str, hint: str = "") -> Place:
    program = Program(command, env={"EXTRA": "1"}, api_version="client/v1", hint=hint)
    return Place(HTTP, user=User(program=program))


def test_a_token_is_a_bearer() -> None:
    """And impersonation follows it."""
    user = User(token="abc", headers=(("Impersonate-User", "carol"),))  # noqa: S106 - no secret
    assert (
        ("Authorization", "Bearer abc"),
        ("Impersonate-User", "carol"),
    ) == login(Place(HTTP, user=user), {}).headers


def test_a_token_file_is_read_now(tmp_path: Path) -> None:
    """Something else rotates it."""
    path = tmp_path / "token"
    path.write_text("fresh\n")
    headers = login(Place(HTTP, user=User(token="old", token_file=path)), {}).headers  # noqa: S106 - no secret
    assert (("Authorization", "Bearer fresh"),) == headers
    path.unlink()
    with pytest.raises(NoClusterError, match="cannot be read: No such file"):
        login(Place(HTTP, user=User(token_file=path)), {})


def test_a_program_gives_the_token(tmp_path: Path) -> None:
    """It is told what it is asked for, as by kubectl, and has the environment."""
    credential = json.dumps({"status": {"token": "$EXTRA-$HOME_TOWN"}}).replace('"', '\\"')
    info = tmp_path / "info"
    command = script(tmp_path, f'echo "$KUBERNETES_EXEC_INFO" > {info}\necho "{credential}"')
    headers = login(of_program(command), {"HOME_TOWN": "rome", "PATH": "/bin:/usr/bin"}).headers
    assert (("Authorization", "Bearer 1-rome"),) == headers
    asked = json.loads(info.read_text())
    assert ("ExecCredential", "client/v1") == (asked["kind"], asked["apiVersion"])


@pytest.mark.parametrize(
    ("text", "message"),
    [("exit 3", "gave no credentials"), ("echo nonsense", "gave no ExecCredential; log in again")],
)
def test_a_program_that_fails_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Whoever reads it knows where to look."""
    command = script(tmp_path, text)
    with pytest.raises(NoClusterError) as told:
        login(of_program(command), {"PATH": "/bin:/usr/bin"})
    assert message in str(told.value)
    assert command in str(told.value)


def test_a_missing_program_is_told_with_its_hint() -> None:
    """Its author may have said how to install it."""
    with pytest.raises(NoClusterError, match=r"does not exist; get it at example\.com"):
        login(of_program("no-such-program", "get it at example.com\nor elsewhere"), {})


def test_certificates_that_cannot_be_used_are_told() -> None:
    """Not as a traceback of the TLS library."""
    place = Place("https://127.0.0.1:1", context="here", authority=b"no certificate")
    with pytest.raises(NoClusterError, match="the certificates of context 'here' cannot be used"):
        login(place, {})


def test_a_client_certificate_is_read_from_memory(tmp_path: Path) -> None:
    """A kubeconfig holds it as text, and Python reads one only from a file."""
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=me"
    files = f"-keyout {tmp_path}/key -out {tmp_path}/crt"
    subprocess.run([*words.split(), *files.split()], check=True, capture_output=True)  # noqa: S603 - our own words
    certificate, key = ((tmp_path / name).read_bytes() for name in ("crt", "key"))
    place = Place("https://127.0.0.1:1", user=User(certificate=certificate, key=key))
    assert login(place, {}).tls is not None
    wrong = Place("https://127.0.0.1:1", user=User(certificate=certificate, key=b"none"))
    with pytest.raises(NoClusterError, match="cannot be used"):
        login(wrong, {})
