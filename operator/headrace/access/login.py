"""
From a user of the kubeconfig to what a connection needs: headers and TLS.

A program of the kubeconfig is run here (https://kubernetes.io/docs/reference/access-authn-authz/
authentication/#client-go-credential-plugins). Knows no request.
"""

import base64
import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from headrace.access.failures import NoClusterError
from headrace.access.kubeconfig import Place, Program, User

_SECONDS: Final = 120
"""How long a program may take: somebody may have to log in with it."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a connection needs."""

    headers: tuple[tuple[str, str], ...]
    tls: ssl.SSLContext | None
    """None: the server speaks plain HTTP."""


def login(place: Place, environ: Mapping[str, str]) -> Login:
    """
    Log in.

    Raises:
        NoClusterError: The credentials cannot be got or used.

    """
    user = place.user
    if user.program is not None:
        user = _with_credential(user, _run(user.program, place, environ))
    secure = place.server.startswith("https:")
    try:
        tls = _tls(place, user) if secure else None
    except (ssl.SSLError, OSError) as error:
        raise NoClusterError(
            f"the certificates of context {place.context!r} cannot be used: {error}"
        ) from error
    return Login((*_authorization(user), *user.headers), tls)


def _authorization(user: User) -> tuple[tuple[str, str], ...]:
    token = user.token
    if user.token_file is not None:
        try:
            token = user.token_file.read_text().strip() or token
        except OSError as error:
            raise NoClusterError(
                f"the token file {user.token_file} cannot be read: {error.strerror}"
            ) from error
    if token:
        return (("Authorization", f"Bearer {token}"),)
    if user.basic is not None:
        pair = base64.b64encode(":".join(user.basic).encode()).decode()
        return (("Authorization", f"Basic {pair}"),)
    return ()


def _tls(place: Place, user: User) -> ssl.SSLContext:
    authority = place.authority.decode() or None
    context = ssl.create_default_context(cadata=authority)
    # An authority without the key usage that Python 3.13 asks for is common in clusters.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if not place.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if user.certificate:
        with _file_of(user.certificate + b"\n" + user.key) as path:
            context.load_cert_chain(path)
    return context


@contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """Keep a secret in a file meanwhile, in memory if the system can: Python reads no key else."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("certificate")
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    import tempfile  # noqa: PLC0415 - slow to load, and often not needed

    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name


def _with_credential(user: User, status: Mapping[str, Any]) -> User:
    return replace(
        user,
        token=str(status.get("token") or user.token),
        certificate=str(status.get("clientCertificateData") or "").encode() or user.certificate,
        key=str(status.get("clientKeyData") or "").encode() or user.key,
    )


def _run(program: Program, place: Place, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Run a program; return the status of its ExecCredential."""
    import subprocess  # noqa: PLC0415 - slow to load, and often not needed

    spec: dict[str, Any] = {"interactive": os.isatty(0)}
    if program.with_cluster:
        authority = base64.b64encode(place.authority).decode()
        spec["cluster"] = {"server": place.server, "certificate-authority-data": authority}
    asked = {"apiVersion": program.api_version, "kind": "ExecCredential", "spec": spec}
    env = {**environ, **program.env, "KUBERNETES_EXEC_INFO": json.dumps(asked)}
    try:
        done = subprocess.run(  # noqa: S603 - the kubeconfig of the user names it, as for kubectl
            [program.command, *program.arguments],
            env=env,
            stdout=subprocess.PIPE,
            timeout=_SECONDS,
            check=True,
        )
        status: Any = json.loads(done.stdout)["status"]
    except FileNotFoundError as error:
        hint = f"; {program.hint.splitlines()[0]}" if program.hint else "; install it"
        raise NoClusterError(
            f"the kubeconfig asks {program.command} for credentials, and it does not exist{hint}"
        ) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise NoClusterError(f"{program.command} gave no credentials: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoClusterError(f"{program.command} gave no ExecCredential; log in again") from error
    return status if isinstance(status, dict) else {}
