"""
The kubeconfig: from its files to one server and one user, as kubectl reads them.

Several files are merged; the first one that names a thing decides. Paths in a file are relative to
it. Knows files and their fields. Sends nothing, and runs no program.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from headrace.access.failures import NoClusterError, NotConfiguredError

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PATHS: Final = (*("certificate-authority", "client-certificate", "client-key", "tokenFile"),)
"""Fields that hold paths."""
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that no proxy reaches."""
_NOTHING: Final = (
    "no cluster is known here: KUBECONFIG and ~/.kube/config name none; name a file with"
    " --kubeconfig"
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that gives credentials (client.authentication.k8s.io)."""

    command: str
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    api_version: str = ""
    hint: str = ""
    """What its author says to do if it is missing."""
    with_cluster: bool = False
    """Whether it is told which cluster the credentials are for."""


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. All fields may be empty."""

    token: str = field(default="", repr=False)
    token_file: Path | None = None
    basic: tuple[str, str] | None = field(default=None, repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    program: Program | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Whom the user acts as (impersonation)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask, as whom, and in which namespace."""

    server: str
    namespace: str = "default"
    context: str = ""
    user: User = field(default_factory=User)
    authority: bytes = b""
    """Certificates in PEM; empty: those of this machine."""
    verify: bool = True
    tls_name: str | None = None
    proxy: str | None = None


def place(
    environ: Mapping[str, str], home: Path, file: str | None = None, context: str | None = None
) -> Place:
    """
    Return where to ask: `file`, else `$KUBECONFIG`, else `~/.kube/config`, else the pod's account.

    Raises:
        NotConfiguredError: Nothing names a cluster.
        NoClusterError: A file cannot be read, or lacks something.

    """
    if file is not None:
        files = [Path(file)]
        if not files[0].is_file():
            raise NoClusterError(f"--kubeconfig: there is no file {file}; name another")
    else:
        named = [Path(part) for part in environ.get("KUBECONFIG", "").split(":") if part]
        files = [path for path in named or [home / ".kube" / "config"] if path.is_file()]
    config = _Config([_read(path) for path in files])
    if not config.has_contexts and environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_pod(environ)
    if not config.has_contexts:
        raise NotConfiguredError(_NOTHING)
    found = config.place(context)
    return found if found.proxy else replace(found, proxy=_proxy(found.server, environ))


def _proxy(server: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for a server; None: it is reached directly."""
    scheme, host = urlsplit(server).scheme, urlsplit(server).hostname or ""
    named = environ.get(f"{scheme.upper()}_PROXY") or environ.get(f"{scheme}_proxy")
    if not named or host in _HERE:
        return None
    direct = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",")
    return None if any(_names(entry.strip(), host) for entry in direct) else named


def _names(entry: str, host: str) -> bool:
    """Return whether an entry of NO_PROXY names a host: `*`, a domain, an address or a network."""
    if "/" in entry:
        try:
            return ip_address(host) in ip_network(entry, strict=False)
        except ValueError:
            return False
    domain = entry.removeprefix("*").removeprefix(".")
    return entry == "*" or (bool(domain) and (host == domain or host.endswith(f".{domain}")))


def _in_pod(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Place:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        return Place(
            f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            (folder / "namespace").read_text().strip(),
            user=User(token_file=folder / "token"),
            authority=(folder / "ca.crt").read_bytes(),
        )
    except OSError as error:
        raise NotConfiguredError(_NOTHING) from error


def _read(path: Path) -> tuple[Path, Mapping[str, Any]]:
    try:
        content = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader, in C
    except OSError as error:
        raise NoClusterError(f"kubeconfig {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise NoClusterError(f"kubeconfig {path} is no YAML; repair it, or name another") from error
    if content is not None and not isinstance(content, dict):
        raise NoClusterError(f"kubeconfig {path} is no kubeconfig; name another")
    return path, content or {}


class _Config:
    """All files together."""

    def __init__(self, files: Sequence[tuple[Path, Mapping[str, Any]]]) -> None:
        self._files = files
        self._contexts = dict(self._named("contexts", "context"))

    @property
    def has_contexts(self) -> bool:
        return bool(self._contexts)

    def place(self, wanted: str | None) -> Place:
        """Return the place of a context; None: of the current one."""
        name = wanted or next(
            (
                str(file["current-context"])
                for _, file in self._files
                if file.get("current-context")
            ),
            "",
        )
        if not name:
            raise NoClusterError("the kubeconfig has no current context; name one with --context")
        context = self._contexts.get(name)
        if context is None:
            raise NoClusterError(_no_context(name, self._contexts))
        clusters = dict(self._named("clusters", "cluster"))
        users = dict(self._named("users", "user"))
        cluster = clusters.get(str(context.get("cluster")), {})
        if not cluster.get("server"):
            raise NoClusterError(
                f"context {name!r} of the kubeconfig has no server; repair it, or choose another"
                " with --context"
            )
        return Place(
            server=str(cluster["server"]).rstrip("/"),
            namespace=str(context.get("namespace") or "default"),
            context=name,
            user=_user(users.get(str(context.get("user")), {})),
            authority=_bytes(cluster, "certificate-authority"),
            verify=not cluster.get("insecure-skip-tls-verify"),
            tls_name=cluster.get("tls-server-name") or None,
            proxy=cluster.get("proxy-url") or None,
        )

    def _named(self, list_: str, inner: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the entries of a list, last file first, so that the first file decides."""
        for path, file in reversed(self._files):
            for entry in reversed(file.get(list_) or ()):
                value = entry.get(inner) if isinstance(entry, dict) else None
                if isinstance(value, dict):
                    yield str(entry.get("name")), _absolute(value, path.parent)


def _no_context(name: str, known: Mapping[str, Any]) -> str:
    from headrace.api.checks.similar import did_you_mean  # noqa: PLC0415 - only for mistakes

    cure = did_you_mean(name, known) or f"there are: {', '.join(sorted(known))}"
    return f"--context: the kubeconfig has no context {name!r}; {cure}"


def _absolute(value: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    paths = {name: str(folder / value[name]) for name in _PATHS if value.get(name)}
    return {**value, **paths, "folder": folder}


def _user(value: Mapping[str, Any]) -> User:
    if value.get("auth-provider"):
        raise NoClusterError(
            "the kubeconfig's user has auth-provider, which is not supported; use an exec plugin"
        )
    program = value.get("exec")
    groups = [("Impersonate-Group", str(group)) for group in value.get("as-groups") or ()]
    acting = [("Impersonate-User", str(value["as"]))] if value.get("as") else []
    name = value.get("username")
    return User(
        token=str(value.get("token") or ""),
        token_file=Path(value["tokenFile"]) if value.get("tokenFile") else None,
        basic=(str(name), str(value.get("password") or "")) if name else None,
        certificate=_bytes(value, "client-certificate"),
        key=_bytes(value, "client-key"),
        program=_program(program, value["folder"]) if isinstance(program, dict) else None,
        headers=(*acting, *groups),
    )


def _program(value: Mapping[str, Any], folder: Path) -> Program:
    command = str(value.get("command", ""))
    relative = "/" in command and not command.startswith("/")
    env = value.get("env") or ()
    return Program(
        command=str(folder / command) if relative else command,
        arguments=tuple(map(str, value.get("args") or ())),
        env={str(each.get("name")): str(each.get("value")) for each in env},
        api_version=str(value.get("apiVersion", "")),
        hint=str(value.get("installHint") or ""),
        with_cluster=bool(value.get("provideClusterInfo")),
    )


def _bytes(value: Mapping[str, Any], name: str) -> bytes:
    """Return a certificate or key: of the data in the kubeconfig, else of its file."""
    data, path = value.get(f"{name}-data"), value.get(name)
    try:
        if data:
            return base64.b64decode("".join(str(data).split()), validate=True)
        return Path(path).read_bytes() if path else b""
    except binascii.Error as error:
        raise NoClusterError(f"{name}-data in the kubeconfig is no base64; repair it") from error
    except OSError as error:
        raise NoClusterError(
            f"{name} of the kubeconfig cannot be read: {path}: {error.strerror}"
        ) from error


def in_namespace(where: Place, namespace: str | None) -> Place:
    """Return a place with another namespace, if one is named."""
    return replace(where, namespace=namespace) if namespace else where
