"""
The runs of a backfill on this machine: which there are for each logical time, and new ones.

Knows the store. Decides nothing: the engine says which runs start.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.run import CANCELLING, DesiredState, TriggerKind
from headrace.api.v1alpha1.workflow import History
from headrace.engine.backfill.advance import planned_of
from headrace.engine.backfill.chains import Chains, Link
from headrace.engine.backfill.existing import TickRun
from headrace.engine.backfill.observed import KnownWorkflow, ObservedBackfill, PlacedRun
from headrace.engine.backfill.plan import Plan
from headrace.engine.run.observed import RunKey
from headrace.local.inventory import Inventory
from headrace.local.records import Applied, Origin, RunRecord
from headrace.local.site import Site
from headrace.local.workflow_store import StoredRun
from headrace.manifests.names import short_hash

DEFAULT_HISTORY: Final = History()

Ours = Callable[[int, Sequence[StoredRun]], Collection[str]]
"""Returns which runs of a logical time, given by its position, a backfill has created."""


@dataclass(frozen=True, slots=True)
class Template:
    """What all runs of a backfill have."""

    namespace: str
    spec: str
    """The definition, as JSON."""
    called: Mapping[str, str]
    params: Mapping[str, bool | int | str]
    known: KnownWorkflow
    history: History = DEFAULT_HISTORY
    """Which of the workflow's ended runs are kept."""


class BackfillRuns:
    """The runs of backfills in a folder of state."""

    def __init__(self, site: Site, inventory: Inventory) -> None:
        """Read and write through these."""
        self._site = site
        self._inventory = inventory

    def around(
        self, backfill: ObservedBackfill, spec: BackfillSpec, ours: Ours
    ) -> ObservedBackfill:
        """Return a backfill with the runs of its logical times, and the others of its workflow."""
        planned = planned_of(backfill, spec)
        names = planned.names if isinstance(planned, Plan) else ()
        stored = self._inventory.all(spec.workflow)
        chains = Chains(Link(run.name, run.created, run.rerun_of, run) for run in stored)
        found = ((place, name, chains.of(name)) for place, name in enumerate(names))
        runs = {name: self._runs(name, each, ours(place, each)) for place, name, each in found}
        own = {run.name for each in runs.values() for run in each if run.ours}
        return replace(
            backfill,
            runs={name: each for name, each in runs.items() if each},
            others=tuple(
                each for each in self._inventory.beside(spec.workflow) if each.name not in own
            ),
        )

    def _runs(self, tick: str, runs: Sequence[StoredRun], ours: Collection[str]) -> list[TickRun]:
        if not runs and self._site.store.has_run(tick):
            return [TickRun(tick, "", ours=False, strange=True)]
        return [
            TickRun(
                name=run.name,
                uid=run.uid,
                ours=run.name in ours,
                began=run.rerun_of is None or run.log.inheritance is not None,
                finished=run.log.finished,
                succeeded=bool(run.log.succeeded),
                cancelling=run.desired in CANCELLING,
            )
            for run in runs
        ]

    def create(
        self, template: Template, spec: BackfillSpec, placed: PlacedRun, applied: Applied | None
    ) -> bool:
        """
        Create a run; return whether its name was free: another process may just have taken it.

        Args:
            template: What all runs have.
            spec: What somebody asked for.
            placed: The run.
            applied: The manifest that asked for it; None: a command did.

        """
        name, site = placed.run.name, self._site
        if site.store.has_run(name):
            return False
        site.folder.run(name).mkdir(exist_ok=True)
        site.store.add_run(self._record(template, spec, placed, applied))
        return True

    def _record(
        self, template: Template, spec: BackfillSpec, placed: PlacedRun, applied: Applied | None
    ) -> RunRecord:
        name, now = placed.run.name, self._site.clock()
        priority = None if applied is None else spec.priority
        key = RunKey(template.namespace, name)
        uid = short_hash(str(self._site.folder.root), name, now.isoformat())
        if placed.rerun_of is not None:
            earlier = self._site.store.run(placed.rerun_of.name)
            return replace(
                earlier,
                key=key,
                uid=uid,
                created=now,
                params={**earlier.params, **template.params},
                logical_time=earlier.logical_time or earlier.created,
                desired=DesiredState.RUN,
                rerun_of=placed.rerun_of,
                origin=Origin(
                    TriggerKind.BACKFILL,
                    earlier.origin.interval,
                    priority=priority,
                    applied=applied,
                ),
            )
        return RunRecord(
            key=key,
            uid=uid,
            workflow=spec.workflow,
            created=now,
            spec=template.spec,
            folder=str(self._site.home),
            params=template.params,
            logical_time=placed.run.logical_time,
            called=template.called,
            origin=Origin(
                TriggerKind.BACKFILL, placed.run.interval, priority=priority, applied=applied
            ),
        )
