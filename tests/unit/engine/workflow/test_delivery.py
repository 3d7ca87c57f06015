"""The run that a delivery starts: `headrace.engine.workflow.delivery`."""

import re
from typing import Any

import pytest

from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.run import TriggerKind
from headrace.engine.definition.expressions.types import Failure
from headrace.engine.workflow.delivery import NotWanted, Unusable, delivered, delivery_run_name
from headrace.engine.workflow.observed import NewRun

PARAMS = [
    Param.model_validate({"name": "rows", "type": "Integer", "default": 0}),
    Param.model_validate({"name": "region", "enum": ["eu", "us"], "default": "eu"}),
]


def judged(**values: Any) -> NewRun | NotWanted | Unusable:
    """Judge a delivery with these values of its expressions, named as their fields are."""
    given = {name.replace("_", "."): value for name, value in values.items()}
    return delivered("load", "u1", "d-1", PARAMS, given)


def test_a_run_has_the_values_of_the_delivery() -> None:
    """And says which delivery it is of."""
    run = judged(when=True, params_rows=4, params_region="us")
    assert isinstance(run, NewRun)
    assert (TriggerKind.WEBHOOK, "d-1") == (run.trigger, run.delivery and run.delivery.id)
    assert {"rows": 4, "region": "us"} == {each.name: each.value for each in run.params}
    assert delivery_run_name("load", "u1", "d-1") == run.name


def test_the_name_is_as_long_as_a_ticks_and_never_one() -> None:
    """The names of workflows leave 11 characters for those of their runs."""
    longest = "w" * 52
    name = delivery_run_name(longest, "u1", "d-1")
    assert 63 == len(name)
    assert re.fullmatch(r"w{52}-w[a-z2-7]{9}", name)


def test_each_part_of_a_delivery_counts_for_the_name() -> None:
    """The uid of the workflow, the id, and how many names are taken; and nothing else."""
    same = [delivery_run_name("load", "u1", "d-1") for _ in range(2)]
    others = [
        delivery_run_name("load", "u2", "d-1"),
        delivery_run_name("load", "u1", "d-2"),
        delivery_run_name("load", "u1", "d-1", 1),
        delivery_run_name("load", "u1", "d-1", 2),
    ]
    assert 5 == len({*same, *others})


@pytest.mark.parametrize("when", [False, None])
def test_without_its_condition_nothing_starts(when: Any) -> None:
    """Only true is true."""
    assert NotWanted() == judged(when=when)


def test_what_went_wrong_is_named_with_its_field() -> None:
    """All of it, and the condition before the parameters."""
    failure = Failure("payload.x", 9, "there is no key 'x'")
    made = judged(when=failure, params_rows=failure)
    words = "column 9 of 'payload.x': there is no key 'x'"
    assert Unusable((f"when: {words}", f"params.rows: {words}")) == made


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"params_rows": "4"}, "params: 'rows' must be of type Integer, not '4'"),
        ({"params_region": "asia"}, "params: 'region' is 'asia'; allowed: eu, us"),
        ({"params_rows": None}, "params.rows: must be text, a whole number, or true or false"),
        ({"params_rows": [1]}, "params.rows: must be text, a whole number, or true or false"),
        ({"params_rows": 2**70}, "params.rows: must be text, a whole number, or true or false"),
        ({"params_region": "x" * 32_769}, "params.region: has 32,769 characters, and that is too"),
        ({"params_other": 1}, "params: the workflow has no parameter 'other'"),
    ],
)
def test_a_value_that_does_not_fit_is_named(values: dict[str, Any], problem: str) -> None:
    """With the parameter, and what it may be."""
    made = judged(**values)
    assert isinstance(made, Unusable)
    assert made.problems[0].startswith(problem)
