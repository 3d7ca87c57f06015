"""The values of a run's parameters: `headrace.engine.definition.params`."""

import pytest

from headrace.engine.definition.params import InvalidParamsError, Value, resolve
from support.builders import param

REGION = param("region", default="eu", enum=("eu", "us"))
DAYS = param("days", "Integer", default=1)
DRY = param("dry", "Boolean", default=False)
TABLE = param("table")
ALL = (REGION, DAYS, DRY)


def test_defaults_hold_where_a_run_says_nothing() -> None:
    """In the order of the workflow's parameters."""
    assert {"region": "eu", "days": 1, "dry": False} == resolve(ALL, {})
    assert ["region", "days", "dry"] == list(resolve(ALL, {"dry": True}))


def test_what_a_run_gives_replaces_the_default() -> None:
    """Also by a value that is false."""
    assert {"region": "us", "days": 0, "dry": False} == resolve(ALL, {"region": "us", "days": 0})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(
            {"regoin": "eu", "table": "t"},
            "params: the workflow has no parameter 'regoin'; did you mean 'region'?",
            id="a misspelt name",
        ),
        pytest.param(
            {}, "params: 'table' has no default; give it a value", id="a missing parameter"
        ),
        pytest.param(
            {"table": "t", "days": "3"},
            "params: 'days' must be of type Integer, not '3'",
            id="text for a number",
        ),
        pytest.param(
            {"table": "t", "days": True},
            "params: 'days' must be of type Integer, not True",
            id="true is no number",
        ),
        pytest.param(
            {"table": "t", "dry": 1},
            "params: 'dry' must be of type Boolean, not 1",
            id="1 is not true",
        ),
        pytest.param(
            {"table": "t", "region": "mars"},
            "params: 'region' is 'mars'; allowed: eu, us",
            id="a value outside of its enum",
        ),
    ],
)
def test_values_that_do_not_fit(given: dict[str, Value], message: str) -> None:
    """The message names the parameter and the cure."""
    with pytest.raises(InvalidParamsError) as refused:
        resolve((*ALL, TABLE), given)
    assert message == str(refused.value)


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    """Nobody corrects one value after the other."""
    with pytest.raises(InvalidParamsError) as refused:
        resolve((REGION, TABLE), {"region": "mars", "what": 1})
    assert 3 == len(str(refused.value).split("; params:"))


def test_all_values_together_must_fit_into_one_environment_variable() -> None:
    """What no program could be started with is refused before one is, in words that help."""
    texts = tuple(param(f"t{number}") for number in range(4))
    fits = {each.name: "x" * 30_000 for each in texts}
    assert fits == resolve(texts, fits)
    with pytest.raises(InvalidParamsError, match=r"15\d,\d{3} bytes .* storage"):
        resolve(texts, {**fits, "t0": "ä" * 30_000})


def test_a_workflow_without_parameters_says_so() -> None:
    """There is no name that could have been meant."""
    with pytest.raises(InvalidParamsError, match="its parameters: none"):
        resolve((), {"x": 1})
