"""
The questions of a run, asked at a terminal, or answered ahead on the command line.

Knows the terminal's lines and the choices. Does not know what an answer means for the run.
"""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from headrace.api.checks.similar import did_you_mean
from headrace.cli.account import user
from headrace.cli.display import Display
from headrace.cli.input import InputError
from headrace.cli.words import harmless
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Approval, work_of_one
from headrace.engine.task.answers import either
from headrace.local.question import OpenQuestion
from headrace.local.records import StoredAnswer

_LINE: Final = 4096
"""The most bytes of a line that a terminal gives."""
_COMMENT: Final = 1024
"""The most characters of a comment, as in an Approval."""


class Asking(Protocol):
    """A run that asks."""

    @property
    def only_asks(self) -> bool:
        """Whether nothing can go on before somebody answers."""

    def questions(self) -> Sequence[OpenQuestion]:
        """Return the questions that somebody can answer now."""

    def answer(self, question: OpenQuestion, given: StoredAnswer) -> None:
        """Take an answer."""

    def look_again(self) -> None:
        """Give the run a turn, although nothing of it has changed."""


def answers_ahead(definitions: Sequence[Definition], given: Iterable[str]) -> dict[str, str]:
    """
    Read `task=choice` texts as answers to the questions of a workflow and of those that it calls.

    A name that tasks of several workflows have answers for each.

    Args:
        definitions: The workflow, and the workflows that it calls.
        given: The texts.

    Raises:
        InputError: A text cannot be read, or no such question can be asked.

    """
    answers: dict[str, str] = {}
    wrong: list[str] = []
    for text in given:
        task, separator, choice = text.partition("=")
        problem = _problem(definitions, task, choice) if separator else "write it as task=choice"
        if problem is None and task in answers:
            problem = "is listed twice; keep one"
        if problem is not None:
            wrong.append(f"--approve {text}: {problem}")
        answers[task] = choice
    if wrong:
        raise InputError(*wrong)
    return answers


def _problem(definitions: Sequence[Definition], task: str, choice: str) -> str | None:
    """Return why a question cannot be answered like this."""
    works = [each.tasks[task].work for each in definitions if task in each.tasks]
    if not works:
        names = {name for each in definitions for name in each.tasks}
        return f"there is no task {task!r}; {did_you_mean(task, names) or 'name one that asks'}"
    ones = map(work_of_one, works)
    questions = [work.asked for work in ones if isinstance(work, Approval)]
    if not questions:
        return f"task {task!r} asks nobody; leave it out"
    for asked in questions:
        if choice not in asked.choices:
            return f"{choice!r} is none of the choices; choose {either(asked.choices)}"
    return None


def chosen(line: str, choices: Sequence[str]) -> tuple[str, str] | None:
    """
    Read an answer: a choice or its number, and a comment after it; None: it is none.

    Example: `2 not before Monday` is the second choice, with a comment.
    """
    word, _, comment = line.strip().partition(" ")
    numbered = {str(number): choice for number, choice in enumerate(choices, 1)}
    choice = word if word in choices else numbered.get(word)
    return None if choice is None else (choice, comment.strip()[:_COMMENT])


class Asker:
    """Asks one question after the other. Used in the event loop of the run."""

    def __init__(self, run: Asking, display: Display, ahead: Mapping[str, str], again: str) -> None:
        """
        Ask nothing yet.

        Args:
            run: The run that asks.
            display: Where questions are shown.
            ahead: Answers from the command line, by task.
            again: The command that continues the run, for the advice what to type.

        """
        self._run = run
        self._display = display
        self._ahead = ahead
        self._again = again
        self._asked: OpenQuestion | None = None
        self._told: set[tuple[str, str, int]] = set()
        self._hears = sys.stdin is not None and sys.stdin.isatty()

    def look(self) -> bool:
        """
        Answer what is answered ahead, and ask the next question.

        Returns:
            Whether the run waits in vain: nobody here can answer, and nothing else goes on.

        """
        for question in self._run.questions():
            if question.task in self._ahead:
                self._answer(question, self._ahead[question.task], "")
        left = self._run.questions()
        if self._asked is not None and self._asked not in left:
            self._hush()
        if not self._hears:
            self._tell_new(left)
            return self._run.only_asks
        if left and self._asked is None:
            self._ask(left[0])
        return False

    def close(self) -> None:
        """Ask no more."""
        if self._asked is not None:
            self._hush()

    def _ask(self, question: OpenQuestion) -> None:
        self._asked = question
        self._display.ask(question_lines(question))
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def _hush(self) -> None:
        self._asked = None
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        self._display.go_on()

    def _read(self) -> None:
        question = self._asked
        if question is None:
            return
        try:
            line = os.read(sys.stdin.fileno(), _LINE)
        except OSError:
            line = b""  # The terminal is gone.
        if not line:
            self._hears = False
            self._hush()
            self._tell_new([question])
            self._run.look_again()
            return
        answer = chosen(line.decode(errors="replace"), question.asked.choices)
        if answer is None:
            self._display.say(f"answer {either(question.asked.choices)}, or its number")
            return
        self._hush()
        self._answer(question, *answer)

    def _answer(self, question: OpenQuestion, choice: str, comment: str) -> None:
        given = StoredAnswer(choice, datetime.now(UTC), user(), harmless(comment))
        self._run.answer(question, given)

    def _tell_new(self, left: Iterable[OpenQuestion]) -> None:
        """Say how to answer questions that cannot be asked here, once each."""
        for question in left:
            # One answer on the command line is for all items of a task.
            key = question.run, question.task, question.number
            if key not in self._told:
                self._told.add(key)
                self._display.say(advice(question, self._again))


def question_lines(question: OpenQuestion) -> Iterator[str]:
    """Yield a question, its choices, and how to answer."""
    about = "" if question.item is None else f" for item {question.item}"
    yield f"{question.task} asks{about}: {question.asked.message}"
    for number, choice in enumerate(question.asked.choices, 1):
        yield f"  {number}  {choice}"
    until = ""
    if question.deadline is not None:
        until = f", until {question.deadline.astimezone():%H:%M:%S}"
    yield f"answer with a word or its number; a comment may follow{until}"


def advice(question: OpenQuestion, again: str) -> str:
    """Return what to type where nobody can be asked."""
    choices = question.asked.choices
    others = f" (or {either(choices[1:])})" if choices[1:] else ""
    every = "" if question.item is None else " for each item"
    return (
        f"{question.task} asks{every}: {question.asked.message}; nobody can answer here."
        f" Answer with {again} --approve {question.task}={choices[0]}{others}"
    )
