"""
The runs that one process carries on beside each other: each is a task of the event loop.

Knows turns, slots and the order of waiting runs. The engine decides how a run goes on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.pool.observed import PoolKey
from headrace.engine.run.observed import RunKey, RunLog
from headrace.local.crowd import Crowd
from headrace.local.hearing import pass_on
from headrace.local.records import RunRecord
from headrace.local.runs import RunLockedError, locked
from headrace.local.site import Site
from headrace.local.workplace import Workplace
from headrace.local.world import LocalWorld
from headrace.loop.agenda import Agenda

MOST: Final = 100
"""How many runs are carried on at the same time. The others wait, the oldest first: a run that goes
on takes memory, and has files open."""

LOOK_AGAIN: Final = timedelta(seconds=30)
"""When a run that waits is looked at again, if nothing happens: the run that it waits for may be
another process's, which nobody hears ending."""

TRY_AGAIN: Final = timedelta(seconds=10)
"""When a run is tried again whose turn has failed."""

_WAITING: Final = frozenset({Reason.WAITING_FOR_TURN, Reason.PAUSED, Reason.PENDING})


class RunListener(Protocol):
    """Who hears of runs."""

    def run_began(self, run: RunRecord) -> None:
        """Hear that a run begins, or is taken over."""

    def run_waits(self, run: RunRecord, log: RunLog) -> None:
        """Hear that a run has to wait before it begins."""

    def run_ended(self, run: RunRecord, log: RunLog) -> None:
        """Hear that a run has ended."""

    def run_failed(self, run: str, error: Exception) -> None:
        """Hear that a turn of a run has failed, and is tried again."""

    def wanted(self, run: str, words: str) -> None:
        """Hear that somebody wants something of a run."""


