"""Questions and answers in words: `headrace.engine.task.answers`."""

from collections.abc import Sequence

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.answers import answer_words, either, question_words, without_answer
from headrace.engine.task.observed import Answered
from support.builders import at


@pytest.mark.parametrize(
    ("choices", "want"),
    [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
    ids=["one choice", "two choices", "three choices"],
)
def test_choices_stand_in_a_sentence(choices: Sequence[str], want: str) -> None:
    """As people list them."""
    assert want == either(choices)


def test_a_question_says_how_to_answer_it() -> None:
    """With the choices, the place and the deadline, where there are any."""
    assert "Go on? (answer yes or no)" == question_words("Go on?", ["yes", "no"])
    want = "Go on? (answer yes in Approval x until 2030-01-01T12:00:00Z)"
    assert want == question_words("Go on?", ["yes"], "Approval x", at(0))


def test_a_long_question_leaves_room_for_how_to_answer() -> None:
    """Its end is cut, and what to do stays."""
    assert question_words("?" * 4096, ["yes"], "Approval x").endswith(
        "… (answer yes in Approval x)"
    )


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (Answered("approve", "alice"), "alice chose approve"),
        (Answered("approve", "alice", "fine"), "alice chose approve: fine"),
        (Answered("approve"), "somebody chose approve"),
    ],
    ids=["a name", "a name and a comment", "nobody knows who"],
)
def test_an_answer_says_who_chose_what(answer: Answered, want: str) -> None:
    """And why, if that was said."""
    assert want == answer_words(answer)


def test_without_an_answer_the_attempt_fails_or_a_choice_counts() -> None:
    """At the deadline, whenever somebody looks."""
    failed = without_answer(at(60), "Fail", ("reject",))
    assert (at(60), Reason.APPROVAL_TIMEOUT, None) == (failed.at, failed.reason, failed.answer)
    chosen = without_answer(at(60), "approve", ("reject",))
    assert (None, Answered("approve")) == (chosen.reason, chosen.answer)
    rejected = without_answer(at(60), "reject", ("reject",))
    assert Answered("reject", fails=True) == rejected.answer
    assert "nobody answered until 2030-01-01T12:01:00Z, so reject counts" in rejected.message
