"""
The worker process: reads questions, writes answers, until nobody asks any more.

Started by `headrace.evaluation.process`, with limits as its only argument.
"""

import json
import os
import select
import sys
from typing import BinaryIO, Final

from headrace.engine.definition.expressions.evaluate import evaluate
from headrace.engine.definition.expressions.types import Expression, Failure, Scope, Value
from headrace.evaluation.limits import (
    OUT_OF_MEMORY,
    Limits,
    begin_countdown,
    end_countdown,
    forbid_core_files,
    limit_memory,
)
from headrace.evaluation.messages import HEADER, framed, read_question, write_answer

WARM_UP: Final = Expression("math.abs(-1) == size('a')")
"""Loads what the library makes when it is first used, before the limits count."""


def main() -> None:
    """Answer questions from standard input on standard output."""
    limits = Limits(**json.loads(sys.argv[1]))
    forbid_core_files()
    evaluate(WARM_UP, Scope())
    limit_memory(limits)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        while (message := _next(questions, limits)) is not None:
            answers.write(framed(write_answer(_answer(message, limits))))
            answers.flush()
    except (MemoryError, SystemError):  # The library makes one of the other.
        os._exit(OUT_OF_MEMORY)


def _next(questions: BinaryIO, limits: Limits) -> bytes | None:
    """Return the next message; None: there will be none."""
    ready, _, _ = select.select([questions], [], [], limits.idle_seconds)
    header = questions.read(HEADER) if ready else b""
    return questions.read(int.from_bytes(header, "big")) if len(header) == HEADER else None


def _answer(message: bytes, limits: Limits) -> Value | Failure:
    begin_countdown(limits)
    question = read_question(message)
    answer = evaluate(question.asked, question.scope)
    end_countdown()
    return answer


if __name__ == "__main__":
    main()
