"""
Parses and compiles definitions without holding the event loop, and keeps a bounded amount of them.

Knows sizes and costs. Knows no API server, and nothing of what a definition means.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from headrace.api.reading.parse import InvalidObjectError, parse_workflow
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError

SMALL: Final = 32 * 1024
"""Bytes of JSON up to which compiling takes less time (some 15 ms) than others may be kept waiting.
A larger definition is compiled in a thread: the event loop goes on, in slices."""

KEPT_BYTES: Final = 4 * 1024 * 1024
"""Bytes of JSON of all definitions that are kept. Compiled they take up to 30 times as much memory
(`python -m bench definitions`)."""

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class UnusableError(Exception):
    """A definition cannot be run; the text says which field is wrong and the cure."""


class Compiler:
    """Compiles one large definition at a time, beside the event loop."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._one_at_a_time = asyncio.Lock()

    async def compile(self, spec: Mapping[str, Any]) -> Definition:
        """
        Parse and compile a Workflow's spec.

        Raises:
            UnusableError: with everything that is wrong with it.

        """
        return await self._do(_compiled, spec)

    async def parse(self, spec: Mapping[str, Any]) -> WorkflowSpec:
        """
        Parse a Workflow's spec; return it without its tasks, which take most of the memory.

        Raises:
            UnusableError: with everything that is wrong with it.

        """
        parsed = await self._do(_parsed, spec)
        return parsed.model_copy(update={"tasks": (), "finally_": ()})

    async def _do(self, work: Callable[[Mapping[str, Any]], T], spec: Mapping[str, Any]) -> T:
        if size(spec) <= SMALL:
            return work(spec)
        async with self._one_at_a_time:
            return await asyncio.to_thread(work, spec)


class Kept(Generic[K]):
    """Definitions by name; those that nobody asked for longest go first."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        """Keep definitions of at most so many bytes of JSON; always the newest."""
        self._most = most
        self._bytes = 0
        self._found: OrderedDict[K, tuple[Definition, int]] = OrderedDict()

    def get(self, key: K) -> Definition | None:
        """Return what is kept under a name."""
        found = self._found.get(key)
        if found is None:
            return None
        self._found.move_to_end(key)
        return found[0]

    def put(self, key: K, definition: Definition, size: int) -> None:
        """Keep a definition of so many bytes of JSON."""
        self.drop(key)
        self._found[key] = definition, size
        self._bytes += size
        while self._bytes > self._most and len(self._found) > 1:
            self.drop(next(iter(self._found)))

    def drop(self, key: K) -> None:
        """Keep it no longer."""
        found = self._found.pop(key, None)
        if found is not None:
            self._bytes -= found[1]


def size(spec: Mapping[str, Any]) -> int:
    """Return how many bytes of JSON a spec has."""
    return len(msgspec.json.encode(spec))


def _compiled(spec: Mapping[str, Any]) -> Definition:
    try:
        return compile_workflow(_parsed(spec))
    except InvalidDefinitionError as error:
        raise UnusableError(str(error)) from None


def _parsed(spec: Mapping[str, Any]) -> WorkflowSpec:
    try:
        return parse_workflow({"spec": spec})
    except InvalidObjectError as error:
        raise UnusableError(str(error)) from None
