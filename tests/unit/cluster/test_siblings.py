"""The other runs of a workflow, as a run in a cluster sees them: `headrace.cluster.siblings`."""

from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.run.observed import RunKey
from support.world_rig import WorldRig


async def test_runs_of_one_second_agree_who_comes_first() -> None:
    """Parts of a second in their logical times count for each of them, or for none."""
    rig = WorldRig()
    tasks = [{"name": "t", "image": "busybox"}]
    await rig.make(WORKFLOWS, "w", {"tasks": tasks, "concurrency": {"policy": "Queue"}})
    for name, part in (("a", 9), ("b", 1)):
        spec = {"workflow": "w", "logicalTime": f"2030-01-01T12:00:00.{part}Z"}
        await rig.make(WORKFLOW_RUNS, name, spec)
    rig.tell()
    begun = []
    for name in ("a", "b"):
        await rig.turn(RunKey("default", name))
        begun.append("startTime" in await rig.status(WORKFLOW_RUNS, name))
    assert [False, True] == begun
