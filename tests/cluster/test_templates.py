"""Tasks that use templates, on a real cluster: order of applying, parameters, secrets, versions."""

from typing import Any

import pytest

from cluster.story import IMAGE, Story, condition, shell

pytestmark = pytest.mark.cluster

CANARY = "c4n4ry-0f-th3-t3mpl4t3s"
SAYS = shell(
    'test "$(cat $WITH_token_FILE)" = "$EXPECTED_OF_SECRET" || exit 3;'
    ' printf \'{"said": "%s %s"}\' "$WITH_word" "$WITH_times" > $HEADRACE_OUTPUTS'
)
TEMPLATE: dict[str, Any] = {
    "image": IMAGE,
    "command": SAYS,
    "env": [{"name": "EXPECTED_OF_SECRET", "value": "hello"}],
    "params": [
        {"name": "word", "required": True},
        {"name": "times", "type": "Integer", "default": 2},
        {"name": "token", "type": "Secret"},
    ],
    "outputs": [{"name": "said"}],
    "retry": {"limit": 2, "rules": [{"exitCodes": [2, 3], "action": "Fail"}]},
}


def template(name: str, **more: Any) -> dict[str, Any]:
    """Return a TaskTemplate."""
    return {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "TaskTemplate",
        "metadata": {"name": name},
        "spec": {**TEMPLATE, **more},
    }


def secret(name: str, value: str) -> dict[str, Any]:
    """Return a Secret with a token."""
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"t": value}}


def using(uses: str, token: str, **given: Any) -> dict[str, Any]:
    """Return a task with a template."""
    key = {"secretRef": {"name": token, "key": "t"}}
    return {"name": "say", "uses": uses, "with": {"token": key, **given}}


def told(story: Story, workflow: str, reason: str) -> str:
    """Return what a workflow says as soon as it is not ready for a reason."""

    def look() -> str:
        conditions = story.get("workflow", workflow).get("status", {}).get("conditions", [])
        ready = [each for each in conditions if (each["type"], each["reason"]) == ("Ready", reason)]
        return str(ready[0]["message"]) if ready else ""

    return str(story.until(f"{workflow} is {reason}", look))


def test_a_workflow_is_applied_before_its_template(story: Story) -> None:
    """It waits and says for what; when the template comes, it runs, and nobody touches it."""
    story.apply(secret("first", "hello"))
    say = using("say@v1", "first", word="day ${{ run.name }}")
    after = {"name": "after", "dependsOn": ["say"], "command": ["true"]}
    after |= {"when": "tasks.say.outputs.said == 'day waits-once 2'"}
    story.workflow("waits", say, after)
    assert "create the TaskTemplate 'say.v1'" in told(story, "waits", "TemplateNotReady")
    story.apply(template("say.v1"))
    run = story.ended("waits-once")
    assert "True" == condition(run)["status"]
    assert {"say": "Succeeded", "after": "Succeeded"} == story.outcomes("waits-once")
    assert "True" == condition(story.get("workflow", "waits"), "Ready")["status"]


def test_a_secret_is_in_no_object(story: Story) -> None:
    """A value that is searched for in all that Headrace and Kubernetes write down."""
    story.apply(secret("canary", CANARY), template("quiet.v1", env=[]))
    story.workflow("quiet", using("quiet@v1", "canary", word="a"))
    run = story.ended("quiet-once")
    assert "False" == condition(run)["status"]  # the program ends with 3: it has no such secret
    assert 1 == len(story.get("taskrun", "quiet-once.say")["status"]["attempts"])
    kinds = "workflow,workflowrun,taskrun,controllerrevision,job,pod,event"
    everything = story.kubectl("get", kinds, "--output", "yaml")
    assert "quiet-once" in everything
    assert CANARY not in everything


def test_a_wrong_value_is_told_on_the_workflow(story: Story) -> None:
    """With the field and the cure, and nothing runs."""
    story.apply(template("typed.v1"))
    story.workflow("typed", using("typed@v1", "first", word="a", times="3"))
    message = told(story, "typed", "InvalidDefinition")
    assert 'spec.tasks[0].with.times: must be of type Integer, not "3"' == message
    assert not story.of_run("job", "typed-once")
