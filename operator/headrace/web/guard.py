"""
Who may ask the server: a browser of this machine that knows the token, for a page of our own.

A foreign page can send requests to loopback addresses: with its own name (DNS rebinding), or with
our cookie (CSRF). `Host` stops the first, `Origin` and a strict cookie the second. Knows headers;
knows no route.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY: Final = 64 * 1024
"""How many bytes a request may carry: params of a run, at most."""
TOKEN: Final = "token"  # noqa: S105 - the name of a query parameter
_SAFE: Final = frozenset({"GET", "HEAD"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Door:
    """Where the server is, and what opens it."""

    hosts: frozenset[str]
    """What `Host` may be."""
    secret: str
    cookie: str
    """The name of the cookie. Browsers share cookies between ports, so the port is in it."""


def door(port: int, secret: str) -> Door:
    """Return the door of a server on a port of this machine."""
    names = ("127.0.0.1", "localhost", "[::1]")
    return Door(frozenset(f"{name}:{port}" for name in names), secret, f"headrace-ui-{port}")


class Guard:
    """An ASGI application around another one, which only sees requests that may pass."""

    def __init__(self, inner: ASGIApp, door: Door) -> None:
        self._inner = inner
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":  # no websocket is served
            await send({"type": "websocket.close", "code": 1008})
            return
        hardened = _hardened(send)
        headers = Headers(scope=scope)
        answer = self._foreign(scope, headers) or self._arrival(scope) or self._stranger(headers)
        if answer is not None:
            await answer(scope, receive, hardened)
            return
        await self._inner(scope, _bounded(receive), hardened)

    def _foreign(self, scope: Scope, headers: Headers) -> Response | None:
        """Refuse what no page of our own sends."""
        if headers.get("host", "") not in self._door.hosts:
            return _no(421, "this server answers to 127.0.0.1 and localhost alone")
        origin = headers.get("origin")
        ours = {f"http://{host}" for host in self._door.hosts}
        if origin is not None and origin not in ours:
            return _no(403, "the request comes from another page")
        if scope["method"] not in _SAFE and origin is None and self._bearer(headers) is None:
            return _no(403, "a change needs the header Origin, or Authorization with the token")
        if scope["method"] not in _SAFE and _length(headers) > MOST_BODY:
            return _no(413, f"a request carries at most {MOST_BODY} bytes")
        return None

    def _arrival(self, scope: Scope) -> Response | None:
        """Turn the token of the first address into a cookie, and go where the address leads."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] not in _SAFE or not self._opens(v for k, v in query if k == TOKEN):
            return None
        rest = urlencode([(key, value) for key, value in query if key != TOKEN])
        path = "/" + scope["path"].lstrip("/\\")  # `//host` would be another server
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        answer.set_cookie(
            self._door.cookie, self._door.secret, httponly=True, samesite="strict", path="/"
        )
        return answer

    def _stranger(self, headers: Headers) -> Response | None:
        """Refuse whoever does not know the token."""
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._door.cookie)
        except CookieError:
            cookie = None
        known = [cookie.value] if cookie is not None else []
        bearer = self._bearer(headers)
        if self._opens([*known, *([bearer] if bearer is not None else [])]):
            return None
        return _no(401, "open the address that `headrace ui` has printed: it has a token")

    def _opens(self, offered: Iterable[str]) -> bool:
        secret = self._door.secret.encode()
        return any(hmac.compare_digest(each.encode(), secret) for each in offered)

    @staticmethod
    def _bearer(headers: Headers) -> str | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None


def _no(status: int, words: str) -> Response:
    return PlainTextResponse(f"{words}\n", status)


def _length(headers: Headers) -> int:
    """Return how long a body says that it is; one that does not say it counts as too long."""
    if "transfer-encoding" in headers:
        return MOST_BODY + 1
    written = headers.get("content-length", "0")
    return int(written) if written.isdigit() else MOST_BODY + 1


def _bounded(receive: Receive) -> Receive:
    """Return a `receive` that gives up on a body that is longer than its header said."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        return {"type": "http.disconnect"} if read > MOST_BODY else message

    return bounded


def _hardened(send: Send) -> Send:
    """Return a `send` that adds the headers of each answer."""

    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return hardened
