"""The stage of stories in memory: a world that keeps the contract of worlds, and nothing else."""

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import Definition, single_task
from headrace.engine.run.observed import ObservedRun, RunKey, RunKind
from headrace.engine.task.actions import Action
from headrace.loop.runs import reconcile
from support.fake_cluster import FakeCluster, FakeRun, FakeTaskRun
from support.fake_world import FakeWorld

T = TypeVar("T")


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("the world in memory waited for something")


class MemoryStage:
    """A world in memory over a cluster in memory."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.restart()

    def close(self) -> None:
        """Leave nothing."""

    def add_run(self, definition: Definition | None, name: str, **fields: Any) -> FakeRun:
        """Let somebody create a run."""
        key = RunKey("default", name)
        run = FakeRun(key, f"uid-{name}", definition, self.cluster.now, **fields)
        run.told_desired = run.desired
        if definition is None and not fields.keys() & {"hindrance", "refusal"}:
            run.hindrance = (Reason.WORKFLOW_NOT_FOUND, "there is no Workflow 'etl' here")
        self.cluster.runs[key] = run
        return run

    def add_workflow(self, name: str, definition: Definition) -> None:
        """Let somebody create a workflow that tasks can call."""
        self.cluster.workflows[name] = definition

    def add_task_run(self, name: str) -> FakeRun:
        """Let somebody create a TaskRun on its own, and return it as a run."""
        key = RunKey("default", name, RunKind.TASK_RUN)
        definition = single_task(name, TaskBody(image="busybox"))
        run = FakeRun(key, f"uid-{name}", definition, self.cluster.now, workflow="")
        run.task_runs[name] = FakeTaskRun()
        self.cluster.runs[key] = run
        return run

    def observe(self, run: FakeRun) -> ObservedRun | None:
        """Return what the world shows of a run."""
        return at_once(self.world.observe(run.key))

    def look(self, run: FakeRun) -> datetime | None:
        """Give a run a turn; return when the controller wants to look again."""
        self.world.woken.discard(run.key)
        return at_once(reconcile(run.key, self.world, self.cluster.now))

    def apply(self, run: FakeRun, actions: Sequence[Action]) -> None:
        """Ask the world for actions that no turn has decided upon."""
        at_once(self.world.apply(run.key, actions))

    def held(self, pool: str) -> int:
        """Return how many slots of a pool are held, as the controller counts them."""
        return self.world.held(pool)

    def due(self, run: FakeRun) -> datetime | None:
        """Return when the world has asked for a look at a run, in its last turn."""
        return self.cluster.now if run.key in self.world.woken else None

    def restart(self) -> None:
        """End the controller's process and start another."""
        self.world = FakeWorld(self.cluster)

    def wait_until(self, moment: datetime) -> None:
        """Let time pass."""
        self.cluster.now = moment
