"""
Reads, parses and compiles definitions without holding the event loop, a large one at a time.

Knows sizes and costs. Knows no API server, and not the meaning of a definition.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from headrace.api.reading.parse import InvalidObjectError, parse_workflow
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.kube.nesting import decode
from headrace.kube.wire import UNDECODABLE
from headrace.manifests.json_form import name_of

SMALL: Final = 32 * 1024
"""Bytes of JSON up to which compiling is short enough for the event loop (some 15 ms). A larger
definition is compiled in a thread, and the event loop goes on in slices."""

WORK: Final = frozenset(
    name_of(WorkflowSpec, field)
    for field in ("description", "params", "defaults", "tasks", "finally_")
)
"""The fields of a Workflow's spec that say what its runs do. They may be large."""

T = TypeVar("T")
Json = bytes | msgspec.Raw
_decoder: Final = msgspec.json.Decoder(dict[str, Any])


class UnusableError(Exception):
    """A definition cannot run; the text names the wrong field and the cure."""

    awaited = False
    """Whether it can run as soon as somebody makes or corrects a template."""


class TemplateError(UnusableError):
    """A template that a task uses is not there, or has problems itself."""

    awaited = True


class Compiler:
    """Compiles one large definition at a time, beside the event loop."""

    def __init__(self) -> None:
        """Begin idle."""
        self._one_at_a_time = asyncio.Lock()

    async def compile(self, spec: Json) -> Definition:
        """
        Parse and compile a Workflow's spec.

        Raises:
            UnusableError: with everything that is wrong with it.

        """
        return await self.read(spec, _compiled)

    async def parse(self, spec: Json) -> WorkflowSpec:
        """
        Parse the parts of a Workflow's spec that say when runs start, and what is kept of them.

        What its runs do is left out: `compile` parses it.

        Raises:
            UnusableError: with everything that is wrong with these parts.

        """
        return await self.read(spec, _without_work)

    async def read(self, spec: Json, work: Callable[[dict[str, Any]], T]) -> T:
        """
        Read a spec and do some work on it.

        Raises:
            UnusableError: The spec cannot be read, or the work raises it.

        """
        if size(spec) <= SMALL:
            return work(_read(spec))
        async with self._one_at_a_time:
            return await asyncio.to_thread(lambda: work(_read(spec)))


def size(spec: Json) -> int:
    """Return how many bytes a spec has."""
    return len(memoryview(spec))


def _read(spec: Json) -> dict[str, Any]:
    try:
        return decode(_decoder, spec)
    except UNDECODABLE as error:
        raise UnusableError(f"spec: it cannot be read: {error}") from None


def _compiled(spec: Mapping[str, Any]) -> Definition:
    try:
        return compile_workflow(_parsed(spec))
    except InvalidDefinitionError as error:
        raise UnusableError(str(error)) from None


def _without_work(spec: Mapping[str, Any]) -> WorkflowSpec:
    rest = {name: value for name, value in spec.items() if name not in WORK}
    parsed = _parsed({**rest, "tasks": [{"name": "any"}]})  # a workflow has at least one
    return parsed.model_copy(update={"tasks": ()})


def _parsed(spec: Mapping[str, Any]) -> WorkflowSpec:
    try:
        return parse_workflow({"spec": spec})
    except InvalidObjectError as error:
        raise UnusableError(str(error)) from None
