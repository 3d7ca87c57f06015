"""
The world of this machine, with programs that do what a test says.

Each program waits for one line in a fifo of its own, and ends as that line says; nothing polls,
and nothing depends on how fast a machine is.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.engine.definition.work import FanOut
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.observed import Sighting
from headrace.evaluation.evaluator import NoAnswerError
from headrace.local import runs
from headrace.local.folder import AttemptFiles, StateFolder
from headrace.local.launcher import ProcessLauncher
from headrace.local.questions import Questions
from headrace.local.records import StoredAnswer
from headrace.local.store import Store
from headrace.local.workplace import Workplace
from headrace.local.world import LocalWorld
from headrace.loop.runs import reconcile
from support.evaluation import evaluate_here

_SCRIPT: Final = """
read code output < "$HEADRACE_TASK-$HEADRACE_ATTEMPT${HEADRACE_INDEX:+-$HEADRACE_INDEX}.fifo"
printf %s "$output" > "$HEADRACE_OUTPUTS"
exit "$code"
"""
PROGRAM: Final = ("sh", "-c", _SCRIPT)
"""Ends with the exit code, and the outputs, that it reads from its fifo."""

ATTEMPTS: Final = 5
"""How many attempts of each task have a fifo."""
ITEMS: Final = 3
"""How many items have one if an expression names them."""


class LocalRig:
    """One run on this machine, and the hand that lets its programs end."""

    world: LocalWorld
    trouble: str | None = None
    """Why nothing can be evaluated now."""

    def __init__(
        self,
        folder: Path,
        spec: WorkflowSpec,
        slots: int | None = None,
        *,
        no_wait: bool = False,
        **asked: Any,
    ) -> None:
        """Make a run; `asked` are further fields of its request."""
        home = folder / "pipelines"
        home.mkdir()
        self._home = home
        self._definition = compile_workflow(spec)
        inner = [
            WorkflowSpec.model_validate_json(each) for each in asked.get("called", {}).values()
        ]
        counts = {task.name: 0 for each in inner for task in (*each.tasks, *each.finally_)}
        for name, defined in self._definition.tasks.items():
            work = defined.work
            counts[name] = (work.total or ITEMS) if isinstance(work, FanOut) else 0
        for name, items in counts.items():
            for number in range(1, ATTEMPTS + 1):
                os.mkfifo(home / f"{name}-{number}.fifo")
                for index in range(items):
                    os.mkfifo(home / f"{name}-{number}-{index}.fifo")
        self._folder = StateFolder(folder / "state")
        runs.prepare(self._folder)
        self._store = Store(self._folder.database)
        self._slots = slots
        request = runs.Request("default", "etl", spec.model_dump_json(by_alias=True), home, **asked)
        self.key = runs.create(self._folder, self._store, request, _now()).key
        self.restart(no_wait=no_wait)

    def restart(self, *, no_wait: bool = False) -> None:
        """Let another runner take over, as after a kill of the one before."""
        self._store.close()
        self._store = Store(self._folder.database)
        launcher = ProcessLauncher(Path(sys.executable), self._home, os.environ)
        workplace = Workplace(
            *(self._folder, self._store, launcher, self._evaluate, self._slots), no_wait
        )
        self.world = LocalWorld(self._store.run(self.key.name), self._definition, workplace)

    def repeat(self) -> None:
        """Let somebody repeat the run, and go on with the new one."""
        record = self._store.run(self.key.name)
        time = record.logical_time or record.created
        self.again(logical_time=time, rerun_of=RerunOf(name=self.key.name))

    def again(self, **asked: Any) -> None:
        """Let somebody start another run of the workflow, and go on with that."""
        record = self._store.run(self.key.name)
        request = runs.Request(
            *(record.key.namespace, record.workflow, record.spec, self._home, record.params),
            **asked,
        )
        self.key = runs.create(self._folder, self._store, request, _now()).key
        self.restart()

    def files(self, task: str, number: int = 1) -> AttemptFiles:
        """Return the files of an attempt."""
        return self._folder.attempt(self.key.name, task, number)

    def end(self, task: str, code: int = 0, number: int = 1, output: str = "") -> None:
        """Let a program end. It has not ended yet when this returns."""
        (self._home / f"{task}-{number}.fifo").write_text(f"{code} {output}\n")

    def answer(self, task: str, choice: str, by: str = "alice", comment: str = "") -> None:
        """Let somebody answer a question, if it is open."""
        asked = Questions(self.world.calls.worlds, self.world.calls.changed.set)
        for question in asked.questions():
            if question.task == task:
                asked.answer(question, StoredAnswer(choice, _now(), by, comment))

    def answer_item(self, task: str, index: int, choice: str) -> None:
        """Let somebody answer the question about an item in the first attempt."""
        asked = Questions(self.world.calls.worlds, self.world.calls.changed.set)
        for question in asked.questions():
            if (question.task, question.item) == (task, index):
                asked.answer(question, StoredAnswer(choice, _now(), "alice", ""))

    def end_item(
        self, task: str, index: int, code: int = 0, number: int = 1, output: str = ""
    ) -> None:
        """Let the program of an item end. It has not ended yet when this returns."""
        (self._home / f"{task}-{number}-{index}.fifo").write_text(f"{code} {output}\n")

    async def until_items_ended(self, task: str, count: int) -> None:
        """Wait until the world shows that so many items of the newest attempt have ended."""
        while count > ended_items((await self._of((task,)))[0]):
            await self.world.change(None)

    async def look(self, later: timedelta = timedelta()) -> datetime | None:
        """Let the engine look once, as if it were later."""
        return await reconcile(self.key, self.world, _now() + later)

    async def turn(self) -> datetime | None:
        """Let the engine look once at each run."""
        return await self.world.calls.turn(_now())

    @property
    def worlds(self) -> Sequence[Any]:
        """The worlds of all runs: of the one that was asked for, and of those that it called."""
        return self.world.calls.worlds

    async def observed(self) -> ObservedRun:
        """Return what the world shows."""
        run = await self.world.observe(self.key)
        assert run is not None
        return run

    async def sightings(self) -> Mapping[str, Sighting | None]:
        """Return the newest attempt of each task that was started."""
        return {name: task.sighting for name, task in (await self.observed()).tasks.items()}

    async def until_ended(self, *tasks: str) -> None:
        """Wait until the world shows that the newest attempts of these tasks have ended."""
        while any(each is None or each.alive for each in await self._of(tasks)):
            await self.world.change(None)

    async def close(self) -> None:
        """End everything."""
        await self.world.clear()
        self._store.close()

    async def _evaluate(self, asked: Sequence[Question]) -> Sequence[Value | Failure]:
        if self.trouble is not None:
            raise NoAnswerError(self.trouble)
        return await evaluate_here(asked)

    async def _of(self, tasks: tuple[str, ...]) -> list[Sighting | None]:
        shown = await self.sightings()
        return [shown.get(task) for task in tasks]


def ended_items(sighting: Sighting | None) -> int:
    """Return how many items of an attempt have ended."""
    assert sighting is not None
    assert sighting.items is not None
    return len(sighting.items.ended)


def fields(**more: Any) -> dict[str, Any]:
    """Return what a task of a rig has besides its name."""
    return {"command": PROGRAM, **more}


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - real processes have real times
