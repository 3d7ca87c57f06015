"""
Answers that somebody gave before the questions were asked, for the runs of one process.

Knows the open questions. Knows no terminal: whoever has no answer ahead is told how to give one.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from headrace.local.calls import OwnWorld
from headrace.local.question import OpenQuestion
from headrace.local.questions import Questions
from headrace.local.records import StoredAnswer


class Ahead:
    """
    The answers, by task, and who gave them.

    Args:
        choices: By task. A task of several runs has the same answer in each.
        by: Who gave them.

    """

    def __init__(self, choices: Mapping[str, str], by: str) -> None:
        self._choices = choices
        self._by = by
        self._told = set[tuple[str, str, int]]()

    def answer(
        self,
        worlds: Callable[[], Iterable[OwnWorld]],
        clock: Callable[[], datetime],
        say: Callable[[str, str], None],
    ) -> None:
        """Answer what is answered ahead; say once how the other questions are answered."""
        asked = Questions(tuple(worlds()), lambda: None)
        for question in asked.questions():
            choice = self._choices.get(question.task)
            if choice is not None:
                asked.answer(question, StoredAnswer(choice, clock(), self._by, ""))
                continue
            key = question.run, question.task, question.number  # once for all items of a task
            if key not in self._told:
                self._told.add(key)
                say(question.run, _advice(question))


def _advice(question: OpenQuestion) -> str:
    task, choice = question.task, question.asked.choices[0]
    words = shlex.join(("headrace", "approve", question.run, choice, "--task", task, "--local"))
    every = "" if question.item is None else " for each item, --item N"
    return f"{task} asks: {question.asked.message}; answer it with {words}{every}"
