"""
Finding, copying, moving, deleting and awaiting files.

Knows places by what all of them can do. A file is published as a whole, or not at all.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from posixpath import basename, normpath
from typing import TypeVar

from bounds import Bounds, Digest
from order import Order, Side
from patterns import matcher
from stores import WEB, Address, Entry, Later, shown
from task_contract import CheckFailed, TryAgain, WrongInput, given, info

from local import stays_below

T = TypeVar("T")
Sides = tuple[Side, Side]

EVERYTHING = "**/*"
LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the source."""

    entry: Entry
    below: str
    """Its path below the folder of the source; its name, where the source is one file."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a task has done."""

    files: list[str]
    bytes: int
    sha256: str
    """Of the only file that was read; else empty."""


def found_in(order: Order, source: Side) -> Iterator[Found]:
    """Find the files that the source and the pattern mean; the bounds hold."""
    where, count = source.address, 0
    if not order.pattern and (not where.is_folder or where.scheme in WEB):
        entry = source.store.stat(where.path)
        if entry is not None:
            yield Found(entry, basename(where.path) or _name(where))
        return
    fits = matcher(order.pattern or EVERYTHING)
    folder = where.path.rstrip("/") or where.path[:1]
    folder = folder if where.scheme else normpath(folder)
    before = "" if folder in {"", "."} else f"{folder.rstrip('/')}/"
    for entry in source.store.list(folder):
        if fits(below := entry.path.removeprefix(before)):
            count += 1
            if count > order.maxFiles:
                raise CheckFailed(f"there are more than {order.maxFiles:,} files; raise maxFiles")
            yield Found(entry, below)


def transfer(order: Order, source: Side, target: Side) -> Done:
    """Copy or move all files that are found."""
    found = again(order, lambda: list(found_in(order, source)))
    where = source.address
    single = not order.pattern and not (where.is_folder and where.scheme not in WEB)
    if len(found) < order.minFiles:
        if not _moved_before(order, target, single=single):
            raise WrongInput(_missing(order, len(found)))
        info("what is missing was moved by an attempt before")
    if order.sha256 and not single:
        raise WrongInput("sha256 is of one file; source and pattern name several")
    bounds = Bounds(order.maxFiles, order.maxBytes)
    bounds.expect(sum(each.entry.size for each in found))
    done, digest = list[str](), ""
    for each in found:
        path = _place(target.address, each.below, single=single)
        if not (target.address.scheme or single or stays_below(target.address.path, path)):
            raise CheckFailed(f"{each.below[:200]!r} would follow a link out of the target")
        digest = again(order, partial(_one, order, (source, target), each, path, bounds))
        done.append(target.address.shown(path))
        bounds.file()
    return Done(done, bounds.bytes, digest if single else "")


def _moved_before(order: Order, target: Side, *, single: bool) -> bool:
    """Whether an attempt before may have moved what is missing: it was stopped after that."""
    if order.action != "move" or given().attempt == 1:
        return False
    name = basename(order.source)
    return not single or target.store.stat(_place(target.address, name, single=True)) is not None


def _one(order: Order, sides: Sides, each: Found, path: str, bounds: Bounds) -> str:
    """Copy or move one file, and return its hash; empty: nobody read it."""
    source, target = sides
    move, same = order.action == "move", source.is_same_place(target)
    if same and path == each.entry.path:
        raise WrongInput(f"{path} would be copied to itself; correct target")
    if order.ifExists == "skip" and _is_there(target, path, each.entry.size):
        if move:
            source.store.delete(each.entry.path)
        return ""
    if same and not order.sha256 and source.store.shortcut(each.entry, path, move=move):
        bounds.expect(each.entry.size)
        bounds.bytes += each.entry.size
        return ""
    digest = hashlib.sha256()
    parts = _whole(source, each.entry, bounds.counted(source.store.read(each.entry), digest))
    parts = _checked(order.sha256, digest, parts)
    target.store.write(path, parts, each.entry.size)
    if move:
        source.store.delete(each.entry.path)
    return digest.hexdigest()


def _whole(source: Side, entry: Entry, parts: Iterator[bytes]) -> Iterator[bytes]:
    """Pass on what was promised, or fail: a file that is cut off is not published."""
    size = 0
    for part in parts:
        size += len(part)
        yield part
    if entry.size and size != entry.size:
        where = source.address.shown(entry.path)[:300]
        raise Later(f"{where}: {size:,} of {entry.size:,} bytes came")


def _checked(want: str, digest: Digest, parts: Iterator[bytes]) -> Iterator[bytes]:
    """Pass on, and fail at the end if the hash is another: nothing is published then."""
    yield from parts
    if want and digest.hexdigest() != want.lower():
        raise CheckFailed(f"the sha256 is {digest.hexdigest()}, not {want}; look at the source")


def delete(order: Order, source: Side) -> Done:
    """Delete all files that are found; those that are gone are deleted already."""
    found = again(order, lambda: list(found_in(order, source)))
    for each in found:
        again(order, partial(source.store.delete, each.entry.path))
    shown = [source.address.shown(each.entry.path) for each in found]
    return Done(shown, sum(each.entry.size for each in found), "")


def wait(order: Order, source: Side) -> list[Found]:
    """Look until enough files are there, and unchanged for as long as is asked."""
    end = time.monotonic() + order.withinSeconds
    seen: list[Found] = []
    since = time.monotonic()
    while True:
        try:
            found, why = list(found_in(order, source)), ""
        except Later as error:
            found, why = [], str(error)
        now = time.monotonic()
        if found != seen:
            seen, since = found, now
        missing = max(1, order.minFiles) - len(found)
        if missing <= 0 and now - since >= order.unchangedSeconds:
            return found
        if now + order.everySeconds > end:
            raise TryAgain(
                why or _missing(order, len(found)) if missing > 0 else _changing(order, found)
            )
        info(why or f"{len(found):,} files are there", files=len(found))
        time.sleep(order.everySeconds)


def again(order: Order, action: Callable[[], T]) -> T:
    """
    Do something, some times if it does not work.

    Raises:
        TryAgain: It never did.

    """
    for number in range(1, max(1, order.tries) + 1):
        try:
            return action()
        except Later as error:
            if number >= order.tries:
                raise TryAgain(f"{error}, {number} times; the next attempt tries again") from error
            pause = min(2.0 ** (number - 1), LONGEST_WAIT)
            info(f"{error}; again in {pause:.0f}s", attempt=number)
            time.sleep(pause)
    raise AssertionError


def _is_there(target: Side, path: str, size: int) -> bool:
    there = target.store.stat(path)
    return there is not None and there.size == size


def _place(target: Address, below: str, *, single: bool) -> str:
    """Return the path of a file in the target: a folder keeps names, else the target is it."""
    if single and not target.is_folder:
        return target.path
    return f"{target.path.rstrip('/')}/{below}" if target.path else below


def _name(where: Address) -> str:
    """Return the name of a file of a web server."""
    name = basename(where.root.partition("?")[0].partition("#")[0].rstrip("/"))
    return "index" if name in {"", ".", ".."} else name


def _missing(order: Order, count: int) -> str:
    if order.pattern or count:
        return (
            f"{count:,} of {max(1, order.minFiles):,} files are there; correct source and pattern"
        )
    return f"{shown(order.source)} is not there; correct source, or wait for it first"


def _changing(order: Order, found: list[Found]) -> str:
    return f"{len(found):,} files are there, and change within {order.unchangedSeconds}s"
