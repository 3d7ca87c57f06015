"""Waits, runs and questions over items, on a real cluster: derived names, values, answers."""

from typing import Any

import pytest

from cluster.story import Story, condition, shell, task

pytestmark = pytest.mark.cluster

SAYS = shell('[ "$WORD" != fig ] || exit 3; printf \'{"word": "%s"}\' "$WORD" > $HEADRACE_OUTPUTS')
FRUIT = ["apple", "fig", "date"]
SOON = {"seconds": 0, "jitterPercent": 0}


def of_items(story: Story, kind: str, run: str) -> list[Any]:
    """Return the runs or the questions of a run's items, by index."""
    children = story.of_run(kind, run)
    return sorted(children, key=lambda each: int(each["metadata"]["labels"]["headrace.dev/index"]))


def test_each_item_has_a_run_a_wait_and_a_question(story: Story) -> None:
    """One of three runs fails twice and is tolerated; people answer about each of two items."""
    word = [{"name": "WORD", "value": "${{ params.word }}"}]
    story.workflow(
        "inner",
        task("say", SAYS, env=word),
        params=[{"name": "word"}],
        outputs=[{"name": "said", "expression": "tasks.say.outputs.word + '!'"}],
        suspend=True,
    )
    passed = [{"name": "word", "value": "${{ item }}"}]
    each = {"items": FRUIT, "maxParallel": 2, "toleratedFailures": 1}
    story.workflow(
        "outer",
        {
            "name": "call",
            "forEach": each,
            "workflow": {"name": "inner", "params": passed},
            "retry": {"limit": 1, "backoff": SOON},
        },
        {
            "name": "rest",
            "forEach": {"range": {"count": 4}, "maxParallel": 2},
            "wait": {"seconds": 2},
        },
        {
            "name": "ask",
            "dependsOn": ["call", "rest"],
            "forEach": {"from": "tasks.call.outputs.items.filter(each, each != null)"},
            "approval": {"message": "Eat ${{ item.said }}"},
        },
    )

    asked = story.until(
        "people are asked", lambda: of_items(story, "approval", "outer-once")[1:] and True
    )
    assert asked
    questions = of_items(story, "approval", "outer-once")
    assert ["Eat apple!", "Eat date!"] == [each["spec"]["message"] for each in questions]
    for question in questions:
        name = question["metadata"]["name"]
        story.patch("approval", name, {"spec": {"answer": {"choice": "approve"}}})
    run = story.ended("outer-once")

    assert "True" == condition(run)["status"], run
    called = story.get("taskrun", "outer-once.call")["status"]
    assert [{"said": "apple!"}, None, {"said": "date!"}] == called["outputs"]["items"]
    assert ("0,2", "1", "3/3") == tuple(
        called["items"].get(name) for name in ("succeeded", "failed", "progress")
    )
    runs = of_items(story, "workflowrun", "outer-once")
    indexes = [each["metadata"]["labels"]["headrace.dev/index"] for each in runs]
    assert ["0", "1", "1", "2"] == indexes
    waited = story.get("taskrun", "outer-once.rest")
    assert 4 == len(waited["spec"]["items"]["waits"])
    assert "0-3" == waited["status"]["items"]["succeeded"]
    answers = story.get("taskrun", "outer-once.ask")["status"]["outputs"]["items"]
    assert ["approve", "approve"] == [each["choice"] for each in answers]
