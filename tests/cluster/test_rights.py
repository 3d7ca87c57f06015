"""A right that is missing is told on the object that needs it, by verb and resource."""

import json
from pathlib import Path

import pytest

from cluster.control import Stage
from cluster.story import SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster

OWN = ["workflows", "workflowruns", "taskruns"]
RULES = (
    ("headrace.dev", OWN, ["get", "list", "watch", "create", "patch", "delete"]),
    ("headrace.dev", [f"{kind}/status" for kind in OWN], ["patch"]),
    ("batch", ["jobs"], ["get", "list", "watch", "create", "patch", "delete"]),
    ("", ["pods"], ["get", "list", "watch"]),
    ("", ["events"], ["list"]),
    ("", ["serviceaccounts"], ["get"]),
    ("events.k8s.io", ["events"], ["create"]),
    ("apps", ["controllerrevisions"], ["get", "list", "create", "delete"]),
    ("coordination.k8s.io", ["leases"], ["get", "create", "update"]),
)


def role(without: tuple[str, str] = ("", "")) -> dict[str, object]:
    """Return the controller's Role, without one verb on one resource."""
    verb, resource = without
    rules = [
        {
            "apiGroups": [group],
            "resources": [each],
            "verbs": [known for known in verbs if (known, each) != (verb, resource)],
        }
        for group, resources, verbs in RULES
        for each in resources
        if (verbs, each) != ([verb], resource)
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "controller"},
        "rules": rules,
    }


@pytest.fixture(scope="module")
def story(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return a namespace whose controller has these rights, as a ServiceAccount."""
    namespace = shared_stage.namespace()
    story = shared_stage.story(namespace)
    story.kubectl("create", "serviceaccount", "controller")
    story.apply(role())
    account = f"--serviceaccount={namespace}:controller"
    story.kubectl("create", "rolebinding", "controller", "--role=controller", account)
    token = story.kubectl("create", "token", "controller").strip()
    variables = shared_stage.cluster.variables()
    kubeconfig = tmp_path_factory.mktemp("rights") / "kubeconfig"
    _write_kubeconfig(kubeconfig, story, token)
    controller = shared_stage.controller(
        "limited", namespace, environ={**variables, "KUBECONFIG": str(kubeconfig)}
    )
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


def _write_kubeconfig(path: Path, story: Story, token: str) -> None:
    view = json.loads(story.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    user = {"name": "controller", "user": {"token": token}}
    context = {"cluster": view["clusters"][0]["name"], "user": "controller"}
    limited = {
        **view,
        "users": [user],
        "contexts": [{"name": "limited", "context": context}],
        "current-context": "limited",
    }
    path.write_text(json.dumps(limited))
    path.chmod(0o600)
