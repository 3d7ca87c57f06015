"""
The runs of the workflows of a served folder: which there are, and which of them go on.

Knows the store and the locks of runners. Decides nothing.
"""

from collections.abc import Sequence
from typing import Final

from headrace.api.v1alpha1.run import CANCELLING, TriggerKind
from headrace.engine.siblings import SiblingRun
from headrace.engine.workflow.observed import KnownRun
from headrace.local.folder import StateFolder
from headrace.local.held import holder
from headrace.local.workflow_store import StoredRun, WorkflowStore

BY_HAND: Final = frozenset({TriggerKind.MANUAL})
"""The trigger of `headrace run` and `headrace rerun`."""
COMMANDS: Final = BY_HAND | {TriggerKind.BACKFILL}
"""The triggers of all commands that carry on their own runs."""


class Inventory:
    """The runs in a folder of state, by workflow."""

    def __init__(
        self, folder: StateFolder, store: WorkflowStore, others: frozenset[TriggerKind] = BY_HAND
    ) -> None:
        """Read these; runs with the other triggers are carried on by processes of their own."""
        self._others = others
        self._folder = folder
        self._store = store
        self._ended: dict[str, dict[str, StoredRun]] = {}
        """By workflow and uid: ended runs, which never change."""

    def all(self, workflow: str) -> Sequence[StoredRun]:
        """Return all runs of a workflow. Each that has ended is read once."""
        runs = self._store.runs_of(workflow, self._ended.get(workflow, {}))
        self._ended[workflow] = {run.uid: run for run in runs if run.log.finished is not None}
        return runs

    def alive(self, workflow: str) -> list[StoredRun]:
        """Return the runs of a workflow that have ended, or that somebody carries on."""
        return [run for run in self.all(workflow) if not self._left(run)]

    def beside(self, workflow: str) -> tuple[SiblingRun, ...]:
        """Return the runs of a workflow that have not ended, as others of it see them."""
        return tuple(
            SiblingRun(
                *(run.name, run.created, run.logical_time or run.created),
                began=run.log.begun,
                cancelling=run.desired in CANCELLING,
                inside=self._inside(run),
            )
            for run in self._store.open_runs(workflow)
            if not self._left(run)
        )

    def known(self, run: StoredRun) -> KnownRun:
        """Return a run with what its workflow needs of it."""
        log = run.log
        return KnownRun(
            name=run.name,
            created=run.created,
            logical_time=run.logical_time or run.created,
            began=log.begun,
            cancelling=run.desired in CANCELLING,
            finished=log.finished,
            succeeded=bool(log.succeeded),
            reason=log.reason.value,
            called=run.caller is not None,
            inside=log.finished is None and self._inside(run),
            rerun_of=run.rerun_of,
            backfill=run.origin.trigger is TriggerKind.BACKFILL,
        )

    def _left(self, run: StoredRun) -> bool:
        """
        Return whether a run waits for somebody who types `headrace run --resume`, or the like.

        Nobody carries it on, so no tick is skipped because of it, and no run waits for it.
        """
        if run.log.finished is not None:
            return False
        root, origin = run.name, run.origin
        if run.caller is not None:
            root = self._root(run.caller)
            origin = self._store.run(root).origin
        by_command = origin.trigger in self._others and origin.applied is None
        return by_command and holder(self._folder, root) is None

    def _root(self, run: str) -> str:
        """Return the run that nobody has called, above a run."""
        while (caller := self._store.run(run).caller) is not None:
            run = caller
        return run

    def _inside(self, run: StoredRun) -> bool:
        """Return whether a run of the same workflow has called a run, perhaps through others."""
        caller = run.caller
        own = None if caller is None else self._store.run(run.name).workflow
        while caller is not None:
            record = self._store.run(caller)
            if record.workflow == own:
                return True
            caller = record.caller
        return False
