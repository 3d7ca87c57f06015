"""
The runs that one process carries on beside each other: each is a task of the event loop.

Knows turns, slots and the order of waiting runs. The engine decides how a run goes on.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.room import Claim, Room
from headrace.engine.run.observed import RunKey, RunLog
from headrace.engine.siblings import SiblingRun, limit_of
from headrace.local.hearing import pass_on
from headrace.local.inventory import Inventory
from headrace.local.neighbours import Neighbour
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
        inventory: All runs of the workflows.
        listener: Who hears of them.
        workplace: Makes the place of the runs, beside these runs as their neighbours.

    """

    def __init__(
        self,
        site: Site,
        inventory: Inventory,
        listener: RunListener,
        workplace: Callable[["LiveRuns"], Workplace],
    ) -> None:
        self._site = site
        self._inventory = inventory
        self._listener = listener
        self._workplace = workplace(self)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._worlds: dict[str, LocalWorld] = {}
        self._parked: dict[str, str] = {}
        """The workflow of each run that waits before it begins, in the order of their waits."""
        self._backlog: dict[str, str] = {}
        """The workflow of each run beyond `MOST`, the oldest first."""
        self._short: dict[str, None] = {}
        """The runs that may have lacked a slot in their last turn, the longest wait first."""
        self._agenda = Agenda[str](lambda: site.clock().timestamp())
        self._ended = set[str]()
        self._leaving = False
        self._killing = False

    def beside(self, run: RunRecord, definition: Definition, log: RunLog) -> tuple[SiblingRun, ...]:
        """Return the other runs of a run's workflow that have not ended, if it waits for them."""
        if log.begun or limit_of(definition.concurrency) is None:
            return ()
        return self._inventory.beside(run.workflow)

    def programs(self, family: Collection[Neighbour]) -> int:
        """Return how many programs run outside of a run and those it called."""
        own = {id(world) for world in family}
        return sum(
            each.processes
            for root in self._worlds.values()
            for each in root.calls.worlds
            if id(each) not in own
        )

    def room(self, key: RunKey, uid: str) -> Room | None:  # noqa: ARG002 - the protocol's
        """Return nothing: no pool limits these runs."""
        return None

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Do nothing."""

    def carry(self, workflow: str, run: str) -> None:
        """Carry a run on, or let one that goes on look around."""
        if self._leaving:
            return
        if run in self._worlds:
            self._tell(run, self._worlds[run])
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
        for world in self._worlds.values():
            if any(
                each.run.workflow == workflow and not each.status.begun
                for each in world.calls.worlds
            ):
                world.calls.changed.set()

    def hear(self) -> None:
        """Pass on what others have written about the runs."""
        for run, world in self._worlds.items():
            self._tell(run, world)
        for run, workflow in tuple(self._parked.items()):
            self.carry(workflow, run)

    def look_again(self) -> None:
        """Look again at the waiting runs whose time has come."""
        for run in self._agenda.pop_due():
            workflow = self._parked.get(run)
            if workflow is not None:
                self.carry(workflow, run)

    @property
    def going_on(self) -> int:
        """How many programs run."""
        return self.programs(())

    async def leave(self) -> None:
        """Let the current turns end. Programs go on, and the next process takes them over."""
        self._leaving = True
        for world in self._worlds.values():
            world.calls.changed.set()
        while self._tasks:
            await asyncio.gather(*self._tasks.values())

    def kill(self) -> None:
        """Kill all programs. The next process sees that they were interrupted."""
        self._killing = True
        for world in self._worlds.values():
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
            self._worlds.pop(run, None)
            self._short.pop(run, None)
            if self._backlog:
                waiting, own = next(iter(self._backlog.items()))
                self.carry(own, waiting)

    async def _go(self, workflow: str, run: str) -> None:
        """Give a run its turns until it has ended, must wait, or this process leaves."""
        store = self._site.store
        if store.run_log(run).finished is not None:  # another process has carried it to its end
            self._parked.pop(run, None)
            self._listener.run_ended(store.run(run), store.run_log(run))
            return
        world = self._worlds[run] = self._open(workflow, run)
        began = False
        while not world.over:
            look = await world.calls.turn(self._site.clock())
            self._looked(run, world)
            if not world.status.begun and world.status.reason in _WAITING and not world.attempts:
                self._wait(workflow, run, world, look.timestamp() if look else None)
                return
            if not began:
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
        self._listener.run_ended(world.run, world.status)
        self.changed(workflow)

    def _open(self, workflow: str, run: str) -> LocalWorld:
        """Return the world of a run. Until it begins, a run follows its workflow."""
        store = self._site.store
        served = store.workflow(workflow)
        if not store.run_log(run).begun and served is not None and not store.attempts(run):
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

    def _looked(self, run: str, world: LocalWorld) -> None:
        """Tell the ends of called runs, and give free slots to the runs that lacked some."""
        for each in world.calls.worlds[1:]:
            name = each.run.key.name
            if each.over and name not in self._ended:
                self._ended.add(name)
                self._listener.run_ended(each.run, each.status)
                self.changed(each.run.workflow)
        slots = self._workplace.slots
        if slots is None:
            return
        free = slots - self.going_on
        if free <= 0 and not world.over:
            self._short.setdefault(run)
        else:
            self._short.pop(run, None)
        for waiting in tuple(self._short)[: max(0, free)]:
            del self._short[waiting]
            self._worlds[waiting].calls.changed.set()
