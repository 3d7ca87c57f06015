"""
The program of the template `http`: calls a URL, follows pages, waits for a state, saves the body.

Knows HTTP. Which addresses it may reach and how it ends is `task_contract`.
"""

import hashlib
import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
import httpx
from task_contract import (
    CheckFailed,
    End,
    TryAgain,
    WrongInput,
    info,
    progress,
    run,
    values_for,
    write_outputs,
)
from task_contract.reach import Guarded
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a server says when it may answer later."""
REFUSED = frozenset({401, 403, 407})
SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""What may be sent twice: the second time changes nothing."""
LONGEST_WAIT = 120.0
MOST_REDIRECTS = 5
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters."""

    url: str
    method: str = "GET"
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    token: bytes | None = None
    user: str = ""
    password: bytes | None = None
    saveTo: str = ""  # noqa: N815 - the names of parameters
    nextField: str = ""  # noqa: N815
    itemsField: str = ""  # noqa: N815
    untilField: str = ""  # noqa: N815
    untilValues: list[Any] = field(default_factory=list)  # noqa: N815
    failValues: list[Any] = field(default_factory=list)  # noqa: N815
    everySeconds: int = 10  # noqa: N815
    withinSeconds: int = 600  # noqa: N815
    timeoutSeconds: int = 60  # noqa: N815
    tries: int = 4
    maxBytes: int = 104_857_600  # noqa: N815
    allow: list[str] = field(default_factory=list)


class Guard(Guarded, httpcore.SyncBackend):
    """Opens connections, to allowed addresses only."""

    unreachable = httpcore.ConnectError


class Later(Exception):  # noqa: N818 - a sign for the loop of tries
    """The server may answer at another time."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


def main() -> None:
    """Do what the parameters say."""
    call = values_for(Call)
    with client_for(call) as client:
        if call.untilField:
            await_state(client, call)
        elif call.nextField:
            save_pages(client, call)
        else:
            save_body(client, call)


def client_for(call: Call) -> httpx.Client:
    """Return a client that reaches allowed addresses only."""
    transport = httpx.HTTPTransport(trust_env=False)
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001 - httpx has no option for it
        ssl_context=ssl.create_default_context(), network_backend=Guard(call.allow)
    )
    headers = {name: str(value) for name, value in call.headers.items()}
    if not all(f"{name}{value}".isascii() for name, value in headers.items()):
        raise WrongInput("a header has other characters than ASCII; encode them")
    if call.token is not None:
        headers["Authorization"] = f"Bearer {call.token.decode()}"
    auth = (call.user, (call.password or b"").decode()) if call.user else None
    return httpx.Client(
        transport=transport,
        auth=auth,
        headers=headers,
        timeout=call.timeoutSeconds,
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
        trust_env=False,
    )


def save_body(client: httpx.Client, call: Call) -> None:
    """Call once, and save the body."""
    status, body = ask(client, call, call.url, call.query)
    digest = _save(call.saveTo, body)
    write_outputs(status=status, pages=1, bytes=len(body), sha256=digest)
    info(f"{call.method} {_shown(call.url)} gave {status}", bytes=len(body))


def save_pages(client: httpx.Client, call: Call) -> None:
    """Follow the pages, and save their items, a line of JSON each."""
    lines: list[bytes] = []
    size, pages, status = 0, 0, 0
    url: str | None = call.url
    query: Mapping[str, Any] = call.query
    while url is not None:
        status, body = ask(client, call, url, query)
        page = _json(body)
        for item in _items(page, call.itemsField):
            lines.append(json.dumps(item, ensure_ascii=False).encode() + b"\n")
            size += len(lines[-1])
        if size > call.maxBytes:
            raise CheckFailed(f"the pages have more than {call.maxBytes:,} bytes; raise maxBytes")
        pages += 1
        progress(pages, what="pages")
        url, query = _next(call, page, url), {}
        if pages >= MOST_PAGES and url is not None:
            raise CheckFailed(f"there are more than {MOST_PAGES:,} pages; ask for larger ones")
    data = b"".join(lines)
    digest = _save(call.saveTo, data)
    write_outputs(status=status, pages=pages, bytes=len(data), sha256=digest)


def await_state(client: httpx.Client, call: Call) -> None:
    """Ask until a field has one of the values."""
    end = time.monotonic() + call.withinSeconds
    while True:
        status, body = ask(client, call, call.url, call.query)
        value = _field(_json(body), call.untilField)
        if value in call.untilValues:
            break
        shown = json.dumps(value)[:80]
        if value in call.failValues:
            raise CheckFailed(f"{call.untilField} is {shown}")
        if time.monotonic() + call.everySeconds > end:
            raise TryAgain(f"{call.untilField} is still {shown} after {call.withinSeconds}s")
        info(f"{call.untilField} is {shown}")
        time.sleep(call.everySeconds)
    digest = _save(call.saveTo, body)
    write_outputs(status=status, pages=1, bytes=len(body), sha256=digest)


