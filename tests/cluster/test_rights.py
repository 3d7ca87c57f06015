"""A right that is missing is told on the object that needs it, by verb and resource."""

import json

import pytest

from cluster.control import Stage
from cluster.limited import limited_controller, role
from cluster.story import SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def story(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return a namespace whose controller has these rights, as a ServiceAccount."""
    namespace = shared_stage.namespace()
    controller = limited_controller(shared_stage, namespace, tmp_path_factory.mktemp("rights"))
    controller.start()
    return shared_stage.story(namespace, controller)


def test_these_rights_are_enough(story: Story) -> None:
    """A run with outputs, a failure and a retry needs nothing else."""
    retry = {"limit": 1, "backoff": {"seconds": 0}}
    story.workflow(
        "modest",
        task("one", shell('[ "$HEADRACE_ATTEMPT" = 2 ]'), retry=retry),
        task("two", SUCCEED, dependsOn=["one"]),
        history={"jobSeconds": 0},
    )

    assert "True" == condition(story.ended("modest-once"))["status"]
    story.until("no Job", lambda: not story.of_run("job", "modest-once"))


@pytest.mark.parametrize(
    ("verb", "resource", "kind", "name"),
    [
        ("create", "jobs", "taskrun", "no-jobs-once.one"),
        ("create", "taskruns", "workflowrun", "no-taskruns-once"),
        ("patch", "taskruns/status", "workflowrun", "no-taskruns-status-once"),
        ("create", "workflowruns", "workflow", "no-workflowruns"),
    ],
)
def test_a_missing_right_is_named_where_it_is_missed(
    story: Story, verb: str, resource: str, kind: str, name: str
) -> None:
    """The condition says Forbidden, with verb and resource; with the right back, the run ends."""
    workflow = f"no-{resource.replace('/', '-')}"
    story.apply(role(without=(verb, resource)))
    story.workflow(workflow, task("one", shell("sleep 3")))

    def told() -> bool:
        text = json.dumps(story.get(kind, name).get("status", {}))
        return all(word in text for word in ("Forbidden", f"cannot {verb} resource", resource))

    story.until(f"Forbidden: {verb} {resource}", told)
    row = story.row(kind, name)
    story.apply(role())

    assert "Forbidden" in row
    assert "True" == condition(story.ended(f"{workflow}-once"))["status"]
