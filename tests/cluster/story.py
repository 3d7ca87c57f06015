"""
What a person does and sees on the cluster: apply, wait, `kubectl get`.

Knows kubectl and the resources. Knows nothing of how the controller works.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cluster.fixtures import Program
from cluster.looking import Looking, Manifest
from cluster.operator_process import ControllerProcess

PATIENCE = 120.0
"""Seconds after which a test gives up waiting. Never asserted, only a guard against hanging."""

IMAGE = "busybox:1.37"
SUCCEED = ["true"]
FAIL = ["false"]


def task(name: str, command: list[str], **fields: Any) -> Manifest:
    """Return a task that runs a command."""
    return {"name": name, "command": command, **fields}


def shell(script: str) -> list[str]:
    """Return the command that runs a script."""
    return ["sh", "-c", script]


def lasting(seconds: int = 600) -> list[str]:
    """Return a command that takes its time, and ends at once when it is asked to."""
    return shell(f"trap 'exit 143' TERM; sleep {seconds} & wait $!")


def first_lasts(leaving: int = 0) -> list[str]:
    """
    Return a command that succeeds at once, but takes its time in the first attempt.

    Args:
        leaving: How many seconds it takes to end when it is asked to.

    """
    lasts = f"trap 'sleep {leaving}; exit 143' TERM; sleep 600 & wait $!"
    return shell(f'if [ "$HEADRACE_ATTEMPT" = 1 ]; then {lasts}; fi')


class Story:
    """One namespace, as a person sees it."""

    def __init__(
        self,
        namespace: str,
        kubectl: Program,
        looking: Looking,
        controllers: Sequence[ControllerProcess] = (),
    ) -> None:
        """
        Look at a namespace.

        Args:
            namespace: Its name.
            kubectl: What a person uses.
            looking: What is used instead where the same is asked again and again.
            controllers: Those at work there: waiting ends when one has met the unforeseen.

        """
        self.namespace = namespace
        self._kubectl = kubectl
        self._looking = looking
        self._controllers = controllers

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace."""
        return self._kubectl(*words, "--namespace", self.namespace, stdin=stdin)

    def apply(self, *manifests: Manifest) -> None:
        """Apply manifests."""
        documents = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(documents))

    def workflow(self, name: str, *tasks: Manifest, **spec: Any) -> None:
        """Apply a workflow of these tasks on a small image. Without triggers it runs once."""
        self.apply(workflow(name, *tasks, **spec))

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
        self.patch("workflowrun", run, {"spec": {"desiredState": state}})

    def patch(self, kind: str, name: str, body: Manifest, *words: str) -> None:
        """Merge a patch into an object."""
        text = json.dumps(body)
        self.kubectl("patch", kind, name, "--type=merge", "--patch", text, *words)

    def put_back(self, workflow: str, hours: int) -> None:
        """Let a workflow believe that the last tick it dealt with was whole hours ago."""

        def on_record() -> Manifest:
            status = self.get("workflow", workflow).get("status", {})
            return status if "scheduleSince" in status else {}

        self.until("a schedule on record", on_record)
        then = hours_ago(hours, whole=True)
        told = {"status": {"lastTickTime": then, "scheduleSince": then}}
        self.patch("workflow", workflow, told, "--subresource=status")

    def delete(self, kind: str, name: str) -> None:
        """Delete an object and do not wait for its end."""
        self.kubectl("delete", kind, name, "--wait=false")

    def get(self, kind: str, name: str) -> Manifest:
        """Return an object; an empty one if it does not exist."""
        return self._looking.get(kind, self.namespace, name)

    def all(self, kind: str, selector: str = "") -> list[Manifest]:
        """Return all objects of a kind."""
        return self._looking.all(kind, self.namespace, selector)

    def of_run(self, kind: str, run: str, task: str = "") -> list[Manifest]:
        """Return the TaskRuns, Jobs or Pods of a run, or of one task of it."""
        one = f",headrace.dev/task={task}" if task else ""
        return self.all(kind, f"headrace.dev/run={run}{one}")

    def row(self, kind: str, name: str) -> str:
        """Return the line that `kubectl get -o wide` prints of an object."""
        return self.kubectl("get", kind, name, "-o", "wide", "--no-headers").strip()

    def until(self, what: str, look: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Look again and again until there is something to see."""
        deadline = time.monotonic() + patience
        while True:
            seen = look()
            if seen:
                return seen
            broken = next(filter(None, (each.unforeseen() for each in self._controllers)), "")
            if broken or time.monotonic() > deadline:
                raise AssertionError(f"never seen: {what}\n{self._told()}\n{broken}")
            time.sleep(0.1)

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

    def started(self, run: str, task: str) -> None:
        """Wait until a container of a task has started, however short it runs."""

        def look() -> bool:
            pods = self.of_run("pod", run, task)
            return any(pod["status"].get("phase", "Pending") != "Pending" for pod in pods)

        self.until(f"{task} of {run} started", look)

    def waits(self, name: str, reason: str, kind: str = "taskrun") -> Manifest:
        """Wait until a TaskRun or run says that it stands for this reason, and return it."""

        def look() -> Manifest:
            seen = self.get(kind, name)
            return seen if condition(seen).get("reason") == reason else {}

        return dict(self.until(f"{name} with reason {reason}", look))

    def gone(self, kind: str, name: str) -> None:
        """Wait until an object exists no more."""
        self.until(f"the end of {kind} {name}", lambda: not self.get(kind, name))

    def outcomes(self, run: str) -> dict[str, str]:
        """Return each started task's outcome."""
        return {
            each["spec"]["task"]: each.get("status", {}).get("outcome", "")
            for each in self.of_run("taskrun", run)
        }

    def running(self, run: str, task: str = "") -> list[Manifest]:
        """Return the pods of a run that have not ended."""
        pods = self.of_run("pod", run, task)
        return [pod for pod in pods if pod["status"]["phase"] in ("Pending", "Running")]

    def _told(self) -> str:
        kinds = ("workflows", "backfills", "workflowruns", "taskruns", "approvals", "jobs", "pods")
        tables = [self.kubectl("get", kind, "-o", "wide") for kind in kinds]
        words = [f"{each.identity}:\n{each.last_words()}" for each in self._controllers]
        return "\n".join([*tables, *words])


def workflow(name: str, *tasks: Manifest, **spec: Any) -> Manifest:
    """Return a Workflow of these tasks on a small image. `finally_` stands for `finally`."""
    defaults = {"image": IMAGE, **spec.pop("defaults", {})}
    last = {"finally": spec.pop("finally_")} if "finally_" in spec else {}
    return {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name},
        "spec": {"defaults": defaults, "tasks": list(tasks), **last, **spec},
    }


def hours_ago(hours: int, *, whole: bool = False) -> str:
    """Return when that was; `whole` takes the full hour before it."""
    now = datetime.now(UTC)  # noqa: TID251 - the cluster's clock is this machine's
    then = now - timedelta(hours=hours)
    return (then.replace(minute=0, second=0, microsecond=0) if whole else then).isoformat()


def condition(item: Mapping[str, Any], kind: str = "Succeeded") -> Manifest:
    """Return a condition of an object; an empty one if it has none."""
    for each in item.get("status", {}).get("conditions", ()):
        if each["type"] == kind:
            return dict(each)
    return {}


def attempts(item: Mapping[str, Any]) -> list[tuple[str, int | None]]:
    """Return reason and exit code of each attempt of a TaskRun."""
    return [(each["reason"], each.get("exitCode")) for each in item["status"]["attempts"]]
