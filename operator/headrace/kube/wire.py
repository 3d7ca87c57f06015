"""
What the API server says, decoded: pages of a list, and the events of a watch.

An object that cannot be decoded is named and set apart; it never hides the others.
Does not know where the bytes come from.
"""

from typing import Any, Final, Generic, TypeVar

import msgspec

from headrace.kube.errors import ApiError, GarbledError, api_error
from headrace.kube.nesting import decode
from headrace.kube.objects import Unreadable, unreadable

T = TypeVar("T")
Decoder = msgspec.json.Decoder
UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list."""

    objects: list[T]
    unreadable: list[Unreadable]
    resource_version: str
    """When the list was true: the same on all its pages."""
    next_page: str
    """Where it goes on; empty on the last page."""


class Changed(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """An object was added or modified."""

    object: T


class Deleted(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """An object is gone, or no longer matches the selector. This is how it was last."""

    object: T


class Bookmark(msgspec.Struct, frozen=True, gc=False):
    """All that happened up to this resourceVersion has been told."""

    version: int


class Garbled(msgspec.Struct, frozen=True):
    """Something happened to an object that cannot be decoded."""

    object: Unreadable
    deleted: bool


class Broken(msgspec.Struct, frozen=True):
    """An ERROR event: the server cannot tell what happened since. Nothing comes after it."""

    error: ApiError


Event = Changed[T] | Deleted[T] | Bookmark | Garbled | Broken


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    next_page: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Marked(msgspec.Struct, rename="camel"):
    resource_version: str


class _Mark(msgspec.Struct):
    metadata: _Marked


def read(decoder: Decoder[T], body: bytes | msgspec.Raw) -> T:
    """
    Decode what must be decodable.

    Raises:
        GarbledError: It is not; the message says where.

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


def read_event(line: bytes, decoder: Decoder[T]) -> Event[T]:
    """Decode one line of a watch."""
    told = read(_line, line)
    if told.type == "BOOKMARK":
        return Bookmark(int(read(_mark, told.object).metadata.resource_version))
    if told.type == "ERROR":
        return Broken(api_error(0, bytes(told.object)))
    deleted = told.type == "DELETED"
    try:
        found = decode(decoder, told.object)
    except UNDECODABLE as error:
        return Garbled(unreadable(told.object, error), deleted)
    return Deleted(found) if deleted else Changed(found)


class Decoders:
    """One decoder for each type, made when it is first needed."""

    def __init__(self) -> None:
        self._made: dict[type, Decoder[Any]] = {}

    def of(self, into: type[T]) -> Decoder[T]:
        """Return the decoder of a type."""
        made = self._made.get(into)
        if made is None:
            made = self._made[into] = Decoder(into)
        return made
