"""What may change in a manifest that was applied: `headrace.local.frozen`."""

import json
from typing import Any

import pytest

from headrace.api.v1alpha1.backfill import BackfillState
from headrace.api.v1alpha1.run import DesiredState
from headrace.local.frozen import change_problem, may_follow

RUN: dict[str, Any] = {"workflow": "w"}
SPAN: dict[str, Any] = {"workflow": "w", "from": "2030-01-01", "to": "2030-01-02"}


@pytest.mark.parametrize(
    ("kind", "before", "after", "want"),
    [
        pytest.param("WorkflowRun", RUN, {**RUN, "desiredState": "Pause"}, None, id="a wish"),
        pytest.param("WorkflowRun", RUN, {"workflow": "x"}, "spec.workflow", id="the workflow"),
        pytest.param("WorkflowRun", RUN, {**RUN, "params": []}, "spec.params", id="a new field"),
        pytest.param("TaskRun", RUN, {"workflow": "x"}, "never|fixed;", id="anything of a task"),
        pytest.param("Backfill", SPAN, {**SPAN, "maxActive": 3}, None, id="how many at a time"),
        pytest.param("Backfill", SPAN, {**SPAN, "to": "2030-01-03"}, "spec.to", id="the span"),
        pytest.param(
            "Backfill",
            {**SPAN, "desiredState": "Cancel"},
            SPAN,
            "spec.desiredState",
            id="a cancelled backfill goes on",
        ),
    ],
)
def test_some_fields_change_and_the_others_are_named(
    kind: str, before: dict[str, Any], after: dict[str, Any], want: str | None
) -> None:
    """As the API server would say it."""
    problem = change_problem(kind, json.dumps(before), json.dumps(after))
    if want is None:
        assert problem is None
    else:
        assert problem is not None
        assert any(words in problem for words in want.split("|"))


def test_every_state_can_become_a_later_one_only() -> None:
    """Run and Pause go both ways; all others are final but for stronger ones."""
    states = [each.value for each in DesiredState]
    assert {each.value for each in BackfillState} <= set(states)
    follows = {(a, b) for a in states for b in states if a != b and may_follow(a, b)}
    assert ("Run", "Pause") in follows
    assert ("Pause", "Run") in follows
    assert ("Stop", "Cancel") in follows
    assert not {("Stop", "Run"), ("Cancel", "Stop"), ("Terminate", "Cancel")} & follows
    assert not [pair for pair in follows if pair[0] == "Terminate"]
