"""Conditions and values on a real cluster: what is skipped, and what programs find."""

import base64

import pytest

from cluster.story import SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster

COUNTS = shell(
    'echo "{\\"rows\\": 7, \\"until\\": \\"2030-01-01T00:00:00Z\\"}" > $HEADRACE_OUTPUTS'
)
OUTPUTS = [{"name": "rows", "type": "Integer"}, {"name": "until", "type": "Timestamp"}]
SAYS = shell('printf %s "$X" | base64 -w 0 | sed "s/.*/{\\"x\\": \\"&\\"}/" > $HEADRACE_OUTPUTS')
"""Gives back what it found in its variable."""
HOSTILE = "$(HOME) $$(X) $$ ${{ run.name }} `id` '\" \\ é \U0001f600\nsecond line"


def variable(value: str) -> list[dict[str, str]]:
    """Return the variable X."""
    return [{"name": "X", "value": value}]


def test_a_result_decides_what_runs_and_what_programs_find(story: Story) -> None:
    """One branch is skipped and named in the run; a value arrives byte for byte each time."""
    of_count = "tasks.count.outputs"
    story.workflow(
        "branch",
        task("count", COUNTS, outputs=OUTPUTS),
        task("many", SUCCEED, dependsOn=["count"], when=f"{of_count}.rows > 9"),
        task(
            "few",
            shell(f'{SAYS[-1]}; test "$HEADRACE_ATTEMPT" = 2'),
            dependsOn=["count"],
            when=f"{of_count}.rows <= 9 && has({of_count}.until)",
            env=variable("${{ params.text }} of ${{ tasks.count.outputs.rows }}"),
            retry={"limit": 1, "backoff": {"seconds": 0}},
        ),
        task("join", SUCCEED, dependsOn=["many", "few"], runWhen="NoneFailedMinOneSucceeded"),
        finally_=[task("alert", SUCCEED, when="tasks.join.outcome != 'Succeeded'")],
        params=[{"name": "text", "default": HOSTILE}],
    )

    run = story.ended("branch-once")

    assert condition(run)["status"] == "True"
    assert "2 skipped (many, alert)" == condition(run)["message"]
    assert 2 == run["status"]["tasks"]["skipped"]
    assert "5/5" in story.row("workflowrun", "branch-once")
    few = story.get("taskrun", "branch-once.few")
    want = f"{HOSTILE} of 7"
    assert variable(want) == few["spec"]["env"]
    assert want.encode() == base64.b64decode(few["status"]["outputs"]["x"])
    assert [1, 0] == [attempt["exitCode"] for attempt in few["status"]["attempts"]]


def test_an_expression_without_a_value_fails_its_task(story: Story) -> None:
    """The run names the expression, and what was wrong with it."""
    story.workflow(
        "wrong",
        task("count", COUNTS),
        task("load", SUCCEED, dependsOn=["count"], when="tasks.count.outputs.lines > 0"),
    )

    run = story.ended("wrong-once")

    assert condition(run)["status"] == "False"
    message = condition(run)["message"]
    assert message.startswith("load failed: InvalidExpression: when: column ")
    assert "lines" in message
    assert {"count"} == story.outcomes("wrong-once").keys()
