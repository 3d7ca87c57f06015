"""
Our identity for the API server, its address, and the proof of its identity.

Two sources: the service account of our own pod, and a kubeconfig, read by the `kubernetes` package.
Tokens and authorities are rotated under a running process, so both are read again: each minute, and
when the server refuses us. Knows files and environment; sends no request.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from headrace.kube.errors import ClusterError

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
REREAD_SECONDS: Final = 60.0

log = logging.getLogger(__name__)


class CredentialsError(ClusterError):
    """No credentials can be used. The message says what to set."""


@dataclass(frozen=True, slots=True)
class Server:
    """The address of the API server."""

    url: str
    """E.g. `https://10.96.0.1:443`, without a slash at the end."""
    namespace: str = "default"
    """Our own namespace, from our pod or the kubeconfig's context."""
    tls_name: str | None = None
    """The name in the server's certificate, if not that of the URL."""
    proxy: str | None = None
    verify: bool = True
    """False: any certificate is accepted (`insecure-skip-tls-verify`)."""


@dataclass(frozen=True, slots=True)
class Login:
    """The result of one reading of the credentials."""

    authorization: str = ""
    """Value of the `Authorization` header; empty with a client certificate."""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


class Reader(Protocol):
    """Reads credentials from their source. It may block."""

    def __call__(self, *, anew: bool) -> Login:
        """Read the credentials; with `anew`, forget an earlier reading."""


class Credentials:
    """Credentials that stay fresh."""

    def __init__(
        self,
        server: Server,
        read: Reader,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Read the credentials for the first time.

        Args:
            server: The server that accepts them.
            read: Reads the credentials, now and later.
            now: Seconds that only grow.

        """
        self.server = server
        self._read = read
        self._now = now
        self._login = read(anew=False)
        self._read_at = now()
        self.tls = _tls(server, self._login) if server.url.startswith("https:") else None

    async def headers(self) -> dict[str, str]:
        """Return the headers with our identity."""
        if self._now() - self._read_at >= REREAD_SECONDS:
            await self._reread(anew=False)
        value = self._login.authorization
        return {"Authorization": value} if value else {}

    async def renew(self) -> None:
        """Read all again: the server refused us, or we did not trust the server."""
        await self._reread(anew=True)

    async def _reread(self, *, anew: bool) -> None:
        self._read_at = self._now()  # First, so that concurrent callers do not read too.
        try:
            login = await asyncio.to_thread(self._read, anew=anew)
            if self.tls is not None:
                _load(self.tls, login)
        except (OSError, ClusterError) as error:
            log.warning("credentials could not be read again, the old ones stay: %s", error)
        else:
            self._login = login


def _tls(server: Server, login: Login) -> ssl.SSLContext:
    # Without a file of its own, the authorities of this machine are trusted.
    context = ssl.create_default_context(cafile=login.ca_file)
    if not server.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if login.cert_file:
        context.load_cert_chain(login.cert_file, login.key_file)
    return context


def _load(context: ssl.SSLContext, login: Login) -> None:
    """Let new connections use new files. Open connections stay as they are."""
    if login.ca_file:
        context.load_verify_locations(login.ca_file)
    if login.cert_file:
        context.load_cert_chain(login.cert_file, login.key_file)


def from_service_account(
    environ: Mapping[str, str], directory: Path = SERVICE_ACCOUNT
) -> Credentials:
    """
    Use the service account of the pod that we run in.

    Raises:
        CredentialsError: We are not in a pod, or the pod mounts no token.

    """
    host = environ.get("KUBERNETES_SERVICE_HOST")
    port = environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (directory / "token").exists():
        raise CredentialsError(
            f"not in a pod with a service account: KUBERNETES_SERVICE_HOST or {directory}/token"
            " is missing. Set KUBECONFIG, or automountServiceAccountToken: true on the pod."
        )
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    namespace = (directory / "namespace").read_text(encoding="utf-8").strip()

    def read(*, anew: bool) -> Login:  # noqa: ARG001 - a file is always read anew
        token = (directory / "token").read_text(encoding="utf-8").strip()
        return Login(authorization=f"Bearer {token}", ca_file=str(directory / "ca.crt"))

    return Credentials(Server(url, namespace), read)


def from_kubeconfig(path: str | None = None, context: str | None = None) -> Credentials:
    """
    Use a kubeconfig: client certificates, tokens, token files and exec plugins.

    Args:
        path: The file; None takes `$KUBECONFIG`, else `~/.kube/config`.
        context: The context in it; None takes the current one.

    Raises:
        CredentialsError: No such file or context, or it lacks something.

    """
    # Large, and not needed in a pod: the operator's idle memory must stay small.
    from kubernetes import client, config  # noqa: PLC0415

    def load() -> Any:
        loaded = client.Configuration()
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call] # it has few type hints
                path, context, loaded, persist_config=False
            )
        except Exception as error:
            # A strange file leads to any error of the YAML parser, or of the loader.
            raise CredentialsError(
                f"kubeconfig {path or '(KUBECONFIG, ~/.kube/config)'}: {error}"
            ) from error
        return loaded

    current = load()

    def read(*, anew: bool) -> Login:
        nonlocal current
        if anew:
            current = load()
        return Login(
            # Asks an exec plugin again once its token has expired.
            authorization=current.get_api_key_with_prefix("BearerToken") or "",
            ca_file=current.ssl_ca_cert,
            cert_file=current.cert_file,
            key_file=current.key_file,
        )

    contexts, active = config.list_kube_config_contexts(  # type: ignore[no-untyped-call] # as above
        path
    )
    chosen = next((named for named in contexts if named["name"] == context), active)
    server = Server(
        current.host.rstrip("/"),
        chosen["context"].get("namespace") or "default",
        current.tls_server_name,
        current.proxy,
        current.verify_ssl,
    )
    return Credentials(server, read)


def find(environ: Mapping[str, str], home: Path) -> Credentials:
    """
    Use `$KUBECONFIG`, else the pod's service account, else `~/.kube/config`.

    Raises:
        CredentialsError: None of them exists; the message says what to set.

    """
    if environ.get("KUBECONFIG"):
        return from_kubeconfig(environ["KUBECONFIG"])
    default = home / ".kube" / "config"
    if default.exists() and not environ.get("KUBERNETES_SERVICE_HOST"):
        return from_kubeconfig(str(default))
    return from_service_account(environ)
