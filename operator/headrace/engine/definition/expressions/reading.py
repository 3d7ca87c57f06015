"""
The part of a scope that an expression reads: only this travels to where it is evaluated.

Knows paths. Does not know values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from headrace.engine.definition.expressions import cel
from headrace.engine.definition.expressions.paths import Path, free_paths
from headrace.engine.definition.expressions.scope import FAN_OUT
from headrace.engine.definition.expressions.types import Expression, Scope, Template


def narrowed(asked: Expression | Template, scope: Scope) -> Scope:
    """Return a scope that has only what an expression or a leaf reads."""
    paths = tuple(_paths(asked))
    fans_out = any(path.root in FAN_OUT for path in paths)
    return replace(
        scope,
        params=_named(paths, "params", scope.params),
        run=_named(paths, "run", scope.run),
        tasks=_named(paths, "tasks", scope.tasks),
        item=scope.item if fans_out else None,
        delivery={name: _fields(paths, name, each) for name, each in scope.delivery.items()},
    )


def reads(asked: Expression | Template) -> frozenset[str]:
    """Return the names of the tasks that an expression reads; it may be one that is refused."""
    paths = _paths(asked)
    return frozenset(path.steps[0] for path in paths if path.root == "tasks" and path.steps)


def reads_params(asked: Expression | Template, names: frozenset[str]) -> bool:
    """Return whether an expression reads one of some parameters, or all parameters."""
    return any(
        path.root == "params" and (not path.steps or path.steps[0] in names)
        for path in _paths(asked)
    )


def reads_the_item(asked: Expression | Template) -> bool:
    """Return whether an expression or a leaf reads the item of a fan-out, or its index."""
    return any(path.root in FAN_OUT for path in _paths(asked))


def _paths(asked: Expression | Template) -> Iterator[Path]:
    if isinstance(asked, Template):
        for part in asked.parts:
            if isinstance(part, Expression):
                yield from _paths(part)
        return
    try:
        tree = cel.parse(asked.source)
    except cel.CelError:
        return
    yield from free_paths(tree.root)


def _fields(paths: tuple[Path, ...], root: str, value: Any) -> Any:
    return _named(paths, root, value) if isinstance(value, Mapping) else value


def _named(paths: tuple[Path, ...], root: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    found = [path for path in paths if path.root == root]
    if not all(path.steps for path in found):
        return values
    names = {path.steps[0] for path in found}
    return {name: values[name] for name in names if name in values}
