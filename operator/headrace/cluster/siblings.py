"""
The other runs of a run's workflow: those that have not ended, and what is left of deleted ones.

Knows caches and where they may be silent. The rule that runs wait by is `engine.run.admission`'s.
"""

from dataclasses import replace

from headrace.api.v1alpha1 import labels
from headrace.cluster import line
from headrace.cluster.caches import MANAGED, Caches, WorkflowKey
from headrace.cluster.lineage import Lineage
from headrace.engine.run.admission import is_next
from headrace.engine.run.observed import ObservedRun
from headrace.engine.siblings import SiblingRun
from headrace.kube.client import Client
from headrace.kube.resources import PODS, Scope
from headrace.manifests.kube import OwnObject, Pod
from headrace.manifests.run_spec import is_cancelling, logical_time_of
from headrace.manifests.run_status import has_begun

GOING_ON = "status.phase!=Succeeded,status.phase!=Failed"


class Siblings:
    """Finds the runs beside a run."""

    def __init__(self, caches: Caches, client: Client) -> None:
        """Read these caches; ask the client where their silence would have consequences."""
        self._caches = caches
        self._client = client

    async def beside(self, run: ObservedRun) -> ObservedRun:
        """
        Return a run with those beside it.

        News of pods may come later than news of the runs that are gone. So before a run that waits
        for others begins, the API server is asked for the pods of its workflow.
        """
        seen = replace(run, siblings=self._known(run))
        if not is_next(seen):
            return seen
        await self._ask_for_pods(run)
        return replace(run, siblings=self._known(run))

    def _known(self, run: ObservedRun) -> tuple[SiblingRun, ...]:
        """Return the runs that have not ended; for a waiting run, also deleted ones."""
        key = WorkflowKey(run.key.namespace, run.workflow)
        departed = self._caches.outlived.of(key.namespace, key.name) if not run.log.begun else ()
        runs = self._caches.runs.by_index((key.namespace, key.name))
        return (
            *(_departed(name) for name in departed),
            *(sibling_of(item, self._caches.lineage) for item in runs if line.active(item)),
        )

    async def _ask_for_pods(self, run: ObservedRun) -> None:
        theirs = f"{MANAGED},{labels.WORKFLOW}={run.workflow}"
        scope = Scope(PODS, run.key.namespace, labels=theirs, fields=GOING_ON)
        async for page in self._client.pages(scope, Pod):
            for pod in page.objects:
                self._caches.pods.put(pod)


def sibling_of(item: OwnObject, lineage: Lineage) -> SiblingRun:
    """Return a run as others of its workflow see it."""
    created = item.metadata.creation_timestamp
    assert created is not None  # noqa: S101 - the API server sets it
    return SiblingRun(
        name=item.metadata.name,
        created=created,
        logical_time=logical_time_of(item.spec, created),
        began=has_begun(item.status),
        cancelling=is_cancelling(item.spec),
        inside=lineage.inside(item),
    )


def _departed(name: str) -> SiblingRun:
    """Return a deleted run that may still have running pods."""
    return SiblingRun(f"{name} (deleted)", line.NEVER, line.NEVER, began=True, cancelling=True)
