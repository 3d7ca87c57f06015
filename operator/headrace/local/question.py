"""
A question to somebody at this machine: its stored record is the attempt. No process runs.

Knows the record and its answer. Knows no terminal, and no clock: the engine judges the deadline.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.answers import answer_words, question_words, without_answer
from headrace.engine.task.observed import Answered, Ending, Sighting, Stage
from headrace.local.records import AttemptRecord, StoredAnswer


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that nobody has answered yet."""

    task: str
    number: int
    asked: ApprovalRequest
    deadline: datetime | None
    run: str = ""
    """The name of its run: the one that was started, or one that a task has called."""
    item: int | None = None
    """The index of the item that it is about; None: the task has no items."""


class QuestionAttempt:
    """
    The attempt of a task that asks.

    Args:
        record: The stored record.
        on_answer: Called before an answer counts: it must be stored first.
        on_change: Called when the question is withdrawn.

    """

    def __init__(
        self,
        record: AttemptRecord,
        on_answer: Callable[["QuestionAttempt"], None],
        on_change: Callable[[], None],
    ) -> None:
        assert record.asked is not None  # noqa: S101 - its carrier stored it
        self.record = record
        self._asked = record.asked
        self._on_answer = on_answer
        self._on_change = on_change
        self._withdrawn = False

    @property
    def alive(self) -> bool:
        """Nothing of it runs."""
        return False

    @property
    def open(self) -> OpenQuestion | None:
        """The question, if somebody can answer it; None: it has an answer, or nobody needs one."""
        if self._withdrawn or self.record.answer is not None:
            return None
        return OpenQuestion(self.record.task, self.record.number, self._asked, self._deadline)

    def answer(self, given: StoredAnswer) -> None:
        """Take an answer, if there is none yet."""
        if self.open is not None:
            self.record = replace(self.record, answer=given)
            self._on_answer(self)

    def terminate(self) -> None:
        """Withdraw the question: its task has ended."""
        self._withdrawn = True
        self._on_change()

    def kill(self) -> None:
        """Withdraw the question for this runner; another one asks again."""
        self._withdrawn = True

    def sighting(self) -> Sighting:
        """Return its sighting."""
        asked, deadline, ending = self._asked, self._deadline, self._ending()
        words = question_words(asked.message, asked.choices, deadline=deadline)
        expected = None
        if deadline is not None:
            expected = without_answer(deadline, asked.on_timeout, asked.failing)
        return Sighting(
            self.record.number,
            Stage.RUNNING if ending is None else Stage.ENDED,
            created=self.record.created,
            started=self.record.created,
            waiting=Reason.WAITING_FOR_APPROVAL if ending is None else None,
            message=words if ending is None else "",
            ending=ending,
            expected=expected,
            alive=ending is None and not self._withdrawn,
        )

    @property
    def _deadline(self) -> datetime | None:
        seconds = self._asked.timeout_seconds
        return None if seconds is None else self.record.created + timedelta(seconds=seconds)

    def _ending(self) -> Ending | None:
        given, deadline = self.record.answer, self._deadline
        if given is None or (deadline is not None and given.at > deadline):
            return None
        fails = given.choice in self._asked.failing
        answered = Answered(given.choice, given.by, given.comment, fails)
        return Ending(given.at, message=answer_words(answered), answer=answered)
