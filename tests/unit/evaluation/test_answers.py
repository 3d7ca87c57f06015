"""The answers to a turn's questions: `headrace.evaluation.answers`."""

from collections.abc import Sequence

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Question,
    Scope,
    Value,
)
from headrace.engine.definition.ways import FROM
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.observed import Evaluated
from headrace.engine.task.obstacles import Busy
from headrace.evaluation.answers import AGAIN, AT_A_TIME, answers, no_answer, recorded
from headrace.evaluation.evaluator import NoAnswerError
from support.builders import NOON
from support.evaluation import evaluate_here


def question(source: str) -> Question:
    """Return a question about nothing but itself."""
    return Question(Expression(source), Scope())


class Asked:
    """Evaluates, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times: list[int] = []

    async def __call__(self, asked: Sequence[Question]) -> Sequence[Value | Failure]:
        self.times.append(len(asked))
        return await evaluate_here(asked)


async def test_variables_are_asked_only_for_tasks_that_run() -> None:
    """All conditions first and together, then all variables together."""
    asked = Asked()
    requests = [
        Evaluate("yes", question("true"), {"A": question("1"), "B": question("2")}),
        Evaluate("no", question("false"), {"A": question("3")}),
        Evaluate("wrong", question("1/0 == 1"), {"A": question("3")}),
        Evaluate("plain", None, {"A": question("4")}),
    ]
    found = await answers(asked, requests)
    assert [3, 3] == asked.times
    assert Evaluated(when=True, env={"A": 1, "B": 2}) == found["yes"]
    assert Evaluated(when=False) == found["no"]
    assert isinstance(found["wrong"].when, Failure)
    assert {} == found["wrong"].env
    assert Evaluated(env={"A": 4}) == found["plain"]


async def test_nobody_is_asked_about_nothing() -> None:
    """A worker process is not started for that."""
    asked = Asked()
    assert {} == await answers(asked, [])
    assert [] == asked.times


def test_a_machine_without_an_answer_is_asked_again() -> None:
    """It is no fault of the expression."""
    found = no_answer([Evaluate("a")], NoAnswerError("no process"), NOON)
    assert {"a": Busy(Reason.EVALUATING, "no process", NOON + AGAIN)} == found


def test_a_task_that_has_begun_had_a_true_condition() -> None:
    """Whoever asks for it has not heard of the beginning yet."""
    env = {"X": "1"}
    assert Evaluated(when=True, env=env) == recorded(Evaluate("a", question("x")), env)
    assert Evaluated(env=env) == recorded(Evaluate("a"), env)


async def test_the_items_of_a_task_may_be_a_value_themselves() -> None:
    """Each then has a value of its own."""
    fields = {FROM: question("[3, 4]")}
    request = Evaluate("a", fields=fields, each={"x": question("item * 10 + index")})
    found = await answers(Asked(), [request])
    assert {"x": [30, 41]} == found["a"].each


async def test_no_item_is_asked_for_after_a_failure() -> None:
    """A costly expression that fails for each of thousands of items is evaluated a few times."""
    asked = Asked()
    request = Evaluate("a", each={"x": question("1 / item")}, items=[1, 0, *range(1, 5_000)])
    found = await answers(asked, [request])
    one, failure = found["a"].each["x"]
    assert 1 == one
    assert isinstance(failure, Failure)
    assert [AT_A_TIME] == asked.times
