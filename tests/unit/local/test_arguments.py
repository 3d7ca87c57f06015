"""Values of variables in command and args on this machine: `headrace.local.arguments`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.task import TaskBody
from headrace.local.arguments import arguments

SHELL = {"PASSWORD": "geheim $(X)", "X": "the shell's", "USER": "me"}


def secret(name: str, **more: Any) -> dict[str, Any]:
    """Return a variable with a value from the cluster."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", **more}}}


@pytest.mark.parametrize(
    ("env", "text", "want"),
    [
        pytest.param([{"name": "X", "value": "own"}], "$(X)", "own", id="a value"),
        pytest.param([{"name": "X"}], "<$(X)>", "<>", id="a variable without a value is empty"),
        pytest.param([secret("PASSWORD")], "$(PASSWORD)", "geheim $(X)", id="the shell's value"),
        pytest.param(
            [secret("NOT", optional=True)], "$(NOT)", "$(NOT)", id="an optional one that is missing"
        ),
        pytest.param([], "$(USER) $(X)", "$(USER) $(X)", id="variables of the shell alone"),
    ],
)
def test_an_argument_takes_the_value_of_a_variable(
    env: list[dict[str, Any]], text: str, want: str
) -> None:
    """One of the task's own; what comes from a cluster has its value in the shell."""
    body = TaskBody.model_validate({"command": [text, "-x"], "args": [text, ""], "env": env})

    assert ((want, "-x"), (want, "")) == arguments(body, SHELL)
