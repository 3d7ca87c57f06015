"""Answers at a terminal and on the command line: `headrace.cli.ask`."""

from collections.abc import Iterable

import pytest

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.cli.ask import Asker, advice, answers_ahead, chosen, question_lines
from headrace.cli.input import InputError
from headrace.local.question import OpenQuestion
from headrace.local.records import StoredAnswer
from support.builders import asking, at, task, workflow

DEFINITION = workflow(asking("ask", choices=("yes", "no")), asking("other"), task("load"))
ASKED = ApprovalRequest(message="Go on?", choices=("yes", "no"))
QUESTION = OpenQuestion("ask", 1, ASKED, None)
AGAIN = "headrace run gate.yaml --resume"


def test_answers_are_read_by_task() -> None:
    """One for each question at most."""
    given = answers_ahead([DEFINITION], ["ask=no", "other=approve"])
    assert {"ask": "no", "other": "approve"} == given


@pytest.mark.parametrize(
    ("given", "want"),
    [
        (["ask"], "--approve ask: write it as task=choice"),
        (["aks=yes"], "there is no task 'aks'; did you mean 'ask'?"),
        (["load=yes"], "task 'load' asks nobody; leave it out"),
        (["ask=maybe"], "'maybe' is none of the choices; choose yes or no"),
        (["ask=yes", "ask=no"], "--approve ask=no: is listed twice; keep one"),
    ],
    ids=["no choice", "no such task", "a task that runs a program", "no such choice", "two"],
)
def test_what_cannot_be_an_answer_is_refused_with_the_cure(given: list[str], want: str) -> None:
    """Before anything starts."""
    with pytest.raises(InputError) as caught:
        answers_ahead([DEFINITION], given)
    assert want in str(caught.value)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("yes\n", ("yes", "")),
        ("2\n", ("no", "")),
        (" 1  not before Monday \n", ("yes", "not before Monday")),
        ("3\n", None),
        ("Yes\n", None),
        ("\n", None),
    ],
    ids=["a word", "a number", "a comment", "no such number", "another word", "nothing"],
)
def test_a_line_is_a_choice_or_its_number(line: str, want: tuple[str, str] | None) -> None:
    """And a comment behind it."""
    assert want == chosen(line, ASKED.choices)


def test_a_choice_that_looks_like_a_number_is_meant_itself() -> None:
    """`2` is the choice of that name, and not the second one."""
    assert ("2", "") == chosen("2", ("3", "2", "1"))


def test_a_question_shows_its_choices_with_numbers() -> None:
    """One line each."""
    lines = list(question_lines(QUESTION))
    assert ["ask asks: Go on?", "  1  yes", "  2  no"] == lines[:3]
    assert "until" in list(question_lines(OpenQuestion("ask", 1, ASKED, at(0))))[-1]


def test_the_advice_can_be_typed_as_it_is() -> None:
    """Where nobody can be asked."""
    want = "headrace run gate.yaml --resume --approve ask=yes (or no)"
    assert want in advice(QUESTION, AGAIN)


class Run:
    """A run that asks."""

    only_asks = True

    def __init__(self, *asked: OpenQuestion) -> None:
        self.open = list(asked)
        self.given: list[tuple[str, str]] = []

    def questions(self) -> list[OpenQuestion]:
        return self.open

    def answer(self, question: OpenQuestion, given: StoredAnswer) -> None:
        self.open.remove(question)
        self.given.append((question.task, given.choice))


class Screen:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def ask(self, lines: Iterable[str]) -> None:
        self.lines += lines

    def go_on(self) -> None: ...


def test_answers_from_the_command_line_are_given_when_the_question_comes() -> None:
    """And nobody waits in vain."""
    run, screen = Run(QUESTION), Screen()
    asker = Asker(run, screen, {"ask": "no"}, AGAIN)  # type: ignore[arg-type] # what it uses of both
    run.only_asks = False
    assert False is asker.look()
    assert [("ask", "no")] == run.given


def test_without_a_terminal_it_is_said_once_what_to_type() -> None:
    """As soon as nothing else goes on, the run waits in vain."""
    run, screen = Run(QUESTION), Screen()
    asker = Asker(run, screen, {}, AGAIN)  # type: ignore[arg-type] # what it uses of both
    run.only_asks = False
    assert False is asker.look()
    run.only_asks = True
    assert True is asker.look()
    assert [advice(QUESTION, AGAIN)] == screen.lines
