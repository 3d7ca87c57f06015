"""
The docstrings under constants, members of enumerations and fields, which Python itself drops.

Reads source text, each module once. Knows no type and no page.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import ModuleType

HEADING = re.compile(r"^\s*# --- (?P<text>.+?) -+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Documented:
    """A constant or a field with its docstring."""

    name: str
    text: str
    """On one line; empty if there is none."""
    group: str = ""
    """The heading above it in the source: `# --- how a task ends ---`."""


def documented(source: type | ModuleType) -> Iterator[Documented]:
    """
    Return the constants of a module, or the members or fields of a class, in their order.

    A class that is not at the top of its module has none.
    """
    module = source.__module__ if isinstance(source, type) else source.__name__
    lines, body = _parsed(module)
    start = 0
    if isinstance(source, type):
        start, body = _class_body(body, source.__name__)
    for statement, following in pairwise([*body, ast.Pass()]):
        name = _name(statement)
        if name is not None:
            groups = HEADING.findall("\n".join(lines[start : statement.lineno]))
            yield Documented(name, text=_text(following), group=groups[-1] if groups else "")


@cache
def _parsed(module: str) -> tuple[Sequence[str], Sequence[ast.stmt]]:
    """Return the lines and the statements of a module."""
    text = inspect.getsource(sys.modules[module])
    return text.splitlines(), ast.parse(text).body


def _class_body(statements: Sequence[ast.stmt], name: str) -> tuple[int, Sequence[ast.stmt]]:
    """Return where a class begins, and its statements."""
    for statement in statements:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return statement.lineno, statement.body
    return 0, ()


def _name(statement: ast.stmt) -> str | None:
    """Return the name that a statement gives to a value or a type."""
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _text(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return " ".join(str(statement.value.value).split())
    return ""
