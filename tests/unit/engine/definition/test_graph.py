"""The order of tasks: `headrace.engine.definition.graph`."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.definition.graph import CyclicGraphError, Graph

DIAMOND = Graph({"join": ("left", "right"), "left": ("top",), "right": ("top",), "top": ()})


def test_the_order_has_each_task_after_what_it_waits_for() -> None:
    """Whatever the order in which they were written."""
    order = list(DIAMOND)
    assert "top" == order[0]
    assert "join" == order[3]
    assert {"left", "right"} == set(order[1:3])


def test_the_reverse_says_who_waits_for_a_task() -> None:
    """Also of those that nobody waits for."""
    assert {"join": (), "left": ("join",), "right": ("join",), "top": ("left", "right")} == (
        DIAMOND.downstream
    )


@pytest.mark.parametrize(
    "upstream",
    [
        pytest.param({"a": ("b",), "b": ("a",)}, id="a cycle of two tasks"),
        pytest.param({"a": ("a",)}, id="a task that waits for itself"),
        pytest.param(
            {"a": ("c",), "b": ("a",), "c": ("b",), "d": ("a",)},
            id="a cycle of three among four tasks",
        ),
    ],
)
def test_tasks_that_wait_for_each_other_are_named_in_a_circle(
    upstream: dict[str, tuple[str, ...]],
) -> None:
    """Each name in the path waits for the next one, and the last is the first again."""
    with pytest.raises(CyclicGraphError) as refused:
        Graph(upstream)
    path = refused.value.path
    assert path[0] == path[-1]
    assert len(path) > 1
    for name, waits_for in pairwise(path):
        assert waits_for in upstream[name]


def test_a_chain_of_thousands_is_no_problem() -> None:
    """Nothing recurses."""
    names = [f"t{n}" for n in range(5000)]
    chain = {name: (names[n - 1],) if n else () for n, name in enumerate(names)}
    assert names == list(Graph(chain))


@given(st.data())
def test_any_graph_without_a_circle_has_an_order(data: st.DataObject) -> None:
    """Each task comes after all that it waits for, and each comes once."""
    size = data.draw(st.integers(1, 12))
    upstream = {
        str(n): tuple(map(str, data.draw(st.sets(st.integers(0, n - 1))) if n else ()))
        for n in reversed(range(size))
    }
    order = Graph(upstream).order
    assert sorted(upstream) == sorted(order)
    for name in order:
        assert all(order.index(each) < order.index(name) for each in upstream[name])
