"""
Unpacking: tar (also .gz, .bz2, .xz), zip and gz, from any place to any place.

Follows and makes no link. Each file is published as a whole; what an archive may make is bounded.
"""

import gzip
import hashlib
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any, Self

from bounds import Bounds
from order import Order, Side
from patterns import matcher
from stores import CHUNK, Entry, Later, shown
from task_contract import CheckFailed, End, WrongInput, warning
from transfer import EVERYTHING, Done, Found, again, found_in

from local import stays_below

LARGEST_HEADER = 1 << 20
LINK = 0o120000
"""How a zip says that a file is a link, as Unix does."""
BROKEN = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error)

Publish = Callable[[str, Iterator[bytes], int], None]


def unpack(order: Order, source: Side, target: Side) -> Done:
    """Unpack an archive into a folder."""
    found = again(order, lambda: list(found_in(order_of_one(order), source)))
    if not found:
        raise WrongInput(f"{shown(order.source)} is not there; correct source")
    if len(found) > 1:
        raise WrongInput(f"source has {len(found):,} files; name the one archive to unpack")
    return again(order, partial(_unpacked, order, source, target, found[0]))


def order_of_one(order: Order) -> Order:
    """Return the order without its pattern: here it picks files of the archive."""
    return Order(source=order.source, tries=order.tries, allow=order.allow)


def _unpacked(order: Order, source: Side, target: Side, found: Found) -> Done:
    bounds, done = Bounds(order.maxFiles, order.maxBytes), list[str]()
    fits = matcher(order.pattern or EVERYTHING)

    def publish(name: str, parts: Iterator[bytes], size: int) -> None:
        inside = _inside(name)
        if not fits(inside):
            return
        path = f"{target.address.path.rstrip('/')}/{inside}" if target.address.path else inside
        if not target.address.scheme and not stays_below(target.address.path, path):
            raise CheckFailed(f"{inside[:200]!r} would follow a link out of the target")
        bounds.file()
        bounds.expect(size)
        target.store.write(path, bounds.counted(parts, hashlib.sha256()), size)
        done.append(target.address.shown(path))

    with _spooled(order, source, found.entry) as (file, digest):
        try:
            _read(found.below.lower(), file, publish)
        except (End, Later):
            raise
        except (*BROKEN, EOFError, OSError, ValueError, NotImplementedError, MemoryError) as error:
            raise CheckFailed(
                f"{shown(order.source)} is cut off or damaged ({type(error).__name__}: {error});"
                " get it again"
            ) from error
    return Done(done, bounds.bytes, digest)


@contextmanager
def _spooled(order: Order, source: Side, entry: Entry) -> Iterator[tuple[IO[bytes], str]]:
    """Give the archive as a whole: nothing is unpacked of one that is cut off or another one."""
    digest = hashlib.sha256()
    own = Bounds(1, order.maxBytes)
    with tempfile.TemporaryFile(prefix="archive-") as file:
        try:
            for part in own.counted(source.store.read(entry), digest):
                file.write(part)
        except OSError as error:
            raise End(
                f"no room for the archive in {tempfile.gettempdir()}: {error.strerror}"
            ) from error
        if entry.size and own.bytes != entry.size:
            raise Later(f"{own.bytes:,} of {entry.size:,} bytes of the archive came")
        if order.sha256 and digest.hexdigest() != order.sha256.lower():
            raise CheckFailed(f"the sha256 is {digest.hexdigest()}, not {order.sha256}")
        file.seek(0)
        yield file, digest.hexdigest()


def _read(name: str, file: IO[bytes], publish: Publish) -> None:
    begin = file.read(6)
    file.seek(0)
    if begin.startswith(b"PK"):
        _zip(file, publish)
    elif begin.startswith(b"\x1f\x8b") and not name.endswith((".tgz", ".tar.gz")):
        with gzip.GzipFile(fileobj=file) as plain:
            first = plain.read(512)
        file.seek(0)
        if first[257:262] == b"ustar":
            _tar(file, publish)
        else:
            with gzip.GzipFile(fileobj=file) as plain:
                publish(name.removesuffix(".gz") or "file", _parts(plain), 0)
    else:
        _tar(file, publish)


def _tar(file: IO[bytes], publish: Publish) -> None:
    left_out = 0
    with tarfile.open(fileobj=file, mode="r:*", tarinfo=_Header) as archive:
        for member in archive:
            if member.isreg():
                content = archive.extractfile(member)
                if content is not None:
                    publish(member.name, _parts(content, member.size), member.size)
            elif not member.isdir():
                left_out += 1
            archive.members = []  # type: ignore[attr-defined]  # Else it keeps all of them.
    if left_out:
        warning(f"{left_out:,} links and devices of the archive were left out")


class _Header(tarfile.TarInfo):
    """A header of bounded size: long names and such are read into memory as a whole."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str | None, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.size > LARGEST_HEADER and found.type in b"xgLKX" and found.type != b"":
            raise tarfile.ReadError(f"a header of {found.size:,} bytes")
        return found


def _zip(file: IO[bytes], publish: Publish) -> None:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise WrongInput(f"{member.filename[:200]!r} has a password; that is not supported")
            if (member.external_attr >> 16) & 0o170000 == LINK:
                warning(f"the link {member.filename[:200]!r} was left out")
                continue
            with archive.open(member) as content:
                publish(member.filename, _parts(content, member.file_size), member.file_size)


def _parts(file: IO[bytes], size: int | None = None) -> Iterator[bytes]:
    """Read to the end; of a size that was promised, exactly so much."""
    count = 0
    while part := file.read(CHUNK):
        count += len(part)
        yield part
    if size is not None and count != size:
        raise EOFError(f"{count:,} of {size:,} bytes")


def _inside(name: str) -> str:
    """
    Return a name of an archive as a path below its target.

    Raises:
        CheckFailed: It would lead out of it.

    """
    names = [each for each in name.replace("\\", "/").split("/") if each not in {"", "."}]
    if (
        name.startswith(("/", "\\"))
        or ".." in names
        or not names
        or (len(name) > 1 and name[1] == ":")
    ):
        raise CheckFailed(f"the archive has the name {name[:200]!r}, which leads out of the target")
    if any(character < " " for character in name):
        raise CheckFailed(f"the archive has the name {name[:200]!r}, with control characters")
    return "/".join(names)
