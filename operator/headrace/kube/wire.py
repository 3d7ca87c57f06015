"""
The decoder of the API server's answers: pages of a list, and events of a watch.

An object that cannot be decoded is named and set apart; it never hides the others. Does not know
the source of the bytes.
"""

from typing import Any, Final, Generic, TypeVar

import msgspec

from headrace.kube.errors import ApiError, GarbledError, api_error
from headrace.kube.nesting import decode
from headrace.kube.objects import Unreadable, unreadable

T = TypeVar("T")
Decoder = msgspec.json.Decoder
UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)
SHOWN: Final = frozenset({"ADDED", "MODIFIED"})
"""The types of lines that show an object as it is now."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list."""

    objects: list[T]
    unreadable: list[Unreadable]
    resource_version: str
    """The resourceVersion of the list: the same on all its pages."""
    next_page: str
    """Where the list goes on; empty on the last page."""


class Changed(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """An object was added or modified."""

    object: T


class Deleted(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """An object is gone, or no longer matches the selector. This is its last state."""

    object: T


class Bookmark(msgspec.Struct, frozen=True, gc=False):
    """All events up to this resourceVersion have arrived."""

    version: int


class Garbled(msgspec.Struct, frozen=True):
    """An event of an object that cannot be decoded."""

    object: Unreadable
    deleted: bool


class Broken(msgspec.Struct, frozen=True):
    """An ERROR event: the server cannot continue the watch. No event follows."""

    error: ApiError


Event = Changed[T] | Deleted[T] | Bookmark | Garbled | Broken


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    next_page: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Told(msgspec.Struct, Generic[T], gc=False):
    """A line of a watch, as nearly all are: it shows an object that can be decoded."""

    type: str
    object: T


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Marked(msgspec.Struct, rename="camel"):
    resource_version: str


class _Mark(msgspec.Struct):
    metadata: _Marked


class EventDecoder(Generic[T]):
    """Decodes lines of a watch of one type."""

    def __init__(self, into: type[T], of_object: Decoder[T]) -> None:
        """Decode objects of a type, for which there is a decoder."""
        self.object = of_object
        self.whole: Decoder[_Told[T]] = Decoder(_Told[into])  # type: ignore[valid-type]


def read(decoder: Decoder[T], body: bytes | msgspec.Raw) -> T:
    """
    Decode bytes that must be valid.

    Raises:
        GarbledError: The bytes are not valid; the message says where.

    """
    try:
        return decode(decoder, body)
    except UNDECODABLE as error:
        raise GarbledError(f"the answer cannot be read: {error}") from error


_list: Final = Decoder(_List)
_line: Final = Decoder(_Line)
_mark: Final = Decoder(_Mark)


def read_page(body: bytes, decoder: Decoder[T]) -> Page[T]:
    """Decode one answer to a LIST."""
    answer = read(_list, body)
    page: Page[T] = Page([], [], answer.metadata.resource_version, answer.metadata.next_page)
    for raw in answer.items or ():
        try:
            page.objects.append(decode(decoder, raw))
        except UNDECODABLE as error:
            page.unreadable.append(unreadable(raw, error))
    return page


def whole_lines(received: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole lines, and the beginning of the next one."""
    lines, start = [], 0
    while (end := received.find(b"\n", start)) >= 0:  # `split` would look at each byte by itself
        lines.append(received[start:end])
        start = end + 1
    return lines, received[start:]


def read_event(line: bytes, decoder: EventDecoder[T]) -> Event[T]:
    """Decode one line of a watch: in one pass, or once more if it shows no object of the type."""
    try:
        told = decoder.whole.decode(line)
    except (*UNDECODABLE, RecursionError):
        return _read_odd(line, decoder.object)
    if told.type in SHOWN:
        return Changed(told.object)
    return Deleted(told.object) if told.type == "DELETED" else _read_odd(line, decoder.object)


def _read_odd(line: bytes, decoder: Decoder[T]) -> Event[T]:
    """Decode a line whose object may be of another type, unreadable or deep."""
    event = read(_line, line)
    if event.type == "BOOKMARK":
        return Bookmark(int(read(_mark, event.object).metadata.resource_version))
    if event.type == "ERROR":
        return Broken(api_error(0, bytes(event.object)))
    deleted = event.type == "DELETED"
    try:
        item = decode(decoder, event.object)
    except UNDECODABLE as error:
        return Garbled(unreadable(event.object, error), deleted)
    return Deleted(item) if deleted else Changed(item)


class Decoders:
    """One decoder for each type, and one for its events, created at their first use."""

    def __init__(self) -> None:
        self._made: dict[type, Decoder[Any]] = {}
        self._events: dict[type, EventDecoder[Any]] = {}

    def of(self, into: type[T]) -> Decoder[T]:
        """Return the decoder of a type."""
        made = self._made.get(into)
        if made is None:
            made = self._made[into] = Decoder(into)
        return made

    def of_events(self, into: type[T]) -> EventDecoder[T]:
        """Return the decoder of the events of a type."""
        made = self._events.get(into)
        if made is None:
            made = self._events[into] = EventDecoder(into, self.of(into))
        return made
