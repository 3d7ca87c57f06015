"""
Files of web servers: one at a time, to read.

Reaches public addresses only, besides those that are allowed; sends credentials to the first
server only.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpcore
import httpx
from stores import CHUNK, Entry, Keys, Later
from task_contract import End, WrongInput
from task_contract.reach import Guarded

MOST_REDIRECTS = 5
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
REFUSED = frozenset({401, 403, 407})
NO_HEAD = frozenset({403, 405, 501})
"""Then GET may be allowed: an address that is signed is signed for one method."""


class Guard(Guarded, httpcore.SyncBackend):
    """Opens connections, to allowed addresses only."""

    unreachable = httpcore.ConnectError


class Web:
    """What a URL names."""

    def __init__(self, url: str, keys: Keys, allow: Sequence[str], timeout: int) -> None:
        """Make ready, without a request."""
        self._url, self._side = url, keys.side
        transport = httpx.HTTPTransport(trust_env=False)
        transport._pool = httpcore.ConnectionPool(  # noqa: SLF001 - httpx has no option for it
            ssl_context=ssl.create_default_context(), network_backend=Guard(allow)
        )
        headers = {"Accept-Encoding": "identity"}
        if keys.token is not None:
            headers["Authorization"] = f"Bearer {keys.text('token')}"
        auth = (keys.text("user"), keys.text("secret")) if keys.user is not None else None
        self._client = httpx.Client(
            transport=transport,
            headers=headers,
            auth=auth,
            timeout=timeout,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            trust_env=False,
        )

    def list(self, folder: str) -> Iterator[Entry]:  # noqa: ARG002 - of the protocol
        """Refuse: a web server has no list of its files."""
        raise WrongInput(f"{self._side}: a web server has no list of its files; name one file")

    def stat(self, path: str) -> Entry | None:
        """Ask for one file, without its content."""
        with self._answer(path, "HEAD") as answer:
            if answer.status_code not in NO_HEAD:
                return self._entry(path, answer)
        with self._answer(path, "GET") as answer:
            return self._entry(path, answer)

    def _entry(self, path: str, answer: httpx.Response) -> Entry | None:
        if answer.status_code in {404, 410}:
            return None
        self._judge(answer)
        size = answer.headers.get("Content-Length", "")
        version = answer.headers.get("ETag", answer.headers.get("Last-Modified", ""))
        return Entry(path, int(size) if size.isdecimal() else 0, "", version)

    def read(self, entry: Entry) -> Iterator[bytes]:
        """Read one file."""
        with self._answer(entry.path, "GET") as answer:
            self._judge(answer)
            yield from answer.iter_raw(CHUNK)

    def write(self, path: str, parts: Iterator[bytes], size: int) -> None:  # noqa: ARG002 - of the protocol
        """Refuse."""
        raise WrongInput("target: a web server can only be a source; use the template http")

    def delete(self, path: str) -> None:  # noqa: ARG002 - of the protocol
        """Refuse."""
        raise WrongInput(f"{self._side}: nothing can be deleted on a web server")

    def shortcut(self, entry: Entry, path: str, *, move: bool) -> bool:  # noqa: ARG002 - of the protocol
        """Know none."""
        return False

    @contextmanager
    def _answer(self, path: str, method: str) -> Iterator[httpx.Response]:
        url = f"{self._url}{path}"
        try:
            with self._client.stream(method, url) as answer:
                yield answer
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise WrongInput(f"{shown(url)}: {error}; correct {self._side}") from error
        except (httpx.LocalProtocolError, UnicodeError, ValueError) as error:
            raise WrongInput(f"{shown(url)}: {error}; correct {self._side}") from error
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise End(
                    f"{shown(url)}: its certificate is not valid; it must be renewed there"
                ) from error
            raise Later(f"{shown(url)}: {error or type(error).__name__}") from error

    def _judge(self, answer: httpx.Response) -> None:
        status, where = answer.status_code, shown(str(answer.url))
        if answer.is_success:
            return
        if status in BUSY:
            raise Later(f"{where}: the server answers {status}")
        if status in REFUSED:
            raise WrongInput(f"{where}: the server refuses the credentials; correct them")
        raise WrongInput(f"{where}: the server answers {status}; correct {self._side}")


def shown(url: str) -> str:
    """Return an address without what may be secret in it."""
    try:
        return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))[:300]
    except (httpx.InvalidURL, TypeError, ValueError):
        return "the url"
