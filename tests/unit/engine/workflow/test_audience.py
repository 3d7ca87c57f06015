"""How long an ended run stays for followers: `headrace.engine.workflow.audience`."""

import pytest

from headrace.engine.workflow.audience import shown_until
from headrace.engine.workflow.observed import ObservedWorkflow
from support.builders import at


@pytest.mark.parametrize(
    ("followed", "since", "want"),
    [
        pytest.param(True, None, 160, id="others follow: a minute"),
        pytest.param(False, None, 100, id="nobody follows: no longer than history says"),
        pytest.param(True, 40, 160, id="others follow, and the controller was there at its end"),
        pytest.param(False, 40, 100, id="nobody follows, as each workflow's turn has shown"),
        pytest.param(True, 500, 560, id="the controller began later: a minute from then"),
        pytest.param(False, 500, 560, id="the controller began later: who follows is not known"),
        pytest.param(False, 95, 160, id="the controller has just begun: who follows is not known"),
    ],
)
def test_how_long_the_end_of_a_run_is_shown(
    *, followed: bool, since: float | None, want: float
) -> None:
    """The run ended 100 seconds after noon."""
    workflow = ObservedWorkflow(
        *("default", "w", "w1", at(0), 1, None),
        followed_by_others=followed,
        watched_since=None if since is None else at(since),
    )
    assert at(want) == shown_until(workflow, at(100))
