"""
Files of SFTP servers. The server proves its key before anything secret is sent.

Publishes by renaming. Knows paramiko.
"""

import io
import re
import socket
import stat as modes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from posixpath import basename, dirname, join

import paramiko
from paramiko.ssh_exception import AuthenticationException, SSHException
from stores import Address, Entry, Keys, Later, is_part, part_name
from task_contract import End, WrongInput
from task_contract.reach import Reach

CHUNK = 1 << 18
AHEAD = 64
"""So many requests of 32 KiB are on their way."""
PORT = 22
KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

_PLACE = re.compile(r"(?:([^@:/]+)@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?")


class Sftp:
    """The files of one account."""

    def __init__(
        self, address: Address, keys: Keys, allow: Sequence[str], timeout: int, mark: str
    ) -> None:
        """
        Make ready, without a connection.

        Raises:
            WrongInput: The address has no host, or a secret is missing.

        """
        found = _PLACE.fullmatch(address.root)
        if found is None:
            raise WrongInput(f"{keys.side}: {address.root[:80]!r} is no user@host:port")
        self._user = found.group(1) or keys.text("user")
        self._host, self._port = found.group(2).strip("[]"), int(found.group(3) or PORT)
        if not self._user:
            raise WrongInput(f"{keys.side} names no user, as sftp://user@host/ does; add it")
        self._address, self._keys, self._reach = address, keys, Reach(allow)
        self._timeout, self._mark = timeout, mark
        self._open: paramiko.SFTPClient | None = None

    def list(self, folder: str) -> Iterator[Entry]:
        """List all files below a folder; links are none."""
        with self._calling(folder) as files:
            try:
                found = sorted(files.listdir_iter(folder or "."), key=lambda each: each.filename)
            except FileNotFoundError:
                return
        for each in found:
            name, mode = each.filename, each.st_mode or 0
            path = join(folder, name)
            if name in {".", ".."} or "/" in name or is_part(name):
                continue
            if modes.S_ISDIR(mode):
                yield from self.list(path)
            elif modes.S_ISREG(mode):
                yield _entry(path, each)

    def stat(self, path: str) -> Entry | None:
        """Return one file."""
        with self._calling(path) as files:
            try:
                about = files.lstat(path)
            except FileNotFoundError:
                return None
            return _entry(path, about) if modes.S_ISREG(about.st_mode or 0) else None

    def read(self, entry: Entry) -> Iterator[bytes]:
        """Read a file, with many requests on their way."""
        with self._calling(entry.path) as files, files.open(entry.path, "rb") as file:
            file.prefetch(entry.size, max_concurrent_requests=AHEAD)
            while part := file.read(CHUNK):
                yield part

    def write(self, path: str, parts: Iterator[bytes], size: int) -> None:  # noqa: ARG002 - of the protocol
        """Write beside the file, then rename."""
        part = join(dirname(path), part_name(basename(path), self._mark))
        with self._calling(path) as files:
            self._make(files, dirname(path))
            try:
                count = 0
                with files.open(part, "wb") as file:
                    file.set_pipelined(True)
                    for each in parts:
                        file.write(each)
                        count += len(each)
                # Paramiko drops what the server says of the last writes: the disk may be full.
                if files.stat(part).st_size != count:
                    raise OSError("not all bytes were written")
                files.posix_rename(part, path)
            finally:
                with suppress(OSError, SSHException):
                    files.remove(part)

    def delete(self, path: str) -> None:
        """Delete a file."""
        with self._calling(path) as files, suppress(FileNotFoundError):
            files.remove(path)

    def shortcut(self, entry: Entry, path: str, *, move: bool) -> bool:
        """Rename a file."""
        if not move:
            return False
        with self._calling(path) as files:
            self._make(files, dirname(path))
            files.posix_rename(entry.path, path)
        return True

    def _make(self, files: paramiko.SFTPClient, folder: str) -> None:
        if folder in {"", "/"}:
            return
        try:
            files.stat(folder)
        except FileNotFoundError:
            self._make(files, dirname(folder))
            with suppress(OSError):  # Somebody else may have made it.
                files.mkdir(folder)

    @contextmanager
    def _calling(self, path: str) -> Iterator[paramiko.SFTPClient]:
        where = self._address.shown(path)[:300]
        try:
            if self._open is None:
                self._open = self._connected()
            yield self._open
        except (End, Later):
            raise
        except FileNotFoundError as error:
            raise WrongInput(f"{where} is not there; correct {self._keys.side}") from error
        except PermissionError as error:
            raise WrongInput(
                f"{where}: the server does not permit it; correct the rights"
            ) from error
        except (EOFError, SSHException, TimeoutError, ConnectionError) as error:
            self._open = None
            raise Later(f"{where}: the connection broke ({type(error).__name__})") from error
        except (OSError, ValueError) as error:
            raise End(f"{where}: the server says {str(error)[:120]!r}; make room there") from error

    def _connected(self) -> paramiko.SFTPClient:
        try:
            connection = socket.create_connection(
                (self._reach.address(self._host, self._port), self._port), self._timeout
            )
        except (OSError, UnicodeError) as error:
            raise Later(f"{self._host}:{self._port} cannot be reached: {error}") from error
        transport = paramiko.Transport(connection)
        transport.daemon = True
        try:
            transport.start_client(timeout=self._timeout)
            self._verify(transport.get_remote_server_key())
            self._log_in(transport)
            opened = _channel(transport)
            opened.get_channel().settimeout(self._timeout)
        except BaseException:
            transport.close()
            raise
        return opened

    def _verify(self, key: paramiko.PKey) -> None:
        wanted, shown = self._keys.host_key.split(), key.fingerprint
        parameter = f"{self._keys.side}HostKey"
        if not wanted:
            raise WrongInput(
                f"{self._host} shows the key {shown}; if that is right, give it as {parameter}"
            )
        if shown not in wanted and key.get_base64() not in wanted:
            raise WrongInput(
                f"{self._host} shows the key {shown}, which is not {parameter}: another server, or"
                " a new key; nothing was sent to it"
            )

    def _log_in(self, transport: paramiko.Transport) -> None:
        secret = self._keys.text("secret")
        if not secret:
            raise WrongInput(f"{self._keys.side}Secret is missing: a password or a private key")
        try:
            if "PRIVATE KEY-----" in secret:
                transport.auth_publickey(self._user, _private(secret, self._keys.side))
            else:
                transport.auth_password(self._user, secret)
        except AuthenticationException as error:
            raise WrongInput(
                f"{self._host} refuses user {self._user[:80]!r}; correct {self._keys.side}Secret"
            ) from error


def _channel(transport: paramiko.Transport) -> paramiko.SFTPClient:
    opened = paramiko.SFTPClient.from_transport(transport)
    if opened is None:
        raise SSHException("the connection was closed")
    return opened


def _private(text: str, side: str) -> paramiko.PKey:
    for kind in KEYS:
        with suppress(SSHException, ValueError, IndexError):
            return kind.from_private_key(io.StringIO(f"{text}\n"))
    raise WrongInput(f"{side}Secret is no private key that can be read; a password on it is none")


def _entry(path: str, about: paramiko.SFTPAttributes) -> Entry:
    size, seconds = about.st_size or 0, about.st_mtime or 0
    changed = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    return Entry(path, size, changed, f"{size}-{seconds}")
