"""
What expressions cost: the check in the controller, an answer of the worker, a hostile one.

    PYTHONPATH=tests:. python bench/expressions.py
"""

import asyncio
import sys
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1] / "operator"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from headrace.engine.definition.expressions.check import check
from headrace.engine.definition.expressions.types import (
    Declared,
    Expression,
    Failure,
    Question,
    Scope,
    ScopeTypes,
)
from headrace.evaluation.evaluator import Evaluator
from support.hostile import ENDED, REFUSED, SCOPE

TYPES = ScopeTypes(params={"day": Declared.STRING}, tasks={"load": {"rows": Declared.INTEGER}})
USUAL = "params.day != 'sunday' && tasks['load'].outputs.rows > {number}"
VALUES = Scope(params={"day": "monday"}, tasks={"load": {"outputs": {"rows": 5}}})
ROUNDS = 1000


def checks() -> None:
    """Check many expressions, each another one."""
    check(Expression("1"), TYPES)
    begin = process_time()
    for number in range(ROUNDS):
        check(Expression(USUAL.format(number=number)), TYPES)
    print(
        f"a check at acceptance: {(process_time() - begin) / ROUNDS * 1e6:.0f} us of processor time"
    )
    slowest = max(REFUSED, key=lambda name: timed(REFUSED[name]))
    print(f"the slowest hostile one: {timed(REFUSED[slowest]) * 1e3:.1f} ms of it ({slowest})")


def timed(source: str) -> float:
    """Return the seconds of a check."""
    begin = process_time()
    check(Expression(source), TYPES)
    return process_time() - begin


async def answers() -> None:
    """Ask the worker: first, again and again, and what is hostile."""
    evaluator = Evaluator()
    print(f"the first answer: {await asked(evaluator, '1', VALUES) * 1e3:.0f} ms, with the start")
    begin = perf_counter()
    for number in range(ROUNDS):
        await asked(evaluator, USUAL.format(number=number), VALUES)
    print(f"an answer: {(perf_counter() - begin) / ROUNDS * 1e6:.0f} us")
    begin = perf_counter()
    for _ in range(ROUNDS):
        await asked(evaluator, USUAL.format(number=0), VALUES)
    print(f"an answer to the same again: {(perf_counter() - begin) / ROUNDS * 1e6:.0f} us")
    for name, source in ENDED.items():
        seconds = await asked(evaluator, source, SCOPE)
        (answer,) = await evaluator.evaluate([Question(Expression(source), SCOPE)])
        said = answer.message if isinstance(answer, Failure) else "a value"
        print(f"  {name:37} {seconds * 1e3:6.0f} ms: {said[:60]}")
    await evaluator.close()


async def asked(evaluator: Evaluator, source: str, scope: Scope) -> float:
    """Return the seconds until an answer comes."""
    begin = perf_counter()
    await evaluator.evaluate([Question(Expression(source), scope)])
    return perf_counter() - begin


if __name__ == "__main__":
    checks()
    asyncio.run(answers())
