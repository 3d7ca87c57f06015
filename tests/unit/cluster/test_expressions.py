"""Values of expressions in a cluster: `headrace.cluster.expressions`."""

import asyncio
from collections.abc import Sequence

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.engine.run.observed import RunKey
from headrace.evaluation.evaluator import NoAnswerError
from headrace.kube.resources import JOBS
from support.evaluation import evaluate_here
from support.world_rig import WorldRig

RUN = RunKey("default", "x")


async def with_values(rig: WorldRig) -> None:
    """Make a run of one task with a variable that an expression gives."""
    variable = {"name": "X", "value": "${{ run.name }}"}
    tasks = [{"name": "a", "image": "busybox", "env": [variable]}]
    await rig.make(WORKFLOWS, "w", {"tasks": tasks})
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})


async def variables(rig: WorldRig) -> dict[str, str]:
    """Return the variables in the spec of the TaskRun."""
    (item,) = rig.server.storage.all(TASK_RUNS)
    return {each["name"]: each["value"] for each in item["spec"]["env"]}


async def test_values_stand_in_the_spec_of_a_task_run() -> None:
    """Who looks at it sees what the program got. The turn after the answer starts the task."""
    rig = WorldRig()
    await with_values(rig)
    await rig.turn(RUN)
    assert [] == rig.server.storage.all(TASK_RUNS)
    assert [RUN] == rig.asked
    await rig.turn(RUN)
    assert {"X": "x"} == await variables(rig)


async def test_a_crash_between_task_run_and_job_keeps_the_values() -> None:
    """The next controller reads them; it does not evaluate."""
    rig = WorldRig()
    await with_values(rig)
    await rig.turn(RUN)
    await rig.turn(RUN)
    (job,) = rig.server.storage.all(JOBS)
    rig.server.storage.erase(JOBS, ("default", job["metadata"]["name"]))
    rig.restart()
    rig.tell()
    rig.evaluate = refused
    for _ in range(3):
        await rig.turn(RUN)
    (job,) = rig.server.storage.all(JOBS)
    env = job["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "X", "value": "x"} in env


async def refused(_: Sequence[Question]) -> Sequence[Value | Failure]:
    """Answer nothing."""
    raise AssertionError("the values are known")


async def test_a_machine_that_evaluates_nothing_is_asked_again() -> None:
    """The run says what it waits for; nothing fails."""
    rig = WorldRig()
    await with_values(rig)

    async def nothing(_: Sequence[Question]) -> Sequence[Value | Failure]:
        raise NoAnswerError("no process can be started")

    rig.evaluate = nothing
    await rig.turn(RUN)
    await rig.turn(RUN)
    seen = await rig.world.observe(RUN)
    assert seen is not None
    obstacle = seen.obstacles["a"]
    assert (Reason.EVALUATING, "no process can be started") == (obstacle.reason, obstacle.message)
    rig.evaluate = evaluate_here
    await asyncio.sleep(11)
    await rig.turn(RUN)
    await rig.turn(RUN)
    assert {"X": "x"} == await variables(rig)
