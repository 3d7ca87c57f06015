"""The work of one item, where each item has one of its own: `headrace.engine.task.each`."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.engine.definition.ways import MESSAGE, PARAM
from headrace.engine.definition.work import Approval, ChildRun, Timer
from headrace.engine.task.each import asked_for, called_for, own, recorded, waits
from support.builders import NOON, at


def seconds(ends: list) -> list[float]:
    """Return instants as seconds after noon."""
    return [(end - NOON) / timedelta(seconds=1) for end in ends]


@pytest.mark.parametrize(
    ("want", "most"),
    [([60, 60, 60], None), ([60, 120, 180], 1), ([60, 60, 120], 2), ([60, 60, 60], 9)],
    ids=["all at once", "one after the other", "two at a time", "more room than items"],
)
def test_a_wait_begins_when_another_one_ends(want: list[float], most: int | None) -> None:
    """At most so many go on at a time, in the order of the items."""
    assert want == seconds(waits(Timer(seconds=60), None, 3, most, NOON))


def test_an_instant_that_is_over_ends_a_wait_as_soon_as_it_begins() -> None:
    """Each item has its own, and none ends before there is room for it."""
    untils = [at(50), at(10), at(70)]
    assert [50, 10, 70] == seconds(waits(Timer(), untils, 3, None, NOON))
    assert [50, 50, 70] == seconds(waits(Timer(), untils, 3, 1, NOON))
    assert [50, 50] == seconds(waits(Timer(), at(50), 2, None, NOON))


@given(st.lists(st.integers(0, 99), min_size=1, max_size=30), st.integers(1, 9))
def test_never_more_waits_go_on_than_may(lengths: list[int], most: int) -> None:
    """Whatever their instants are: of those that end later, others must have ended before."""
    ends = seconds(waits(Timer(), [at(each) for each in lengths], len(lengths), most, NOON))
    assert all(end >= length for end, length in zip(ends, lengths, strict=True))
    for index, end in enumerate(ends[most:], most):
        assert end >= sorted(ends[:index])[-most]


def test_a_call_gets_the_values_of_its_item() -> None:
    """The other parameters stay as they are."""
    call = ChildRun("inner", {"day": "monday", "n": "${{ item }}"})
    assert ChildRun("inner", {"day": "monday", "n": 3}) == called_for(call, {PARAM.format(1): 3})
    assert call == called_for(call, {})


def test_a_question_gets_the_words_of_its_item_and_a_time_of_its_own() -> None:
    """The time counts from when somebody is asked."""
    question = Approval(ApprovalRequest(message="${{ item }}?", timeout_seconds=60))
    asked = asked_for(question, {MESSAGE: "a?"}, at(5))
    assert ("a?", at(65)) == (asked.asked.message, asked.deadline)


def test_an_item_has_its_own_values_by_path() -> None:
    """In the order of the items."""
    assert {"x": 2, "y": "b"} == own({"x": [1, 2], "y": ["a", "b"]}, 1)
    assert {} == own(None, 1)


def test_values_are_kept_as_parameters_can_hold_them() -> None:
    """As text, if they are of no type of parameters."""
    kept = [recorded(PARAM.format(0), value) for value in (True, 3, 4.0, "x", [1])]
    assert [True, 3, 4, "x", "[1]"] == kept
