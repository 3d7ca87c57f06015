"""What is wrong with the webhooks of a workflow: `headrace.engine.definition.webhooks`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.trigger import Trigger
from headrace.engine.definition.expressions.types import Wants
from headrace.engine.definition.webhooks import expressions_of, webhook_problems

PARAMS = [
    Param.model_validate({"name": "rows", "type": "Integer"}),
    Param.model_validate({"name": "sha", "default": "none"}),
    Param.model_validate({"name": "full", "type": "Boolean", "default": False}),
]


def trigger(**webhook: Any) -> Trigger:
    """Return a trigger with a webhook that gives `rows`."""
    rows = {"name": "rows", "expression": "payload.rows"}
    base = {"scheme": "GitHub", "secretRef": {"name": "s"}, "params": [rows]}
    return Trigger.model_validate({"webhook": {**base, **webhook}})


def problems(**webhook: Any) -> list[str]:
    """Return what is wrong with a webhook that comes after another trigger."""
    first = Trigger.model_validate({"onApply": {}})
    return [str(each) for each in webhook_problems([first, trigger(**webhook)], PARAMS)]


def test_a_good_webhook_has_no_problem() -> None:
    """Nor has a workflow without one."""
    assert [] == problems(when="headers['x-github-event'] == 'push' && payload.n > 3")
    assert [] == list(webhook_problems([], PARAMS))


WEBHOOK = "spec.triggers[1].webhook"
ROWS = {"name": "rows", "expression": "payload.rows"}


@pytest.mark.parametrize(
    ("webhook", "problem"),
    [
        pytest.param(
            {"params": [ROWS, {"name": "shaa", "expression": "payload.x"}]},
            f"{WEBHOOK}.params[1].name: there is no parameter 'shaa'; did you mean 'sha'?",
            id="an unknown parameter",
        ),
        pytest.param(
            {"params": []},
            f"{WEBHOOK}.params: parameter 'rows' has no default; give it a value of the delivery",
            id="a parameter that gets no value",
        ),
        pytest.param(
            {"when": "payload.a +"},
            f"{WEBHOOK}.when: column 12 of 'payload.a +': ",
            id="half of an expression",
        ),
        pytest.param(
            {"when": "size(payload)"},
            f"{WEBHOOK}.when: column 1 of 'size(payload)': gives a whole number; needed is true or",
            id="a condition that is none",
        ),
        pytest.param(
            {"params": [ROWS, {"name": "sha", "expression": "size(payload)"}]},
            f"{WEBHOOK}.params[1].expression: column 1 of 'size(payload)': gives a whole number;",
            id="a number for text",
        ),
        pytest.param(
            {"when": "params.rows == 1"},
            f"{WEBHOOK}.when: column 1 of 'params.rows == 1': there is no name 'params' before",
            id="a name of a run",
        ),
        pytest.param(
            {"when": "payloads.rows == 1"},
            f"{WEBHOOK}.when: column 1 of 'payloads.rows == 1': there is no name 'payloads' before"
            " the run; did you mean 'payload'?",
            id="a slip of the pen",
        ),
        pytest.param(
            {"when": "headers['X-GitHub-Event'] == 'push'"},
            f"{WEBHOOK}.when: column 8 of \"headers['X-GitHub-Event'] == 'push'\": names of headers"
            " are in lower case here; write headers['x-github-event']",
            id="a header in capitals",
        ),
    ],
)
def test_a_problem_names_its_field_and_the_cure(webhook: dict[str, Any], problem: str) -> None:
    """Before any delivery comes."""
    (told,) = problems(**webhook)
    assert told.startswith(problem)


def test_the_expressions_ask_for_the_types_of_the_parameters() -> None:
    """In the order of the fields, the condition first."""
    params = [
        ROWS,
        {"name": "sha", "expression": "payload.sha"},
        {"name": "full", "expression": "payload.full"},
    ]
    webhook = trigger(when="true", params=params).webhook
    assert webhook is not None
    asked = expressions_of(webhook, PARAMS)
    assert {
        "when": Wants.BOOL,
        "params.rows": Wants.ANY,
        "params.sha": Wants.STRING,
        "params.full": Wants.BOOL,
    } == {name: each.wants for name, each in asked.items()}
    assert "when" == next(iter(asked))
