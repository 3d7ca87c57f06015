"""
Parses and compiles definitions without holding the event loop.

Knows sizes and costs. Knows no API server, and nothing of what a definition means.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from headrace.api.reading.parse import InvalidObjectError, parse_workflow
from headrace.api.v1alpha1.task import Defaults
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError

SMALL: Final = 32 * 1024
"""Bytes of JSON up to which compiling takes less time (some 15 ms) than others may be kept waiting.
A larger definition is compiled in a thread: the event loop goes on, in slices."""

WITHOUT_WORK: Final[Mapping[str, Any]] = {
    "description": "",
    "params": (),
    "defaults": Defaults(),
    "tasks": (),
    "finally_": (),
}
"""Fields of a Workflow's spec that a revision keeps for its runs."""

T = TypeVar("T")


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
        Parse a Workflow's spec; return it without the parts that may be large: what its runs do.

        Raises:
            UnusableError: with everything that is wrong with it.

        """
        parsed = await self._do(_parsed, spec)
        return parsed.model_copy(update=WITHOUT_WORK)

    async def _do(self, work: Callable[[Mapping[str, Any]], T], spec: Mapping[str, Any]) -> T:
        if size(spec) <= SMALL:
            return work(spec)
        async with self._one_at_a_time:
            return await asyncio.to_thread(work, spec)


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
