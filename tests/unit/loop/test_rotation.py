"""Whose turn it is among groups: `headrace.loop.rotation`."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.loop.rotation import Rotation


def first_letter(key: str) -> str:
    """Return the group of a key."""
    return key[0]


@pytest.mark.parametrize(
    ("pushed", "popped"),
    [
        pytest.param("a1 a2 a3", "a1 a2 a3", id="one group keeps its order"),
        pytest.param("a1 a2 a3 b1", "a1 b1 a2 a3", id="a late group waits for one key"),
        pytest.param("a1 a2 b1 b2 c1 c2", "a1 b1 c1 a2 b2 c2", id="groups take turns"),
        pytest.param("a1 b1 b2 b3 a2", "a1 b1 a2 b2 b3", id="a group that ends is left out"),
    ],
)
def test_groups_take_turns(pushed: str, popped: str) -> None:
    """Each group in its turn, each key in its order."""
    rotation = Rotation(first_letter)
    for key in pushed.split():
        rotation.push(key)
    assert popped.split() == [rotation.pop() for _ in pushed.split()]


@pytest.mark.parametrize(
    ("asked", "popped"),
    [
        pytest.param("a1 a2 a3!", "a3 a1 a2", id="a hurried key comes first"),
        pytest.param("a1 a2 a3! a4!", "a3 a1 a4 a2", id="between two hurried keys comes another"),
        pytest.param("a1! a2! a3", "a1 a3 a2", id="another one waits for one hurried key"),
        pytest.param("a1 a2 a2!", "a2 a1", id="a waiting key gets in a hurry, and comes once"),
        pytest.param("a1! a1 a2", "a1 a2", id="a hurried key that is asked for again comes once"),
        pytest.param("a1 b1 b2!", "a1 b2 b1", id="a hurry is one of its group"),
    ],
)
def test_hurried_keys_come_before_their_group(asked: str, popped: str) -> None:
    """`!` marks a hurry."""
    rotation = Rotation(first_letter)
    for key in asked.split():
        (rotation.hurry if key.endswith("!") else rotation.push)(key.rstrip("!"))
    assert popped.split() == [rotation.pop() for _ in popped.split()]


@given(
    pushes=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=60)
)
def test_nothing_is_lost_and_nobody_waits_for_more_than_one_of_each_group(
    pushes: list[tuple[str, int]],
) -> None:
    """All keys come out, and no group that waits is passed twice by the same other one."""
    rotation = Rotation(first_letter)
    waiting: list[str] = []
    passed: dict[str, Counter[str]] = {}

    def pop() -> None:
        key = rotation.pop()
        waiting.remove(key)
        passed[key[0]] = Counter()
        for group in {other[0] for other in waiting} - {key[0]}:
            passed.setdefault(group, Counter())[key[0]] += 1
            assert 1 == passed[group][key[0]]

    for number, (group, pops) in enumerate(pushes):
        key = f"{group}{number}"
        rotation.push(key)
        waiting.append(key)
        for _ in range(min(pops, len(waiting))):
            pop()
    while waiting:
        pop()
