"""
The evaluator: the door through which worlds have expressions evaluated.

It never holds the event loop. A question that ends its worker costs this question, and no other.
"""

import asyncio
import signal
from collections.abc import Sequence
from typing import Final

from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.evaluation.failures import (
    Asked,
    died,
    too_large,
    too_much_memory,
    too_much_time,
    unreadable,
)
from headrace.evaluation.limits import OUT_OF_MEMORY, Limits
from headrace.evaluation.messages import read_answer, write_question
from headrace.evaluation.process import Worker, WorkerDiedError

USUAL: Final = Limits()
TRIES: Final = 2
"""A worker may end for reasons of its own: it was idle, or the system needed memory."""

AT_ONCE: Final = (-signal.SIGPROF,)
"""The ends that need no second try: a worker's processor time begins anew with each question."""


class NoAnswerError(OSError):
    """The machine gave no answer: it starts no process, or stands still. Ask again later."""


class Evaluator:
    """Evaluates expressions in a worker process, which it starts when first asked."""

    def __init__(self, limits: Limits = USUAL) -> None:
        """Start nothing yet."""
        self._limits = limits
        self._worker: Worker | None = None
        self._turn = asyncio.Lock()

    async def evaluate(self, asked: Sequence[Question]) -> Sequence[Value | Failure]:
        """
        Return each question's value, or why there is none.

        Raises:
            NoAnswerError: The machine is to blame, and no expression: ask again later.

        """
        return [await self._answer(question) for question in asked]

    async def close(self) -> None:
        """End the worker. The next question starts another one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.end()

    async def _answer(self, question: Question) -> Value | Failure:
        from headrace.engine.definition.expressions.reading import narrowed  # noqa: PLC0415 - slow to load, and often not needed

        asked, scope = question.asked, narrowed(question.asked, question.scope)
        try:
            message = write_question(Question(asked, scope))
        except ValueError as error:
            return unreadable(asked, str(error))
        if len(message) > self._limits.question_bytes:
            return too_large(asked, len(message), self._limits)
        async with self._turn:
            return await self._ask(asked, message)

    async def _ask(self, asked: Asked, message: bytes) -> Value | Failure:
        failure: Failure | None = None
        for _ in range(TRIES):
            try:
                return read_answer(await self._asked(message))
            except WorkerDiedError as end:
                failure = self._verdict(asked, end)
                if end.code in AT_ONCE:
                    break
            except ValueError:
                failure = died(asked, "an answer that makes no sense")
                await self.close()
        assert failure is not None  # noqa: S101 - there is a try
        return failure

    def _verdict(self, asked: Asked, end: WorkerDiedError) -> Failure:
        if end.code == -signal.SIGPROF:
            return too_much_time(asked, self._limits)
        if end.code in (-signal.SIGABRT, OUT_OF_MEMORY):
            return too_much_memory(asked, self._limits)
        return died(asked, str(end))

    async def _asked(self, message: bytes) -> bytes:
        """Ask the worker, and leave none behind that may still be busy."""
        answered = False
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                answer = await (await self._running()).ask(message)
                answered = True
                return answer
        except TimeoutError:
            seconds = self._limits.answer_seconds
            raise NoAnswerError(f"no expression was evaluated within {seconds:.0f} s") from None
        except OSError as error:
            raise NoAnswerError(
                f"no process can be started to evaluate expressions: {error}"
            ) from error
        finally:
            if not answered:
                await self.close()

    async def _running(self) -> Worker:
        if self._worker is None or not self._worker.lives:
            self._worker = await Worker.start(self._limits)
        return self._worker
