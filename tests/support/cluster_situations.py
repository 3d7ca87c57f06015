"""Situations in which the world of a real cluster has something to show: see `situations`."""

import json
from collections.abc import Collection
from typing import Any, Final

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.run.observed import ObservedRun, RunKey, RunKind
from headrace.engine.task.observed import SeenItems, Sighting, Stage
from support.builders import asking, calls, last, on, param, pause, retries, spec, start, task
from support.cluster_world import ClusterRig, fields

GROWS: Final = on(3, then="Retry", memory_factor_percent=200)
LIMITED: Final = Resources(requests={"cpu": "1m", "memory": "8Mi"}, limits={"memory": "32Mi"})
VARIABLE: Final = EnvVar(name="X", value="${{ tasks.a.outputs.rows }}")
TASKS: Final = (
    task("a", retry=retries(2, GROWS, seconds=0), **fields(resources=LIMITED)),
    task("b", "a", **fields()),
    task("evicted", **fields()),
    task("stuck", node_selector={"headrace.dev/nowhere": "here"}, **fields()),
    task("denied", service_account_name="default", **fields()),
    task("busy", service_account_name="nobody", **fields()),
    task("patient", retry=retries(1, seconds=3600), **fields()),
    task("alert", "a", rule="OneFailed", **fields()),
    task("skipped", "a", when="tasks.a.outputs.rows > 1", **fields()),
    task("wrong", "a", when="tasks.a.outputs.none", allow_failure=True, **fields()),
    task("given", "a", env=(VARIABLE,), **fields()),
    pause("pause", "a", until="run.logicalTime + duration('240000h')"),
    asking("ask", message="Go on with ${{ run.name }}?", timeout_seconds=3600),
    last("tidy", **fields()),
)
SPEC: Final = spec(*TASKS, params=(param("day"),), concurrency={"policy": "Queue"})
STOP: Final = json.dumps({"spec": {"desiredState": "Stop"}})
ASKED: Final[dict[str, Any]] = {
    "params": [{"name": "day", "value": "monday"}],
    "logicalTime": "2030-01-01T12:00:00Z",
    "trigger": "Schedule",
    "interval": {"start": "2030-01-01T11:00:00Z", "end": "2030-01-01T12:00:00Z"},
}


async def a_life(rig: ClusterRig) -> None:
    """Let all that can happen to a run happen to one."""
    await rig.begin(SPEC, **ASKED)
    await look(rig)  # Expressions are asked for,
    await look(rig)  # then judged.
    await rig.until(lambda run: shown(run, "stuck").waiting is Reason.UNSCHEDULABLE)
    await answer(rig)
    await evict(rig)
    await fail_and_succeed(rig)
    await two_attempts(rig)
    await delete_pod(rig)
    await end(rig)
    await others(rig)


async def items(rig: ClusterRig) -> None:
    """Let items fail, get more memory, run again and end well."""
    rule = retries(2, GROWS, on(5, then="Fail"), seconds=0)
    listed = ForEach(from_="params.list.split(',')")
    each = task("each", for_each=listed, retry=rule, **fields(resources=LIMITED))
    await rig.begin(spec(each, params=(param("list", default="w,x,y"),)))
    await look(rig)  # Expressions are asked for,
    await look(rig)  # then judged.
    rig.end_item("each", 0, 3)
    rig.end_item("each", 1, 5)
    await rig.until(lambda run: len(ended_items(run)) == 2)
    await look(rig)
    rig.end_item("each", 2, output='{"n": 1}')
    await rig.until_ended("each")
    await look(rig)
    await look(rig)
    rig.end_item("each", 0, number=2, output='{"n": 2}')
    await rig.until_ended("each")
    await look(rig)
    await rig.observed()


async def items_without_programs(rig: ClusterRig) -> None:
    """Wait, ask and call for items, with values of their own; one run's name is somebody else's."""
    word, two = {"word": "${{ item }}"}, ForEach(from_="['w', 'x']")
    await rig.begin(
        spec(
            pause("wait", for_each=two, seconds=1),
            asking("ask", for_each=two, message="${{ item }}?", timeout_seconds=3600),
            calls("call", of="inner", for_each=two, params=word),
            calls("refused", of="inner", for_each=ForEach(items=("x",)), params=word),
        )
    )
    inner = spec(task("a", **fields()), params=(param("word"),))
    body = inner.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    await rig.create(WORKFLOWS, "inner", {**body, "suspend": True})
    await rig.create(WORKFLOW_RUNS, rig.child("refused", 0), {"workflow": "inner"})
    for _ in range(3):  # Expressions are asked for, then judged, then the refusal is.
        await look(rig)
    rig.answer_item("ask", 0, "approve")
    await rig.until(lambda run: len(seen_items(run, "ask").ended) == 1)
    await look(rig)
    rig.kubectl("patch", "workflowrun", rig.key.name, "--type=merge", "--patch", STOP)
    await rig.until(lambda run: run.desired is DesiredState.STOP)
    await look(rig)
    await rig.until(lambda run: bool(seen_items(run, "call").passed))


async def called(rig: ClusterRig) -> None:
    """Let a run be part of another one of its workflow."""
    await rig.begin(spec(calls("call", of="mid"), concurrency={"policy": "Queue"}))
    back = spec(calls("back", of="etl")).model_dump(mode="json", by_alias=True, exclude_unset=True)
    await rig.create(WORKFLOWS, "mid", back)
    for _ in range(3):
        for key in rig.runs():
            await rig.until_known(key)
            await rig.look(key)
            await rig.until_known(key)


