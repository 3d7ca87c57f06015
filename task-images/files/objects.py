"""
Object stores: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.

Reads large objects in parallel ranges of one version; publishes with one request, or with the one
that completes a multipart upload.
"""

import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import (
    GenericError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import AzureStore, GCSStore, S3Store
from stores import Address, Entry, Keys, Later
from task_contract import End, WrongInput

PART = 8 << 20
AT_ONCE = 8
"""So many parts of a file are on their way: 64 MiB of memory."""
MOST_PARTS = 10_000
LARGEST_COPY = 5 << 30
"""What S3 copies with one request."""

ERRORS = (obstore.exceptions.BaseError, OSError, ValueError)

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]")
_PLAIN = re.compile(r"[!-~]*")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")


class Objects:
    """One bucket or container."""

    def __init__(self, address: Address, keys: Keys, timeout: int, tries: int) -> None:
        """
        Make ready, without a request.

        Raises:
            WrongInput: A name or a secret has a form that cannot be right.

        """
        self._address, self._side = address, keys.side
        if not _BUCKET.fullmatch(address.root):
            raise WrongInput(f"{address.root[:80]!r} is no name of a bucket; correct {keys.side}")
        if not _REGION.fullmatch(keys.region):
            raise WrongInput(f"{keys.side}Region {keys.region[:80]!r} is none")
        common = {
            "client_options": {
                "timeout": timedelta(seconds=timeout),
                "connect_timeout": timedelta(seconds=min(timeout, 10)),
                "allow_http": keys.endpoint.startswith("http://"),
            },
            "retry_config": {
                "max_retries": max(0, tries - 1),
                "retry_timeout": timedelta(seconds=timeout * max(1, tries)),
            },
        }
        try:
            self._store = _OPENED[address.scheme](address.root, keys, common)
        except (obstore.exceptions.BaseError, ValueError, UnicodeDecodeError) as error:
            raise WrongInput(
                f"{keys.side}: its user, secret or endpoint cannot be used"
                f" ({type(error).__name__}); correct them"
            ) from None

    def list(self, folder: str) -> Iterator[Entry]:
        """List all objects below a prefix."""
        try:
            for batch in obstore.list(self._store, folder.rstrip("/") or None):
                for meta in batch:
                    if not meta["path"].endswith("/"):
                        yield _entry(meta)
        except ERRORS as error:
            raise self._ended(folder, error) from None

    def stat(self, path: str) -> Entry | None:
        """Return one object."""
        try:
            return _entry(obstore.head(self._store, path))
        except (NotFoundError, FileNotFoundError) as error:
            if "NoSuchBucket" in str(error):
                raise self._ended(path, error) from None
            return None
        except ERRORS as error:
            raise self._ended(path, error) from None

    def read(self, entry: Entry) -> Iterator[bytes]:
        """Read an object in ranges, some at once, all of the version that was listed."""
        waiting: deque[Future[Any]] = deque()
        starts = iter(range(0, entry.size, PART))
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for start in starts:
                waiting.append(pool.submit(self._range, entry, start))
                if len(waiting) >= AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except ERRORS as error:
            raise self._ended(entry.path, error) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _range(self, entry: Entry, start: int) -> Any:
        options: dict[str, Any] = {"range": (start, min(entry.size, start + PART))}
        if entry.version:
            options["if_match"] = entry.version
        return memoryview(obstore.get(self._store, entry.path, options=options).bytes())

    def write(self, path: str, parts: Iterator[bytes], size: int) -> None:
        """Upload all parts; the last request publishes them."""
        part = max(PART, size // MOST_PARTS + 1)
        try:
            first = _first(parts)
            if len(first) < PART:
                obstore.put(self._store, path, first, use_multipart=False)
            else:
                obstore.put(
                    self._store, path, _all(first, parts), chunk_size=part, max_concurrency=AT_ONCE
                )
        except ERRORS as error:
            raise self._ended(path, error) from None

    def delete(self, path: str) -> None:
        """Delete an object."""
        try:
            obstore.delete(self._store, path)
        except (NotFoundError, FileNotFoundError):
            return
        except ERRORS as error:
            raise self._ended(path, error) from None

    def shortcut(self, entry: Entry, path: str, *, move: bool) -> bool:
        """Let the store copy within the bucket."""
        if entry.size > LARGEST_COPY or entry.path == path:
            return False
        try:
            obstore.copy(self._store, entry.path, path)
        except ERRORS as error:
            raise self._ended(entry.path, error) from None
        if move:
            self.delete(entry.path)
        return True

    def _ended(self, path: str, error: Exception) -> Exception:
        """Return the end that an error means. Its own text may have signed URLs in it."""
        where, side, text = self._address.shown(path)[:300], self._side, str(error)
        for kinds, says, text_of in _SAID:
            if isinstance(error, kinds) and (not text_of or text_of in text):
                return WrongInput(f"{where}: {says}; correct {side}")
        if isinstance(error, PreconditionError):
            return Later(f"{where}: it was changed while it was read")
        return self._unclear(where, text, error)

    def _unclear(self, where: str, text: str, error: Exception) -> Exception:
        if "ertificate" in text:
            return End(f"{where}: the certificate of the store is not valid; renew it there")
        if found := re.search(r"status code: (\d{3})", text):
            code = re.search(r"<Code>(\w{1,60})</Code>", text)
            said = f"{found.group(1)} {code.group(1) if code else ''}".strip()
            if found.group(1) in {"401", "403"}:
                return WrongInput(
                    f"{where}: the store refuses the credentials; correct those of {self._side}"
                )
            if found.group(1)[0] == "5" or found.group(1) in {"408", "429"}:
                return Later(f"{where}: the store answers {said}")
            return WrongInput(f"{where}: the store answers {said}; correct {self._side}")
        if isinstance(error, GenericError):
            return Later(f"{where}: the store cannot be reached, or the connection broke")
        return End(f"{where}: {type(error).__name__}")


_SAID: tuple[tuple[Any, str, str], ...] = (
    ((PermissionDeniedError, UnauthenticatedError), "the store refuses the credentials", ""),
    (Exception, "there is no such bucket", "NoSuchBucket"),
    (Exception, "there is no such container", "ContainerNotFound"),
    ((NotFoundError, FileNotFoundError), "it is not there", ""),
    (ValueError, "that is no path of an object", ""),
)
"""What an error means, the first that fits; the text that it must have, if any."""


def _s3(bucket: str, keys: Keys, common: Any) -> S3Store:
    config: dict[str, Any] = {"region": keys.region}
    if keys.endpoint:
        config["endpoint"] = keys.endpoint
    for name in ("user", "token"):
        if not _PLAIN.fullmatch(keys.text(name)):
            raise ValueError(name)  # It becomes a header.
    if keys.user is not None:
        config |= {"access_key_id": keys.text("user"), "secret_access_key": keys.text("secret")}
    if keys.token is not None:
        config["session_token"] = keys.text("token")
    return S3Store(bucket, config=config, **common)


def _gcs(bucket: str, keys: Keys, common: Any) -> GCSStore:
    config = {"service_account_key": keys.text("secret")} if keys.secret is not None else {}
    return GCSStore(bucket, config=config, **common)


def _azure(container: str, keys: Keys, common: Any) -> AzureStore:
    config: dict[str, Any] = {}
    if keys.user is not None:
        if not _ACCOUNT.fullmatch(keys.text("user")):
            raise ValueError("account")
        config["account_name"] = keys.text("user")
    if keys.endpoint:
        config["endpoint"] = keys.endpoint
    if keys.secret is not None:
        config["account_key"] = keys.text("secret")
    if keys.token is not None:
        config["sas_key"] = keys.text("token")
    return AzureStore(container, config=config, **common)


_OPENED = {"s3": _s3, "gs": _gcs, "az": _azure}


def _entry(meta: Any) -> Entry:
    changed = meta["last_modified"].isoformat(timespec="seconds")
    return Entry(meta["path"], meta["size"], changed, meta["e_tag"] or "")


def _first(parts: Iterator[bytes]) -> bytes:
    """Return as much as one request takes, or all there is."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) >= PART:
            break
    return bytes(data)


def _all(first: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from parts