def ask(client: httpx.Client, call: Call, url: str, query: Mapping[str, Any]) -> tuple[int, bytes]:
    """
    Return status and body of one answer.

    Raises:
        End: There is none, after all tries.

    """
    tries = Retrying(
        retry=retry_if_exception_type(Later),
        stop=stop_after_attempt(max(1, call.tries)),
        wait=_wait,
        before_sleep=_say_later,
        reraise=True,
    )
    try:
        return tries(_ask_once, client, call, url, query)
    except Later as error:
        raise TryAgain(f"{_shown(url)}: {error}, {call.tries} times") from error


def _ask_once(
    client: httpx.Client, call: Call, url: str, query: Mapping[str, Any]
) -> tuple[int, bytes]:
    sent = {"json": call.body} if isinstance(call.body, dict | list) else {}
    if isinstance(call.body, str):
        sent = {"content": call.body.encode()}
    try:
        with client.stream(call.method, url, params=dict(query) or None, **sent) as answer:
            _judge(answer)
            body = _read(answer, call.maxBytes)
            return answer.status_code, body
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise End(f"{_shown(url)}: its certificate is not valid: {error}") from error
        raise Later(str(error) or "cannot be reached") from error
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol) as error:
        raise WrongInput(f"{_shown(url)}: {error}; correct url or headers") from error
    except httpx.TransportError as error:
        if call.method not in SAFE:
            raise CheckFailed(
                f"{_shown(url)}: no answer came ({error}), so nobody knows whether {call.method}"
                " was done; look there, then run the task again"
            ) from error
        raise Later(str(error) or type(error).__name__) from error
    except (httpx.InvalidURL, httpx.TooManyRedirects, UnicodeError, ValueError, TypeError) as error:
        raise WrongInput(f"{_shown(url)}: {error}; correct url, query or headers") from error


def _judge(answer: httpx.Response) -> None:
    status, where = answer.status_code, _shown(str(answer.url))
    if answer.is_success:
        return
    if status in BUSY:
        raise Later(f"the server answers {status}", _retry_after(answer))
    if status in REFUSED:
        raise WrongInput(f"{where} answers {status}: it refuses the credentials; correct them")
    raise WrongInput(f"{where} answers {status} {answer.reason_phrase}; correct the call")


def _read(answer: httpx.Response, most: int) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > most:
            raise CheckFailed(f"the body has more than {most:,} bytes; raise maxBytes")
        parts.append(part)
    return b"".join(parts)


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT) if text.isdecimal() else None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    after = error.after if isinstance(error, Later) else None
    return after if after is not None else min(2.0 ** (state.attempt_number - 1), LONGEST_WAIT)


def _say_later(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    info(f"{error}; again in {state.upcoming_sleep:.0f}s", attempt=state.attempt_number)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise CheckFailed(f"the answer is no JSON: {error}") from error


def _field(value: Any, path: str) -> Any:
    """Return a field by its path (`data.state`); None: there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _items(page: Any, path: str) -> Iterator[Any]:
    found = _field(page, path) if path else page
    if not isinstance(found, list):
        raise CheckFailed(f"{path or 'the page'} is no list; correct itemsField")
    yield from found


def _next(call: Call, page: Any, url: str) -> str | None:
    """Return the address of the next page, on the same server: the credentials go there too."""
    found = _field(page, call.nextField)
    if not isinstance(found, str) or not found:
        return None
    joined = httpx.URL(url).join(found)
    first = httpx.URL(call.url)
    if (joined.scheme, joined.host, joined.port) != (first.scheme, first.host, first.port):
        raise WrongInput(f"the next page is on another server, {joined.host}; it is not followed")
    return str(joined)


def _save(path: str, data: bytes) -> str:
    """Save data as a whole or not at all; return its hash."""
    if path:
        whole = Path(path)
        part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(whole)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise End(f"{path} cannot be written: {error.strerror}; correct saveTo") from error
    return hashlib.sha256(data).hexdigest()


def _shown(url: str) -> str:
    """Return an address without what may be secret in it."""
    try:
        return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
    except (httpx.InvalidURL, TypeError, ValueError):
        return "the url"


if __name__ == "__main__":
    run(main)
