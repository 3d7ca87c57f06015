"""
What a person does and sees on the cluster: apply, wait, `kubectl get`.

Knows kubectl and the resources. Knows nothing of how the controller works.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from cluster.fixtures import Program

Manifest = dict[str, Any]
PATIENCE = 120.0
"""Seconds after which a test gives up waiting. Never asserted, only a guard against hanging."""

SHELL = "busybox:1.37"
SUCCEED = ["true"]
FAIL = ["false"]


def task(name: str, command: list[str], **fields: Any) -> Manifest:
    """Return a task that runs a command."""
    return {"name": name, "command": command, **fields}


def shell(script: str) -> list[str]:
    """Return the command that runs a script."""
    return ["sh", "-c", script]


class Story:
    """One namespace, as a person sees it."""

    def __init__(self, namespace: str, kubectl: Program) -> None:
        self.namespace = namespace
        self._kubectl = kubectl

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace."""
        return self._kubectl(*words, "--namespace", self.namespace, stdin=stdin)

    def apply(self, *manifests: Manifest) -> None:
        """Apply manifests."""
        documents = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(documents))

    def workflow(self, name: str, *tasks: Manifest, **spec: Any) -> None:
        """Apply a workflow of these tasks on a small image. Without triggers it runs once."""
        defaults = {"image": SHELL, **spec.pop("defaults", {})}
        self.apply(
            {
                "apiVersion": "headrace.dev/v1alpha1",
                "kind": "Workflow",
                "metadata": {"name": name},
                "spec": {"defaults": defaults, "tasks": list(tasks), **spec},
            }
        )

    def start(self, workflow: str, run: str, **spec: Any) -> None:
        """Create a run by hand."""
        manifest = {
            "apiVersion": "headrace.dev/v1alpha1",
            "kind": "WorkflowRun",
            "metadata": {"name": run},
            "spec": {"workflow": workflow, **spec},
        }
        self.kubectl("create", "-f", "-", stdin=json.dumps(manifest))

    def steer(self, run: str, state: str) -> None:
        """Set what is wanted of a run."""
        patch = json.dumps({"spec": {"desiredState": state}})
        self.kubectl("patch", "workflowrun", run, "--type=merge", "--patch", patch)

    def get(self, kind: str, name: str) -> Manifest:
        """Return an object; an empty one if it does not exist."""
        text = self.kubectl("get", kind, name, "-o", "json", "--ignore-not-found")
        return dict(json.loads(text)) if text.strip() else {}

    def all(self, kind: str, selector: str = "") -> list[Manifest]:
        """Return all objects of a kind."""
        words = ["get", kind, "-o", "json", *(["--selector", selector] if selector else [])]
        return list(json.loads(self.kubectl(*words))["items"])

    def table(self, kind: str) -> str:
        """Return what `kubectl get -o wide` prints."""
        return self.kubectl("get", kind, "-o", "wide")

    def until(self, what: str, look: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Look again and again until there is something to see."""
        deadline = time.monotonic() + patience
        while True:
            seen = look()
            if seen:
                return seen
            if time.monotonic() > deadline:
                told = "\n".join(
                    self.table(kind) for kind in ("workflows", "workflowruns", "taskruns")
                )
                raise AssertionError(f"never seen: {what}\n{told}")
            time.sleep(0.2)

    def ended(self, run: str, patience: float = PATIENCE) -> Manifest:
        """Wait for the end of a run and return it."""

        def look() -> Manifest:
            seen = self.get("workflowrun", run)
            return seen if seen.get("status", {}).get("completionTime") else {}

        return dict(self.until(f"the end of {run}", look, patience))

    def task_ended(self, name: str) -> Manifest:
        """Wait for the end of a TaskRun and return it."""

        def look() -> Manifest:
            seen = self.get("taskrun", name)
            return seen if seen.get("status", {}).get("outcome") else {}

        return dict(self.until(f"the end of {name}", look))

    def waits(self, name: str, reason: str) -> Manifest:
        """Wait until a TaskRun says that it waits for this reason, and return it."""

        def look() -> Manifest:
            seen = self.get("taskrun", name)
            return seen if condition(seen).get("reason") == reason else {}

        return dict(self.until(f"{name} with reason {reason}", look))

    def outcomes(self, run: str) -> dict[str, str]:
        """Return each started task's outcome."""
        return {
            each["spec"]["task"]: each.get("status", {}).get("outcome", "")
            for each in self.all("taskruns", f"headrace.dev/run={run}")
        }


def condition(item: Mapping[str, Any], kind: str = "Succeeded") -> Manifest:
    """Return a condition of an object; an empty one if it has none."""
    for each in item.get("status", {}).get("conditions", ()):
        if each["type"] == kind:
            return dict(each)
    return {}