class LiveRuns:
    """
    The runs of this process.

    Args:
        site: Where they run.
        crowd: The runs beside each other.
        listener: Who hears of them.
        workplace: The place of the runs, with the crowd as their neighbours.

    """

    def __init__(
        self,
        site: Site,
        crowd: Crowd,
        listener: RunListener,
        workplace: Workplace,
    ) -> None:
        self._site = site
        self._crowd = crowd
        self._listener = listener
        self._workplace = workplace
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._parked: dict[str, str] = {}
        """The workflow of each run that waits before it begins, in the order of their waits."""
        self._backlog: dict[str, str] = {}
        """The workflow of each run beyond `MOST`, the oldest first."""
        self._agenda = Agenda[str](lambda: site.clock().timestamp())
        self._opening = set[str]()
        """The runs of an earlier server that are not open yet."""
        self._all_open = asyncio.Event()
        self._all_open.set()
        self._leaving = False
        self._killing = False

    def resume(self, runs: Sequence[tuple[str, str]]) -> None:
        """
        Carry on what an earlier server has left, by workflow and name, the oldest first.

        What those runs hold of slots is known when all of them are open. No run has a turn before.
        """
        begun = [each for each in runs if self._site.store.run_log(each[1]).begun]
        self._opening = {run for _, run in begun}
        if begun:
            self._all_open.clear()
        for workflow, run in begun:
            self.carry(workflow, run)
        for workflow, run in runs:
            if run not in self._tasks:
                self.carry(workflow, run)

    def limit(self, pools: Mapping[PoolKey, int]) -> None:
        """Replace all pools by these, with their slots."""
        self._crowd.limit(pools)

    def carry(self, workflow: str, run: str) -> None:
        """Carry a run on, or let one that goes on look around."""
        if self._leaving:
            return
        if run in self._crowd.roots:
            self._tell(run, self._crowd.roots[run])
        elif run not in self._tasks and len(self._tasks) >= MOST:
            self._backlog[run] = workflow
        elif run not in self._tasks:
            self._backlog.pop(run, None)
            self._tasks[run] = asyncio.create_task(self._carry(workflow, run))

    def changed(self, workflow: str) -> None:
        """Let the first waiting run of a workflow look whether it may begin."""
        for run, own in self._parked.items():
            if own == workflow:
                self.carry(workflow, run)
                break
        self._crowd.changed(workflow)

    def hear(self) -> None:
        """Pass on what others have written about the runs."""
        for run, world in self._crowd.roots.items():
            self._tell(run, world)
        for run, workflow in tuple(self._parked.items()):
            self.carry(workflow, run)

    def look_again(self) -> None:
        """Look again at the waiting runs whose time has come, and at the pools."""
        self._crowd.look_at_pools()
        for run in self._agenda.pop_due():
            workflow = self._parked.get(run)
            if workflow is not None:
                self.carry(workflow, run)

    @property
    def going_on(self) -> int:
        """How many programs run."""
        return self._crowd.programs(())

    async def leave(self) -> None:
        """Let the current turns end. Programs go on, and the next process takes them over."""
        self._leaving = True
        for world in self._crowd.roots.values():
            world.calls.changed.set()
        while self._tasks:
            await asyncio.gather(*self._tasks.values())

    def kill(self) -> None:
        """Kill all programs. The next process sees that they were interrupted."""
        self._killing = True
        for world in self._crowd.roots.values():
            world.kill()

    def _tell(self, run: str, world: LocalWorld) -> None:
        """Pass on to a run what the store says of it."""
        pass_on(world, self._site.store, partial(self._listener.wanted, run))

    async def _carry(self, workflow: str, run: str) -> None:
        try:
            self._site.folder.run(run).mkdir(exist_ok=True)
            with locked(self._site.folder, run):
                await self._go(workflow, run)
        except RunLockedError:
            self._park(workflow, run, TRY_AGAIN)  # somebody has typed `headrace run --resume`
        except Exception as error:  # noqa: BLE001 - one run must not end the others
            self._listener.run_failed(run, error)
            self._park(workflow, run, TRY_AGAIN)
        finally:
            del self._tasks[run]
            self._opened(run)
            self._crowd.close(run)
            if self._backlog:
                waiting, own = next(iter(self._backlog.items()))
                self.carry(own, waiting)

    def _opened(self, run: str) -> None:
        self._opening.discard(run)
        if not self._opening:
            self._all_open.set()

    async def _go(self, workflow: str, run: str) -> None:
        """Give a run its turns until it has ended, must wait, or this process leaves."""
        store = self._site.store
        if store.run_log(run).finished is not None:  # another process has carried it to its end
            self._parked.pop(run, None)
            self._listener.run_ended(store.run(run), store.run_log(run))
            return
        world = self._crowd.roots[run] = self._open(workflow, run)
        self._opened(run)
        await self._all_open.wait()
        began, ended = False, set[RunKey]()
        while not world.over:
            look = await world.calls.turn(self._site.clock())
            self._looked(run, world, ended)
            if not world.status.begun and world.status.reason in _WAITING and not world.attempts:
                self._wait(workflow, run, world, look.timestamp() if look else None)
                return
            if not began and world.status.begun:
                began = True
                self._begin(workflow, run, world)
            if self._leaving and not self._killing and not world.over:
                return
            if not world.over:
                await world.change(until=look)
            if self._killing:
                await world.clear()
                return
        await world.clear()
        self._parked.pop(run, None)  # somebody may have cancelled it before it began
        self._listener.run_ended(world.run, world.status)
        self.changed(workflow)

    def _open(self, workflow: str, run: str) -> LocalWorld:
        """Return the world of a run. Until it begins, a run follows its workflow."""
        store = self._site.store
        served = store.workflow(workflow)
        record = store.run(run)
        waits = not store.run_log(run).begun and not store.attempts(run)
        if served is not None and record.rerun_of is None and waits:
            store.repin(run, served)
            record = store.run(run)
        definition = compile_workflow(WorkflowSpec.model_validate_json(record.spec))
        return LocalWorld(record, definition, self._workplace)

    def _begin(self, workflow: str, run: str, world: LocalWorld) -> None:
        self._parked.pop(run, None)
        self._agenda.drop(run)
        self._listener.run_began(world.run)
        self.changed(workflow)  # the next one may begin, too

    def _wait(self, workflow: str, run: str, world: LocalWorld, look: float | None) -> None:
        if run not in self._parked:
            self._listener.run_waits(world.run, world.status)
        self._park(workflow, run, LOOK_AGAIN)
        if look is not None:
            self._agenda.plan(run, look)

    def _park(self, workflow: str, run: str, pause: timedelta) -> None:
        self._parked.setdefault(run, workflow)
        self._agenda.plan(run, (self._site.clock() + pause).timestamp())

    def _looked(self, run: str, world: LocalWorld, ended: set[RunKey]) -> None:
        """Let others have what a turn has left; tell the ends of called runs."""
        self._crowd.looked(run)
        for each in world.calls.worlds[1:]:
            if each.over and each.run.key not in ended:
                ended.add(each.run.key)
                self._listener.run_ended(each.run, each.status)
                self.changed(each.run.workflow)
