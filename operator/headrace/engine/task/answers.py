"""
Questions to people and their answers, in words, and what counts without an answer.

Knows choices and deadlines. Does not know how people are asked.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from headrace.api.v1alpha1.approval import FAIL
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Answered, Ending
from headrace.engine.text import LONGEST_WORDS, clip, rfc3339


def question_words(
    message: str, choices: Sequence[str], where: str = "", deadline: datetime | None = None
) -> str:
    """
    Return a question, and how to answer it.

    Args:
        message: What people are asked.
        choices: The answers that they can give.
        where: Where they can answer; empty: everybody who reads this knows.
        deadline: Until when.

    """
    place = f" in {where}" if where else ""
    until = f" until {rfc3339(deadline)}" if deadline is not None else ""
    return f"{clip(message, LONGEST_WORDS)} (answer {either(choices)}{place}{until})"


def answer_words(answer: Answered) -> str:
    """Return who chose what, and why."""
    comment = f": {answer.comment}" if answer.comment else ""
    return f"{answer.by or 'somebody'} chose {answer.choice}{comment}"


def either(choices: Sequence[str]) -> str:
    """Return choices for a sentence: `a, b or c`."""
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def without_answer(deadline: datetime, on_timeout: str, failing: Collection[str]) -> Ending:
    """Return how a question ends if nobody answers until its deadline."""
    nobody = f"nobody answered until {rfc3339(deadline)}"
    if on_timeout == FAIL:
        return Ending(deadline, reason=Reason.APPROVAL_TIMEOUT, message=nobody)
    chosen = Answered(on_timeout, fails=on_timeout in failing)
    return Ending(deadline, message=f"{nobody}, so {on_timeout} counts (onTimeout)", answer=chosen)
