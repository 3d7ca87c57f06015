"""
The questions of all runs of one process: a run's own, and those of the runs that it has called.

Knows what can go on without an answer. Knows no terminal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from headrace.local.called_run import CalledRun
from headrace.local.called_runs import CalledRuns
from headrace.local.calls import OwnWorld
from headrace.local.item_questions import QuestionsAttempt
from headrace.local.question import OpenQuestion, QuestionAttempt
from headrace.local.records import StoredAnswer


class Questions:
    """
    The open questions of some runs.

    Args:
        worlds: The worlds of the runs. More may come.
        look_again: Called to give the runs a turn.

    """

    def __init__(self, worlds: Sequence[OwnWorld], look_again: Callable[[], None]) -> None:
        self._worlds = worlds
        self.look_again = look_again

    @property
    def only_asks(self) -> bool:
        """Whether nothing can go on before somebody answers a question."""
        return bool(self.questions()) and not any(map(_goes_on, self._worlds))

    def questions(self) -> Sequence[OpenQuestion]:
        """Return the questions that somebody can answer now."""
        return [question for world in self._worlds for question in _open(world)]

    def answer(self, question: OpenQuestion, given: StoredAnswer) -> None:
        """Take the answer to a question, if it is still open."""
        for world in self._worlds:
            attempt = world.attempts.get((question.task, question.number))
            if world.run.key.name != question.run:
                continue
            asked = attempt.at(question.item) if isinstance(attempt, QuestionsAttempt) else attempt
            if isinstance(asked, QuestionAttempt):
                asked.answer(given)


def _open(world: OwnWorld) -> Iterator[OpenQuestion]:
    for attempt in world.attempts.values():
        for question in _asked(attempt):
            yield replace(question, run=world.run.key.name)


def _asked(attempt: object) -> Iterator[OpenQuestion]:
    if isinstance(attempt, QuestionsAttempt):
        yield from attempt.open()
    elif isinstance(attempt, QuestionAttempt) and attempt.open is not None:
        yield attempt.open


def _goes_on(world: OwnWorld) -> bool:
    """Return whether a program, a wait or a backoff of a run will end without an answer."""
    ends = (
        world.task_logs[task].outcome is None
        for (task, _), attempt in world.attempts.items()
        if not isinstance(attempt, QuestionAttempt | QuestionsAttempt | CalledRun | CalledRuns)
    )
    again = (log.next_attempt is not None for log in world.task_logs.values())
    return any(ends) or any(again)
