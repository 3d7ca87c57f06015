"""
A backfill on this machine: runs for logical times, beside each other, until all have ended.

Knows the store and the record. The engine decides which runs start; `LiveRuns` carries them on.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.backfill import BackfillSpec, BackfillState
from headrace.api.v1alpha1.run import DesiredState, TriggerKind
from headrace.api.v1alpha1.workflow import History
from headrace.engine.backfill.advance import advance, planned_of
from headrace.engine.backfill.chains import Chains, Link
from headrace.engine.backfill.observed import (
    BackfillLog,
    KnownWorkflow,
    ObservedBackfill,
    PlacedRun,
    TickRun,
)
from headrace.engine.backfill.plan import Plan
from headrace.engine.run.observed import RunKey, RunLog
from headrace.engine.workflow.retention import expired_runs
from headrace.local.backfill_record import BackfillRecord
from headrace.local.history import remove
from headrace.local.inventory import Inventory
from headrace.local.live_runs import LiveRuns
from headrace.local.records import Origin, RunRecord
from headrace.local.site import Site
from headrace.local.workflow_store import StoredRun
from headrace.manifests.names import short_hash

LOOK_SECONDS: Final = 0.5
"""How often the store is looked at: somebody may steer a run, or answer a question of one."""


@dataclass(frozen=True, slots=True)
class Template:
    """What all runs of a backfill have."""

    namespace: str
    spec: str
    """The definition, as JSON."""
    called: dict[str, str]
    params: dict[str, bool | int | str]
    known: KnownWorkflow
    history: History


class Backfill:
    """
    One backfill. It hears of its runs as `RunListener`.

    Args:
        site: Where its runs run.
        spec: What somebody asked for.
        template: What all runs have.
        record: What has become of its logical times.
        say: Called with a run's name and what happened to it.

    """

    live: LiveRuns
    answer: Callable[[], None]
    """Answers the questions of runs that somebody has answered before."""

    def __init__(
        self,
        site: Site,
        spec: BackfillSpec,
        template: Template,
        record: BackfillRecord,
        say: Callable[[str, str], None],
    ) -> None:
        self._site = site
        self._spec = spec
        self._template = template
        self._record = record
        self._say = say
        self.inventory = Inventory(site.folder, site.store)
        self._changed = asyncio.Event()
        self._killed = False
        self.log: BackfillLog = record.begin()

    async def go(self) -> None:
        """Start runs, and carry them on, until all have ended or somebody pauses."""
        version = self._site.store.version_of_others()
        while not self._killed:
            self._changed.clear()
            look = self._turn()
            self.answer()
            if self.log.finished is not None or self._rests():
                break
            pause = LOOK_SECONDS
            if look is not None:
                left = (look - self._site.clock()).total_seconds()
                pause = max(0.0, min(pause, left))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), pause)
            self.live.look_again()
            newer = self._site.store.version_of_others()
            if newer != version:
                version = newer
                self.live.hear()
        await self.live.leave()

    def pause(self) -> None:
        """Start nothing more. The second time, kill what runs: the next life goes on with it."""
        if self._spec.desired_state is BackfillState.PAUSE:
            self._killed = True
            self.live.kill()
        self._spec = self._spec.model_copy(update={"desired_state": BackfillState.PAUSE})
        self._changed.set()

    @property
    def paused(self) -> bool:
        """Whether somebody wants it to pause."""
        return self._spec.desired_state is BackfillState.PAUSE

    def _rests(self) -> bool:
        return self.paused and not self.log.active

    def _turn(self) -> datetime | None:
        """Look, start runs, write the record; return when to look again."""
        now = self._site.clock()
        observed = self._observe(now)
        decision = advance(observed, now)
        if not all(self._create(placed, now) for placed in decision.create):
            self._changed.set()
            return None
        if decision.status is not None:
            self.log = decision.status
            self._record.write(self.log, now)
        for runs in observed.runs.values():
            for run in runs:
                if run.ours and run.finished is None:
                    self.live.carry(self._spec.workflow, run.name)
        self._tidy(observed, now)
        return decision.look_again_at

    def _tidy(self, observed: ObservedBackfill, now: datetime) -> None:
        """Remove old runs by the workflow's history. The record has counted their ends."""
        counted = {
            run.name for runs in observed.runs.values() for run in runs if run.finished is not None
        }
        finished = self._site.store.finished_runs(self._spec.workflow)
        for name in expired_runs(finished, self._template.history, now):
            if name in counted:
                remove(self._site.folder, self._site.store, name)

    def _observe(self, now: datetime) -> ObservedBackfill:
        stored = self.inventory.all(self._spec.workflow)
        backfill = ObservedBackfill(
            created=now,
            generation=1,
            spec=self._spec,
            workflow=self._template.known,
            log=self.log,
        )
        planned = planned_of(backfill, self._spec)
        names = planned.names if isinstance(planned, Plan) else ()
        chains = Chains(Link(run.name, run.created, run.rerun_of, run) for run in stored)
        runs = {
            name: self._tick_runs(place, name, chains.of(name)) for place, name in enumerate(names)
        }
        own = {run.name for each in runs.values() for run in each if run.ours}
        return replace(
            backfill,
            runs={name: each for name, each in runs.items() if each},
            others=tuple(
                each for each in self.inventory.beside(self._spec.workflow) if each.name not in own
            ),
        )

    def _tick_runs(self, place: int, tick: str, runs: list[StoredRun]) -> list[TickRun]:
        """Return the runs of a logical time. The newest one that a backfill has begun is ours."""
        begun = place in self.log.started
        made = [run for run in runs if run.origin.trigger is TriggerKind.BACKFILL]
        own = next((run for run in made[::-1] if begun or run.log.finished is None), None)
        found = [
            TickRun(
                name=run.name,
                uid=run.uid,
                ours=run is own,
                began=run.rerun_of is None or run.log.inheritance is not None,
                finished=run.log.finished,
                succeeded=bool(run.log.succeeded),
            )
            for run in runs
        ]
        if not found and not begun and self._site.store.has_run(tick):
            found = [TickRun(tick, "", ours=False, strange=True)]
        return found

    def _create(self, placed: PlacedRun, now: datetime) -> bool:
        """Create a run; return whether its name was free. A server may just have taken it."""
        name, store = placed.run.name, self._site.store
        if store.has_run(name):
            return False
        self._site.folder.run(name).mkdir(exist_ok=True)
        store.add_run(self._run(placed, now))
        self.live.carry(self._spec.workflow, name)
        return True

    def _run(self, placed: PlacedRun, now: datetime) -> RunRecord:
        name, given = placed.run.name, self._template
        uid = short_hash(str(self._site.folder.root), name, now.isoformat())
        if placed.rerun_of is not None:
            earlier = self._site.store.run(placed.rerun_of.name)
            return replace(
                earlier,
                key=RunKey(given.namespace, name),
                uid=uid,
                created=now,
                params={**earlier.params, **given.params},
                logical_time=earlier.logical_time or earlier.created,
                desired=DesiredState.RUN,
                rerun_of=placed.rerun_of,
                origin=Origin(TriggerKind.BACKFILL, earlier.origin.interval),
            )
        return RunRecord(
            key=RunKey(given.namespace, name),
            uid=uid,
            workflow=self._spec.workflow,
            created=now,
            spec=given.spec,
            folder=str(self._site.home),
            params=given.params,
            logical_time=placed.run.logical_time,
            called=given.called,
            origin=Origin(TriggerKind.BACKFILL, placed.run.interval),
        )

    def run_began(self, run: RunRecord) -> None:
        """Say it."""
        self._say(run.key.name, "started")

    def run_waits(self, run: RunRecord, log: RunLog) -> None:
        """Say why."""
        self._say(run.key.name, f"{log.reason}: {log.message}")

    def run_ended(self, run: RunRecord, log: RunLog) -> None:
        """Say how, and look at once: the next one may start."""
        if run.caller is None:
            why = f": {log.message}" if log.message else ""
            self._say(run.key.name, "succeeded" if log.succeeded else f"{log.reason}{why}")
        self._changed.set()

    def run_failed(self, run: str, error: Exception) -> None:
        """Say it: the run is tried again."""
        self._say(run, f"{type(error).__name__}: {error}; it is tried again")

    def wanted(self, run: str, words: str) -> None:
        """Say it."""
        self._say(run, words)
