"""
The kinds of values that a parameter can have, and what a reader of values needs of one.

Knows names of kinds. Builds no type of the API: a command that reads one value should not wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

Value = bool | int | str
"""A parameter's value."""

PYTHON_TYPES: Final[Mapping[str, type[Value]]] = {"String": str, "Integer": int, "Boolean": bool}
"""The Python type of each kind."""


class Declared(Protocol):
    """A parameter that a workflow accepts."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def type(self) -> str:
        """String, Integer or Boolean."""

    @property
    def default(self) -> Value | None:
        """The value of a run that gives none; None: each run must give one."""

    @property
    def enum(self) -> tuple[Value, ...]:
        """The allowed values; empty: all of the kind."""


@dataclass(frozen=True, slots=True)
class Known:
    """A parameter as the API server has it, which has checked it already."""

    name: str
    type: str = "String"
    default: Value | None = None
    enum: tuple[Value, ...] = ()
