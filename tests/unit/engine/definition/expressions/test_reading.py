"""What expressions read: `headrace.engine.definition.expressions.reading`."""

from typing import Any

import pytest

from headrace.engine.definition.expressions.leaves import parse_leaf
from headrace.engine.definition.expressions.reading import narrowed, reads
from headrace.engine.definition.expressions.types import Expression, Scope, Template

SCOPE = Scope(
    params={"a": 1, "b": 2},
    run={"name": "r", "trigger": "Manual"},
    tasks={"load": {"outcome": "Succeeded"}, "other-one": {"outcome": "Failed"}},
    item="i",
    index=0,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("tasks.load.outcome == 'Failed'", {"load"}),
        ("tasks['other-one'].outputs.x + tasks.load.outputs.y", {"load", "other-one"}),
        ("has(tasks.load.outputs.x)", {"load"}),
        ("default(tasks.load.outputs.x, tasks['other-one'].outputs.y)", {"load", "other-one"}),
        ("[1].all(x, tasks.load.outputs.n > x)", {"load"}),
        ("[{'a': 1}].all(tasks, tasks.a > 0)", set()),
        ("'tasks.load'", set()),
        ("params.tasks.load", set()),
        ("tasks.load +", set()),
    ],
)
def test_tasks_that_an_expression_reads(source: str, names: set[str]) -> None:
    """Names that a macro binds are no tasks."""
    assert names == reads(Expression(source))


def test_tasks_that_a_leaf_reads() -> None:
    """Those of all its expressions."""
    leaf = parse_leaf("${{ tasks.load.outcome }}: ${{ tasks['other-one'].outcome }}")
    assert isinstance(leaf, Template)
    assert {"load", "other-one"} == reads(leaf)


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("params.a", {"params": {"a": 1}}),
        ("size(params)", {"params": {"a": 1, "b": 2}}),
        ("params[run.name]", {"params": {"a": 1, "b": 2}, "run": {"name": "r"}}),
        ("tasks.load.outcome", {"tasks": {"load": {"outcome": "Succeeded"}}}),
        ("params.missing", {}),
        ("item", {"item": "i"}),
        ("1 +", {}),
    ],
)
def test_only_what_is_read_travels(source: str, left: dict[str, Any]) -> None:
    """The index is small, and says that there is a fan-out."""
    assert Scope(**left, index=0) == narrowed(Expression(source), SCOPE)