async def look(rig: ClusterRig) -> None:
    """Let the engine look; what was shown before it and is shown after it is noted."""
    await rig.observed()
    await rig.look()
    await rig.observed()


async def answer(rig: ClusterRig) -> None:
    """Let somebody choose what fails a task."""
    rig.answer("ask", "reject", comment="not today")
    await rig.until(lambda run: shown(run, "ask").ending is not None)
    await look(rig)


async def evict(rig: ClusterRig) -> None:
    """Hold a Job and let it go, then evict its pod: another takes its place."""
    for held in (True, False):
        body = json.dumps({"spec": {"suspend": held}})
        rig.kubectl("patch", "job", rig.job("evicted"), "--type=merge", "--patch", body)
        await rig.until(lambda run: (shown(run, "evicted").waiting is Reason.SUSPENDED) is held)  # noqa: B023 - used at once
    await rig.until(lambda run: shown(run, "evicted").stage is Stage.RUNNING)
    await look(rig)
    before = pod(await rig.observed())
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": before, "namespace": rig.key.namespace},
        "deleteOptions": {"gracePeriodSeconds": 3},
    }
    path = f"/api/v1/namespaces/{rig.key.namespace}/pods/{before}/eviction"
    rig.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))
    await rig.until(lambda run: bool(shown(run, "evicted").lost))
    await rig.until(lambda run: pod(run) not in ("", before))
    await look(rig)


async def fail_and_succeed(rig: ClusterRig) -> None:
    """Let an attempt fail, another lose its Job, and a third succeed."""
    rig.end("a", 3)
    rig.end("patient", 1)
    await rig.until_ended("a", "patient")
    await look(rig)
    rig.kubectl("delete", "job", rig.job("a", 2), "--wait=false")
    await rig.until(lambda run: shown(run, "a").leaving)
    await rig.until_ended("a")
    await look(rig)
    rig.end("a", number=3, output='{"rows": 1}')
    await rig.until_ended("a")
    await look(rig)  # Expressions are asked for,
    await look(rig)  # then judged,
    await rig.observed()  # and on record.


async def two_attempts(rig: ClusterRig) -> None:
    """Ask for a next attempt while the one before it runs. Worlds do as they are asked."""
    run = await rig.observed()
    assert run.definition is not None
    place = {"namespace": rig.key.namespace, "run": rig.key.name, "run_uid": run.uid}
    await rig.world.apply(rig.key, [start(run.definition.tasks["b"], 2, **place)])
    await rig.until(lambda run: bool(run.tasks["b"].lingering))


async def delete_pod(rig: ClusterRig) -> None:
    """Delete a running pod as a person does: its Job makes no other, and the attempt has failed."""
    await rig.until(lambda run: shown(run, "b").stage is Stage.RUNNING)
    selector = f"batch.kubernetes.io/job-name={rig.job('b', 2)}"
    rig.kubectl("delete", "pod", "--selector", selector, "--grace-period=1", "--wait=false")
    await rig.until(lambda run: ending_reason(run, "b") is Reason.POD_DELETED)


async def end(rig: ClusterRig) -> None:
    """Delete a TaskRun whose pod takes its time, stop the run, and end it."""
    rig.kubectl("delete", "taskrun", f"{rig.key.name}.evicted", "--wait=false")
    await rig.until(lambda run: "evicted" in run.departing)
    for desired in ("Stop", "Cancel", "Terminate"):
        body = json.dumps({"spec": {"desiredState": desired}})
        rig.kubectl("patch", "workflowrun", rig.key.name, "--type=merge", "--patch", body)
        await rig.until(lambda run: run.desired.value == desired)  # noqa: B023 - used at once
        await look(rig)
    waiting = RunKey(rig.key.namespace, "second")
    await rig.create(WORKFLOW_RUNS, waiting.name, {"workflow": "etl"})
    await rig.until_known(waiting)
    await rig.until(lambda run: not any(each.still_there for each in run.tasks.values()))
    await rig.until(lambda run: not run.departing)
    await look(rig)


async def others(rig: ClusterRig) -> None:
    """Lose the definition; see a run without workflow, and a task on its own."""
    rig.kubectl("delete", "controllerrevisions", "--all")
    rig.restart()
    await rig.observed()
    await rig.create(WORKFLOW_RUNS, "homeless", {"workflow": "nowhere"})
    await rig.create(TASK_RUNS, "hello", {"image": "busybox"})
    for key in (
        RunKey(rig.key.namespace, "homeless"),
        RunKey(rig.key.namespace, "hello", RunKind.TASK_RUN),
    ):
        await rig.until_known(key)


def shown(run: ObservedRun, name: str) -> Sighting:
    """Return what is shown of a task's newest attempt, or an attempt of which nothing is known."""
    seen = run.tasks.get(name)
    return (seen.sighting if seen is not None else None) or Sighting(0, Stage.STARTING)


def seen_items(run: ObservedRun, name: str) -> SeenItems:
    """Return what is shown of the items of a task's newest attempt."""
    return shown(run, name).items or SeenItems(0)


def ended_items(run: ObservedRun) -> Collection[int]:
    """Return which items of the newest attempt have ended."""
    return seen_items(run, "each").ended.keys()


def ending_reason(run: ObservedRun, name: str) -> Reason | None:
    """Return why a task's newest attempt ended, if its program did not end by itself."""
    ending = shown(run, name).ending
    return None if ending is None else ending.reason


def pod(run: ObservedRun) -> str:
    """Return the name of the pod that is to be evicted, or was."""
    instance = shown(run, "evicted").where.instance
    return "" if instance is None else instance.name


SITUATIONS: Final = (items, items_without_programs, called, a_life)
