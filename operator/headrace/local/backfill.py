"""
A backfill on this machine: runs for logical times, beside each other, until all have ended.

Knows the store and the record. The engine decides which runs start; `LiveRuns` carries them on.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.backfill import BackfillSpec, BackfillState
from headrace.api.v1alpha1.run import TriggerKind
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.observed import BackfillLog, ObservedBackfill, PlacedRun
from headrace.engine.run.observed import RunLog
from headrace.engine.workflow.retention import expired_runs
from headrace.local.backfill_record import BackfillRecord
from headrace.local.backfill_runs import BackfillRuns, Template
from headrace.local.history import remove
from headrace.local.inventory import Inventory
from headrace.local.live_runs import LiveRuns
from headrace.local.records import RunRecord
from headrace.local.site import Site
from headrace.local.workflow_store import StoredRun

LOOK_SECONDS: Final = 0.5
"""How often the store is looked at: somebody may steer a run, or answer a question of one."""


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
        self._runs = BackfillRuns(site, self.inventory)
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
        if not all(self._create(placed) for placed in decision.create):
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
        backfill = ObservedBackfill(
            created=now,
            generation=1,
            spec=self._spec,
            workflow=self._template.known,
            log=self.log,
        )
        return self._runs.around(backfill, self._spec, self._ours)

    def _ours(self, place: int, runs: Sequence[StoredRun]) -> tuple[str, ...]:
        """Return the newest run of a logical time that a backfill has begun."""
        begun = place in self.log.started
        made = [run for run in runs if run.origin.trigger is TriggerKind.BACKFILL]
        return next(((run.name,) for run in made[::-1] if begun or run.log.finished is None), ())

    def _create(self, placed: PlacedRun) -> bool:
        """Create a run; return whether its name was free. A server may just have taken it."""
        made = self._runs.create(self._template, self._spec, placed, None)
        if made:
            self.live.carry(self._spec.workflow, placed.run.name)
        return made

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
