"""The evaluator, with real worker processes: `headrace.evaluation.evaluator`."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Question,
    Scope,
    Value,
)
from headrace.evaluation import process
from headrace.evaluation.evaluator import Evaluator, NoAnswerError
from headrace.evaluation.limits import Limits

MANY = Scope(params={"many": list(range(4000)), "long": "a" * 32_000})
TIME = "params.many.all(a, params.many == params.many)"
HOURS = f"params.many.all(a, {' && '.join(['params.many == params.many'] * 100)})"
MEMORY = "params.many.map(x, params.long + string(x))"


@pytest.fixture
async def evaluator() -> AsyncIterator[Evaluator]:
    """Return an evaluator whose worker ends with the test."""
    evaluator = Evaluator()
    yield evaluator
    await evaluator.close()


async def asked(evaluator: Evaluator, source: str, scope: Scope = MANY) -> Value | Failure:
    (answer,) = await evaluator.evaluate([Question(Expression(source, column=3), scope)])
    return answer


def workers() -> list[int]:
    """Return the process ids of the workers of this process."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            state = (each / "stat").read_text().rpartition(")")[2].split()
            words = (each / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(state[1]) == os.getpid() and process.WORKER.encode() in words:
            found.append(int(each.name))
    return found


def variables(worker: int) -> bytes:
    return Path(f"/proc/{worker}/environ").read_bytes()


async def test_answers_come_in_the_order_of_the_questions(evaluator: Evaluator) -> None:
    """A failure among them too."""
    sources = ("1 + 1", "1 / 0", "'a' + 'b'")
    got = await evaluator.evaluate([Question(Expression(each), Scope()) for each in sources])
    assert [2, Failure("1 / 0", 3, "divide by zero: 1, 0"), "ab"] == got


async def test_one_worker_answers_all_questions(evaluator: Evaluator) -> None:
    """It is started by the first one."""
    assert [] == workers()
    await asyncio.gather(*(asked(evaluator, f"{number} + 1") for number in range(50)))
    assert 1 == len(workers())
    await evaluator.close()
    assert [] == workers()


async def test_too_much_time_costs_one_question(evaluator: Evaluator) -> None:
    """Its worker ends, and another one answers the others."""
    got = await asyncio.gather(*(asked(evaluator, each) for each in ("1", TIME, "2")))
    assert [1, Failure(TIME, 3, "takes more than 250 ms to evaluate"), 2] == got


async def test_too_much_memory_costs_one_question(evaluator: Evaluator) -> None:
    """Whether the library aborts, or Python finds no memory."""
    got = await asyncio.gather(*(asked(evaluator, each) for each in ("1", MEMORY, "2")))
    assert [1, Failure(MEMORY, 3, "needs more than 64 MiB of memory"), 2] == got


async def test_the_loop_goes_on_while_an_expression_is_evaluated(evaluator: Evaluator) -> None:
    """The library holds the lock of its own interpreter, and not of ours."""
    await asked(evaluator, "1")
    turns = 0
    question = asyncio.ensure_future(asked(evaluator, TIME))
    while not question.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100


async def test_a_worker_that_was_killed_is_replaced(evaluator: Evaluator) -> None:
    """By the system for its memory, say: the question is asked again."""
    await asked(evaluator, "1")
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    assert 2 == await asked(evaluator, "1 + 1")
    assert [worker] != workers()


async def test_a_worker_that_nobody_asks_ends() -> None:
    """The next question starts another one."""
    evaluator = Evaluator(Limits(idle_seconds=0.1))
    assert 2 == await asked(evaluator, "1 + 1")
    while workers():  # noqa: ASYNC110 - only the system knows when it has ended
        await asyncio.sleep(0)
    assert 3 == await asked(evaluator, "1 + 2")
    await evaluator.close()


async def test_a_question_that_kills_each_worker_fails(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried twice."""
    monkeypatch.setattr(process, "WORKER", "headrace.evaluation.no_worker")
    want = Failure("1", 3, "ended the process that evaluates it, twice (exit code 1)")
    assert want == await asked(evaluator, "1")


async def test_a_machine_that_stands_still_is_no_fault_of_an_expression() -> None:
    """The caller asks again later, and no busy worker is left behind."""
    evaluator = Evaluator(Limits(processor_seconds=60, answer_seconds=1))
    with pytest.raises(NoAnswerError, match="no expression was evaluated within 1 s"):
        await asked(evaluator, HOURS)
    await evaluator.close()
    assert [] == workers()


async def test_who_stops_waiting_leaves_no_answer_to_others(evaluator: Evaluator) -> None:
    """A cancelled question takes its worker with it."""
    await asked(evaluator, "1")
    question = asyncio.ensure_future(asked(evaluator, TIME))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    assert 7 == await asked(evaluator, "7")


async def test_values_that_are_too_large_are_not_sent(evaluator: Evaluator) -> None:
    """What an expression does not read does not count."""
    scope = Scope(params={"large": "x" * 2**20, "small": 1})
    assert 1 == await asked(evaluator, "params.small", scope)
    found = await asked(evaluator, "params.large", scope)
    assert isinstance(found, Failure)
    assert found.message.startswith("the values that it reads have 1,0")


async def test_a_value_that_cannot_be_read_fails_its_question(evaluator: Evaluator) -> None:
    """And no other one."""
    scope = Scope(params={"odd": object(), "even": 2})  # type: ignore[dict-item] # it must fail
    found = await asked(evaluator, "params.odd", scope)
    assert isinstance(found, Failure)
    assert "a value that it reads cannot be read" in found.message
    assert 2 == await asked(evaluator, "params.even", scope)


async def test_time_zones_come_from_the_package(evaluator: Evaluator) -> None:
    """For CEL's own functions and for ours, whatever the machine has."""
    instant = "timestamp('2030-07-01T12:00:00Z')"
    assert 14 == await asked(evaluator, f"{instant}.getHours('Europe/Berlin')")
    assert "14" == await asked(evaluator, f"strftime({instant}, '%H', 'Europe/Berlin')")


async def test_a_worker_knows_no_secrets(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets few variables, and none of those that the controller has."""
    monkeypatch.setenv("TOKEN", "secret")
    await asked(evaluator, "1")
    (worker,) = workers()
    assert b"TOKEN" not in variables(worker)


async def test_usual_questions_take_little_time(evaluator: Evaluator) -> None:
    """Some 0.5 ms each, measured; a hundred must be done long before a second is over."""
    await asked(evaluator, "1")
    begin = time.perf_counter()
    await evaluator.evaluate([Question(Expression("1 + 1"), Scope()) for _ in range(100)])
    assert time.perf_counter() - begin < 5
