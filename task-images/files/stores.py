"""
What a place with files can do, whatever it is: the words that all modules share.

Knows no protocol. `local`, `objects`, `sftp` and `web` each know one.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from task_contract import WrongInput

CHUNK = 1 << 20
WEB = frozenset({"http", "https"})


class Later(Exception):  # noqa: N818 - a sign for the loop of tries
    """It did not work; it may at another time. The text says where and what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a place."""

    path: str
    """Its path below the root of the place, with `/` between names."""
    size: int
    modified: str
    """When it was changed, in ISO 8601; empty: nobody knows."""
    version: str
    """Another text for another content, as far as the place can tell."""


class Store(Protocol):
    """A place with files: a bucket, a container, a server, a file system."""

    def list(self, folder: str) -> Iterator[Entry]:
        """List all files below a folder, at any depth; none where there is no folder."""

    def stat(self, path: str) -> Entry | None:
        """Return one file; None: it is not there."""

    def read(self, entry: Entry) -> Iterator[bytes]:
        """Read a file from its begin to its end, or fail."""

    def write(self, path: str, parts: Iterator[bytes], size: int) -> None:
        """
        Publish a file once all its parts have come.

        Nobody sees half of it, also if `parts` fails in the middle or this process is killed.
        The size is what is expected; 0: nobody knows.
        """

    def delete(self, path: str) -> None:
        """Delete a file. One that is not there is deleted already."""

    def shortcut(self, entry: Entry, path: str, *, move: bool) -> bool:
        """Copy or rename a file within this place without reading it; False: it cannot."""


@dataclass(frozen=True, slots=True)
class Keys:
    """How one side of a transfer is reached."""

    side: str
    """source or target: what the names of its parameters begin with."""
    endpoint: str
    region: str
    user: bytes | None
    secret: bytes | None
    token: bytes | None
    host_key: str

    def text(self, name: str) -> str:
        """Return a secret as text; empty: there is none."""
        value: bytes | None = getattr(self, name)
        return "" if value is None else value.decode()


_ADDRESS = re.compile(r"(s3|gs|az|sftp|https?)://(.*)", re.DOTALL)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is, as a parameter says it."""

    scheme: str
    """Empty: on this machine."""
    root: str
    """A bucket, or a host with user and port."""
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether it means all files below it."""
        return self.path == "" or self.path.endswith("/")

    def shown(self, path: str) -> str:
        """Return the address of another path of the same place, for people."""
        if not self.scheme:
            return path
        if self.scheme in WEB:
            return shown(self.root)
        between = "/~/" if self.scheme == "sftp" and not path.startswith("/") else "/"
        return f"{self.scheme}://{self.root}{between}{path.removeprefix('/')}"


def shown(text: str) -> str:
    """Return an address for people: that of a web server may have secrets in it."""
    if not re.match(r"https?://", text):
        return text[:300]
    return re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", text)[0])[:300]


def address_of(text: str, parameter: str) -> Address:
    """
    Read an address.

    Raises:
        WrongInput: It has another scheme than those that are known.

    """
    if not text or "\0" in text:
        raise WrongInput(f"{parameter} is empty or has a NUL; give it an address")
    found = _ADDRESS.fullmatch(text)
    if found is None:
        if _SCHEME.match(text):
            raise WrongInput(
                f"{parameter} {text[:80]!r}: known are s3://, gs://, az://, sftp://, https://,"
                " http:// and paths of this machine"
            )
        return Address("", "", text)
    scheme, rest = found.groups()
    if scheme in WEB:
        return Address(scheme, text, "")
    root, _, path = rest.partition("/")
    if scheme == "sftp":
        return Address(scheme, root, path[2:] if path.startswith("~/") else f"/{path}")
    if path.startswith("/"):
        raise WrongInput(f"{parameter} has two slashes after the bucket; no object has such a path")
    return Address(scheme, root, path)


def part_name(name: str, mark: str) -> str:
    """Return the name of a file that is not whole yet: the same one after a retry."""
    return f".{hashlib.sha256(f'{mark}/{name}'.encode(errors='replace')).hexdigest()[:24]}.part"


def is_part(name: str) -> bool:
    """Return whether a name is one of those: nobody may take it for a file."""
    return re.fullmatch(r"\.[0-9a-f]{24}\.part", name) is not None
