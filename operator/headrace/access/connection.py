"""
Requests to the API server over one connection that stays open, one after the other.

Knows HTTP. Does not know what is asked for.
"""

import json
import ssl
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from headrace.access.failures import NoClusterError, refused
from headrace.access.kubeconfig import Place
from headrace.access.login import Login

SECONDS: Final = 15.0
"""How long the server may be silent before a request fails."""
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
JSON: Final = "application/json"
_FAILED: Final = 400
_UNAUTHORIZED: Final = 401

Query = dict[str, str]


class Connection:
    """
    A connection to the API server. It opens with the first request.

    All methods raise `NoClusterError` if no whole answer arrives, and `RefusedError` if the answer
    is a no.
    """

    def __init__(self, place: Place, login: Login) -> None:
        self.place = place
        self._login = login
        self._http: HTTPConnection | None = None

    def get(self, path: str, query: Query | None = None, accept: str = JSON) -> Any:
        """Return what a path holds, decoded from JSON."""
        return json.loads(self._send("GET", _target(path, query), accept=accept).read())

    def post(self, path: str, body: Any, query: Query | None = None) -> Any:
        """Create an object."""
        return json.loads(self._send("POST", _target(path, query), body).read())

    def patch(self, path: str, body: Any, query: Query | None = None) -> Any:
        """Merge into an object (RFC 7386)."""
        answer = self._send("PATCH", _target(path, query), body, MERGE_PATCH)
        return json.loads(answer.read())

    def apply(self, path: str, body: Any, query: Query | None = None) -> Any:
        """Apply an object on the server's side (JSON is YAML)."""
        answer = self._send("PATCH", _target(path, query), body, APPLY)
        return json.loads(answer.read())

    def lines(
        self, path: str, query: Query | None = None, seconds: float | None = None
    ) -> Iterator[bytes]:
        """
        Yield the lines of an answer as they arrive, without their ends.

        Args:
            path: The path.
            query: Its query.
            seconds: How long the server may be silent; None: without end.

        """
        answer = self._send("GET", _target(path, query), seconds=seconds, once=True)
        try:
            while line := answer.readline():
                yield line.rstrip(b"\n")
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            self.close()

    def another(self) -> "Connection":
        """Return a new connection to the same server, for a stream beside this one."""
        return Connection(self.place, self._login)

    def close(self) -> None:
        """Close the connection. A later request opens it again."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _send(  # noqa: PLR0913 - each is a part of the request
        self,
        method: str,
        target: str,
        body: Any = None,
        kind: str = JSON,
        *,
        accept: str = JSON,
        seconds: float | None = SECONDS,
        once: bool = False,
    ) -> HTTPResponse:
        headers = [("Accept", accept), ("User-Agent", "headrace"), *self._login.headers]
        sent = b"" if body is None else json.dumps(body).encode()
        if sent:
            headers += [("Content-Type", kind), ("Content-Length", str(len(sent)))]
        if once:
            headers.append(("Connection", "close"))
        try:
            http = self._opened()
            if http.sock is not None:
                http.sock.settimeout(seconds)
            http.putrequest(method, urlsplit(self.place.server).path + target)
            for name, value in headers:  # a name may come several times (Impersonate-Group)
                http.putheader(name, value)
            http.endheaders(sent)
            answer = http.getresponse()
            if answer.status >= _FAILED:
                raise self._no(answer.status, answer.read())
        except (OSError, HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error
        return answer

    def _opened(self) -> HTTPConnection:
        if self._http is None:
            self._http = _http(self.place, self._login)
            self._http.connect()
        return self._http

    def _no(self, status: int, body: bytes) -> Exception:
        if status == _UNAUTHORIZED:
            return NoClusterError(
                f"{self._where} does not accept your credentials: they are wrong or have expired;"
                " log in again"
            )
        return refused(status, body)

    def _unreachable(self, error: Exception) -> NoClusterError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return NoClusterError(
                f"{self._where} shows a certificate that is not trusted:"
                f" {error.verify_message}; correct certificate-authority in the kubeconfig"
            )
        why = "no answer in time" if isinstance(error, TimeoutError) else _words(error)
        return NoClusterError(
            f"{self._where} cannot be reached: {why}; check the network, or choose another context"
            " with --context"
        )

    @property
    def _where(self) -> str:
        named = f" of context {self.place.context!r}" if self.place.context else ""
        return f"the API server {self.place.server}{named}"


def _words(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:1].lower() + str(text)[1:]


def _target(path: str, query: Query | None) -> str:
    """Join path and query; empty parameters are left out."""
    given = {name: value for name, value in (query or {}).items() if value}
    return f"{path}?{urlencode(given)}" if given else path


class _Https(HTTPSConnection):
    """HTTPS to a server whose certificate may have another name than its address."""

    def __init__(self, host: str, port: int | None, tls: ssl.SSLContext, name: str | None) -> None:
        super().__init__(host, port, timeout=SECONDS, context=tls)
        self._tls = tls
        self._name = name

    def connect(self) -> None:
        """Connect, through the proxy's tunnel if there is one."""
        if self._name is None:
            super().connect()
            return
        HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def _http(place: Place, login: Login) -> HTTPConnection:
    server = urlsplit(place.server)
    proxy = urlsplit(place.proxy) if place.proxy else None
    if proxy is not None and proxy.scheme != "http":
        raise NoClusterError(
            f"the proxy {place.proxy} is no http proxy, and no other is supported; change proxy-url"
            " in the kubeconfig, or HTTPS_PROXY"
        )
    to = proxy or server
    host, port = to.hostname or "", to.port
    http = (
        HTTPConnection(host, port, timeout=SECONDS)
        if login.tls is None
        else _Https(host, port, login.tls, place.tls_name)
    )
    if proxy is not None:
        http.set_tunnel(server.hostname or "", server.port or 443)
    return http
