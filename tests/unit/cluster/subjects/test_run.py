"""What is written, over what, and how long that takes: `headrace.cluster.subjects.run`."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody, TaskTimeouts
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS
from headrace.engine.definition.work import Container
from headrace.engine.outcome import Outcome
from headrace.engine.run.decide import decide
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.actions import EndAttempt, RunContext, StartAttempt
from headrace.engine.task.observed import TaskLog
from headrace.kube.errors import ApiError, StaleError
from headrace.kube.resources import EVENTS, JOBS, NAMESPACES, SERVICE_ACCOUNTS, Ref
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.task_status import task_status
from support.builders import failed, log
from support.virtual_time import VirtualTimeLoop, now
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
RUN = RunKey("default", "x")
ALONE = RunKey("default", "t", RunKind.TASK_RUN)


async def run_of(rig: WorldRig, *tasks: str, **spec: Any) -> OwnObject:
    """Return a new run of these tasks."""
    await rig.workflow(*tasks)
    return await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w", **spec})


# --- what was decided upon --------------------------------------------------------------------


async def test_a_status_does_not_go_to_a_run_that_was_made_anew() -> None:
    """The turn was about another run of that name; the new one begins as if none had been."""
    rig = WorldRig()
    await run_of(rig, "a", desiredState="Cancel")
    seen = await rig.world.observe(RUN)
    assert seen is not None
    decision = decide(seen, rig.clock())
    assert decision.status is not None
    await rig.replace(WORKFLOW_RUNS, "x", {"workflow": "w"})

    with pytest.raises(StaleError):
        await rig.world.record(RUN, decision.status)

    assert {} == await rig.status(WORKFLOW_RUNS, "x")


async def test_a_run_that_was_made_anew_is_noticed_before_the_watch_tells() -> None:
    """The API server refuses the write, and the cache learns of the new one by that."""
    rig = WorldRig()
    await run_of(rig, "a")
    seen = await rig.world.observe(RUN)
    assert seen is not None
    await rig.client.delete(Ref(WORKFLOW_RUNS, "default", "x"))
    meta = {"name": "x", "namespace": "default"}
    body = {"metadata": meta, "spec": {"workflow": "w"}}
    new = await rig.client.create(WORKFLOW_RUNS, body, OwnObject)

    with pytest.raises(StaleError):
        await rig.world.record(RUN, replace(seen.log, message="of the old one"))

    assert {} == await rig.status(WORKFLOW_RUNS, "x")
    known = rig.caches.runs.get("default", "x")
    assert known is not None
    assert new.metadata.uid == known.metadata.uid


async def test_a_status_that_another_wrote_is_not_written_over() -> None:
    """A terminal outcome never changes, whoever wrote it and whenever the watch told it."""
    rig = WorldRig()
    await run_of(rig, "a")
    await rig.turn(RUN)
    seen = await rig.world.observe(RUN)
    assert seen is not None
    log = seen.tasks["a"].log
    done = replace(log, outcome=Outcome.SUCCEEDED, finished=rig.clock(), reason=Reason.SUCCEEDED)
    ref = Ref(TASK_RUNS, "default", "x.a")
    body = {"status": task_status(done, Past(rig.clock()))}
    rig.caches.task_runs.put(await rig.client.patch_status(ref, body, OwnObject))

    with pytest.raises(StaleError):
        await rig.world.log(RUN, {"a": replace(log, message="older")})

    assert "Succeeded" == (await rig.status(TASK_RUNS, "x.a"))["outcome"]


async def test_several_writes_of_a_turn_follow_one_another() -> None:
    """Our own write is no news: what comes after it is about the same object."""
    rig = WorldRig()
    await run_of(rig, "a")
    await rig.turn(RUN)
    seen = await rig.world.observe(RUN)
    assert seen is not None
    for message in ("one", "two"):
        await rig.world.log(RUN, {"a": replace(seen.tasks["a"].log, message=message)})
        await rig.world.record(RUN, replace(seen.log, message=message))


async def test_nothing_is_started_for_a_run_that_was_made_anew() -> None:
    """Its objects would belong to one that is gone, and keep their names from the new one."""
    rig = WorldRig()
    await run_of(rig, "a")
    seen = await rig.world.observe(RUN)
    assert seen is not None
    decision = decide(seen, rig.clock())
    await rig.replace(WORKFLOW_RUNS, "x", {"workflow": "w"})

    with pytest.raises(StaleError):
        await rig.world.apply(RUN, decision.actions)

    assert [] == list(rig.server.storage.all(TASK_RUNS))


async def test_the_attempt_that_is_ended_is_the_one_that_was_seen() -> None:
    """A TaskRun that has its name by now has an attempt of the same number."""
    rig = WorldRig()
    await run_of(rig, "a")
    await rig.turn(RUN)
    assert await rig.world.observe(RUN) is not None
    new = await rig.replace(TASK_RUNS, "x.a", {"run": "x", "task": "a"})
    meta = {
        "name": "other",
        "namespace": "default",
        "labels": {"headrace.dev/attempt": "1"},
        "ownerReferences": [{"kind": "TaskRun", "uid": new.metadata.uid, "controller": True}],
    }
    rig.caches.jobs.put(await rig.client.create(JOBS, {"metadata": meta}, rig.caches.jobs.into))

    await rig.world.apply(RUN, [EndAttempt("a", 1)])

    assert "other" in {job["metadata"]["name"] for job in rig.server.storage.all(JOBS)}


async def test_an_obstacle_of_one_is_none_of_another() -> None:
    """A TaskRun that is made anew under its name is tried as if none had been."""
    rig = WorldRig()
    account = {"metadata": {"name": "s", "namespace": "default"}}
    await rig.client.create(SERVICE_ACCOUNTS, account, OwnObject)
    spec = {"image": "busybox", "serviceAccountName": "s"}
    await rig.make(TASK_RUNS, "t", spec)
    for _ in range(2):
        await rig.turn(ALONE)
    assert "Failed" == (await rig.status(TASK_RUNS, "t"))["outcome"]
    opened = {"metadata": {"labels": {"headrace.dev/allow-workflows": "true"}}}
    await rig.client.patch(Ref(SERVICE_ACCOUNTS, "default", "s"), opened, OwnObject)
    await rig.replace(TASK_RUNS, "t", spec)

    for _ in range(2):
        await rig.turn(ALONE)

    assert "outcome" not in await rig.status(TASK_RUNS, "t")
    assert 1 == len(list(rig.server.storage.all(JOBS)))


async def test_a_task_on_its_own_with_more_params_than_a_program_can_be_given_fails() -> None:
    """It says so, and no Job is made."""
    rig = WorldRig()
    params = [{"name": f"t{number}", "value": "x" * 30_000} for number in range(5)]
    await rig.make(TASK_RUNS, "t", {"image": "busybox", "params": params})

    for _ in range(2):
        await rig.turn(ALONE)

    status = await rig.status(TASK_RUNS, "t")
    told = next(each for each in status["conditions"] if each["type"] == "Succeeded")
    assert ("Failed", "InvalidParams") == (status["outcome"], told["reason"])
    assert "put long text into a file" in told["message"]
    assert [] == list(rig.server.storage.all(JOBS))


# --- how long it takes ------------------------------------------------------------------------


def starts(number: int) -> list[StartAttempt]:
    """Return the starts of so many tasks in the namespace `bad`."""
    body = TaskBody.model_validate({"image": "busybox"})
    context = RunContext("bad", "r", "uid", "w", "2030-01-01T00:00:00Z")
    return [
        StartAttempt(f"t{n}", 1, context, Container(body), TaskTimeouts()) for n in range(number)
    ]


async def with_a_bad_namespace() -> WorldRig:
    """Return a world with a namespace whose webhook lets no Job be made."""
    rig = WorldRig()
    await rig.client.create(NAMESPACES, {"metadata": {"name": "bad"}}, OwnObject)
    rig.faults.answer(
        500,
        times=float("inf"),
        where=lambda request: request.method == "POST" and "/bad/jobs" in request.target,
    )
    return rig


async def test_starts_that_fail_end_the_turn_soon() -> None:
    """After an error that may pass no other is begun: the queue tries again, each time later."""
    rig = await with_a_bad_namespace()
    began = now()

    with pytest.raises(ApiError, match="500"):
        await rig.world.apply(RunKey("bad", "r"), starts(400))

    assert now() - began < 5
    tries = [verb for verb in rig.seen if verb == ("create", 500)]
    assert 0 < len(tries) < 100


async def test_starts_that_hang_keep_no_other_run_waiting() -> None:
    """Each run has its own requests under way."""
    rig = await with_a_bad_namespace()
    await run_of(rig, "a")
    slow, real = asyncio.Event(), rig.client.create

    async def create(resource: Any, body: Any, *rest: Any, **more: Any) -> Any:
        if body["metadata"].get("namespace") == "bad":
            await slow.wait()
        return await real(resource, body, *rest, **more)

    rig.client.create = create  # type: ignore[method-assign] # a server that does not answer
    work = asyncio.create_task(rig.world.apply(RunKey("bad", "r"), starts(40)))
    await asyncio.sleep(1)
    began = now()

    await rig.turn(RUN)

    assert now() - began < 1
    assert not work.done()
    work.cancel()


async def test_a_log_of_a_task_that_nobody_saw_is_not_written() -> None:
    """Its TaskRun came after the look: what it says, this turn does not know."""
    rig = WorldRig()
    run = await run_of(rig, "a")
    assert await rig.world.observe(RUN) is not None
    owner = {"kind": "WorkflowRun", "uid": run.metadata.uid, "controller": True}
    meta = {"name": "x.a", "namespace": "default", "ownerReferences": [owner]}
    body = {"metadata": meta, "spec": {"run": "x", "task": "a"}}
    rig.caches.task_runs.put(await rig.client.create(TASK_RUNS, body, OwnObject))
    with pytest.raises(StaleError):
        await rig.world.log(RUN, {"a": TaskLog(started=rig.clock() - timedelta(minutes=1))})


# --- Events of tasks --------------------------------------------------------------------------


async def failed_attempt(rig: WorldRig) -> TaskLog:
    """Return the log of a task whose first attempt failed, and which has another."""
    await run_of(rig, "a")
    await rig.turn(RUN)
    assert await rig.world.observe(RUN) is not None
    return replace(log(failed()), reason=Reason.WAITING_FOR_RETRY)


async def test_a_failed_attempt_is_an_event_of_its_task_run() -> None:
    """Whoever describes a TaskRun sees what happened, and when."""
    rig = WorldRig()
    await rig.world.log(RUN, {"a": await failed_attempt(rig)})
    await asyncio.sleep(1)
    (event,) = rig.server.storage.all(EVENTS)
    regarding = event["regarding"]
    assert ("TaskRun", "x.a") == (regarding["kind"], regarding["name"])
    assert ("Warning", "NonZeroExit") == (event["type"], event["reason"])


async def test_no_turn_waits_for_the_events_of_its_tasks() -> None:
    """Events may be slow or refused: nothing of a run depends on them."""
    rig = WorldRig()
    failure = await failed_attempt(rig)
    rig.faults.answer(429, times=float("inf"), retry_after=30, where=lambda r: "events" in r.target)
    begin = now()
    await rig.world.log(RUN, {"a": failure})
    assert now() - begin < 1
    await asyncio.sleep(60)
    assert [] == list(rig.server.storage.all(EVENTS))
