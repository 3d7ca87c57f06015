"""
The docstrings under constants and members of enumerations, which Python itself drops.

Reads source text. Knows no type and no page.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType

HEADING = re.compile(r"^\s*# --- (?P<text>.+?) -+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Documented:
    """A constant with its docstring."""

    name: str
    text: str
    """On one line; empty if there is none."""
    group: str = ""
    """The heading above it in the source: `# --- how a task ends ---`."""


def documented(source: type | ModuleType) -> Iterator[Documented]:
    """Return the constants of a module, or the members of an enumeration, in their order."""
    text = inspect.getsource(source)
    body = ast.parse(text).body
    if isinstance(source, type):
        body = getattr(body[0], "body", [])
    for statement, following in pairwise([*body, ast.Pass()]):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            above = "\n".join(text.splitlines()[: statement.lineno])
            groups = HEADING.findall(above)
            yield Documented(
                name=statement.targets[0].id,
                text=_text(following),
                group=groups[-1] if groups else "",
            )


def _text(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return " ".join(str(statement.value.value).split())
    return ""
