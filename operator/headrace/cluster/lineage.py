"""
The runs that a run is part of: the run that called it, the one that called that, and so on.

Knows owners and caches. Decides nothing.
"""

from collections.abc import Iterable, Iterator

from headrace.cluster.belonging import call_of, place_of
from headrace.engine.task.policies.nested_depth import DEEPEST
from headrace.kube.store import Store
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import workflow_of


class Lineage:
    """Finds the callers of runs."""

    def __init__(self, runs: Store[OwnObject], task_runs: Store[OwnObject]) -> None:
        """Read these caches."""
        self._runs = runs
        self._task_runs = task_runs

    def caller(self, run: OwnObject) -> OwnObject | None:
        """
        Return the run that called a run; None: there is none.

        Anybody may name an owner. The owner counts if its own name and owner fit too.
        """
        call = call_of(run.metadata)
        if call is None:
            return None
        owner = self._task_runs.get(call.key.namespace, call.task_run)
        if owner is None or owner.metadata.uid != call.task_run_uid:
            return None
        place = place_of(owner)
        caller = self._runs.get(place.key.namespace, place.key.name)
        if caller is None or place.key != call.key or caller.metadata.uid != place.run_uid:
            return None
        return caller

    def workflows(self, run: OwnObject) -> tuple[str, ...]:
        """Return the workflows of the runs that a run is part of, outermost first."""
        return tuple(workflow_of(caller.spec) or "" for caller in self._callers(run))[::-1]

    def inside(self, run: OwnObject) -> bool:
        """Return whether a run is part of another run of its workflow."""
        return workflow_of(run.spec) in self.workflows(run)

    def outside(self, runs: Iterable[OwnObject]) -> list[OwnObject]:
        """Return the runs that are not part of another run of their workflow."""
        return [run for run in runs if call_of(run.metadata) is None or not self.inside(run)]

    def _callers(self, run: OwnObject) -> Iterator[OwnObject]:
        """Yield the caller of a run, and the caller of that; owners may go round in a circle."""
        caller = self.caller(run)
        for _ in range(DEEPEST):
            if caller is None:
                return
            yield caller
            caller = self.caller(caller)
