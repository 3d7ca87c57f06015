"""
The words of expressions: what is written, what it may read, and what comes of it.

Knows no language and no library.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

Value: TypeAlias = bool | int | float | str | datetime | list[Any] | dict[str, Any] | None
"""What an expression gives: a value of JSON, or an instant (with a time zone). Lists and mappings
hold such values, and keys are text."""

LONGEST_SOURCE = 4096
"""The most characters of an expression."""

LARGEST_RESULT = 64 * 1024
"""The most bytes of a result, written as JSON."""

LARGEST_LIST = 8 * 1024 * 1024
"""The most bytes of a list of items, written as JSON."""

LONGEST_LIST = 10_000
"""The most elements of a list of items."""


class Wants(Enum):
    """The kind of value that a field needs."""

    BOOL = "true or false"
    """`when`"""
    LIST = "a list"
    """`forEach.from`"""
    TIMESTAMP = "a timestamp"
    """`wait.until`"""
    STRING = "text"
    """`cache.key`"""
    INTEGER = "a whole number"
    NUMBER = "a number"
    """A template's parameter of that type"""
    ANY = "any value"
    """A leaf with `${{ }}`"""


class Declared(Enum):
    """The types that parameters and outputs can be declared with, by their names in the API."""

    STRING = "String"
    INTEGER = "Integer"
    BOOLEAN = "Boolean"
    NUMBER = "Number"
    TIMESTAMP = "Timestamp"
    JSON = "Json"


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, as somebody wrote it."""

    source: str
    wants: Wants = Wants.ANY
    column: int = 1
    """Where it begins in its field: columns of failures count from there. The first one is 1."""


@dataclass(frozen=True, slots=True)
class Template:
    """
    The text of a leaf: pieces of text, and expressions that stood in `${{ }}`.

    A leaf that is one expression and no text keeps the expression's type. In all others, each
    expression becomes text.
    """

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class ScopeTypes:
    """What is known of the names of a field when the definition is accepted."""

    params: Mapping[str, Declared] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, Declared] | None] = field(default_factory=dict)
    """By name of a task in scope: the outputs that it declares; None: it declares none, so any may
    come."""
    fan_out: bool = False
    """Whether `item` and `index` are in scope."""
    one_program: bool = False
    """Whether all items of the task share one program: then `item` and `index` are in its files."""
    called: Mapping[str, str] = field(default_factory=dict)
    """By name of a task whose outputs are those of a workflow that it calls: the workflow."""
    out_of_scope: frozenset[str] = frozenset()
    """Tasks of the workflow that cannot be read here: the refusal says so."""
    delivery: bool = False
    """Whether there is no run yet, but a delivery: `payload` and `headers`, and no other name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names of a field mean when it is evaluated. Only names that it reads are needed."""

    params: Mapping[str, Value] = field(default_factory=dict)
    run: Mapping[str, Value] = field(default_factory=dict)
    """name, workflow, namespace, logicalTime, intervalStart, intervalEnd, trigger."""
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: outcome, outputs, items {total, succeeded, failed}."""
    item: Value = None
    index: int | None = None
    """The number of the item in its fan-out, from 0; None: it is no fan-out."""
    delivery: Mapping[str, Value] = field(default_factory=dict)
    """Of a delivery that may start a run: payload, headers."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An expression that was refused, or gave no value."""

    source: str
    """The expression."""
    column: int
    """The column in the field at which it went wrong. The first one is 1."""
    message: str
    """What went wrong, with the value that was at fault, and the cure."""

    def __str__(self) -> str:
        """Expression, column and message on one line."""
        return f"column {self.column} of {self.source!r}: {self.message}"


@dataclass(frozen=True, slots=True)
class Question:
    """An expression or a leaf to evaluate, and what its names mean."""

    asked: Expression | Template
    scope: Scope
