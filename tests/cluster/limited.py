"""
A controller that is a ServiceAccount with no more rights than it needs, in one namespace.

Knows the rights, and kubeconfigs. Knows no test.
"""

import json
from pathlib import Path

from cluster.control import Stage
from cluster.operator_process import ControllerProcess
from cluster.story import Story

ACCOUNT = "controller"
OWN = ["workflows", "workflowruns", "taskruns", "approvals", "pools", "backfills"]
RULES = (
    ("headrace.dev", OWN, ["get", "list", "watch", "create", "patch", "delete"]),
    ("headrace.dev", [f"{kind}/status" for kind in OWN], ["patch"]),
    ("headrace.dev", ["tasktemplates"], ["get", "list", "watch"]),
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
        "metadata": {"name": ACCOUNT},
        "rules": rules,
    }


def limited_controller(stage: Stage, namespace: str, folder: Path) -> ControllerProcess:
    """Return a controller of a namespace with these rights; it does not run yet."""
    story = stage.story(namespace)
    story.kubectl("create", "serviceaccount", ACCOUNT)
    story.apply(role())
    account = f"--serviceaccount={namespace}:{ACCOUNT}"
    story.kubectl("create", "rolebinding", ACCOUNT, f"--role={ACCOUNT}", account)
    kubeconfig = folder / "kubeconfig"
    write_kubeconfig(kubeconfig, story, story.kubectl("create", "token", ACCOUNT).strip())
    variables = stage.cluster.variables()
    return stage.controller(
        "limited", namespace, environ={**variables, "KUBECONFIG": str(kubeconfig)}
    )


def write_kubeconfig(path: Path, story: Story, token: str) -> None:
    """Write a kubeconfig for whoever has a token."""
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
