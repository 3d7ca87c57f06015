"""
The Backfills in the caches, and which of them a change of their workflow wakes.

Knows the workflow of each Backfill. Decides nothing about runs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from headrace.cluster import news
from headrace.cluster.indexes import backfill_index, own_ties
from headrace.cluster.news import News
from headrace.kube.store import Store, either
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import workflow_of
from headrace.manifests.run_status import has_ended

Workflow = tuple[str, str]
"""Namespace and name of a workflow."""


@dataclass(frozen=True, slots=True)
class BackfillKey:
    """The key of a backfill."""

    namespace: str
    name: str


class Backfills:
    """The Backfills, by their uid, name and workflow."""

    def __init__(
        self,
        tell: Callable[[BackfillKey, News], None],
        freed: Callable[[Workflow], None],
        leads: Callable[[str], bool],
    ) -> None:
        """
        Start empty.

        Args:
            tell: Called with each change of a Backfill, and its weight.
            freed: Called with the workflow of a deleted Backfill: nobody counts its runs any more.
            leads: Whether this process acts on a namespace.

        """
        self._tell = tell
        self._freed = freed
        self.store = Store(OwnObject, backfill_index, self._changed, leads, own_ties)

    def wake(self, workflow: Workflow, worth: News) -> None:
        """Give the backfills of a workflow a turn: a run of it has come, begun or ended."""
        for key in self.of(workflow):
            self._tell(key, worth)

    def of(self, workflow: Workflow) -> Iterator[BackfillKey]:
        """Yield the backfills of a workflow that have not ended."""
        for item in self.store.by_index(workflow):
            if not has_ended(item.status):
                yield BackfillKey(*item.metadata.key)

    def keys(self, namespace: str) -> Iterator[BackfillKey]:
        """Yield all backfills of a namespace; empty: everywhere."""
        for item in self.store:
            if namespace in ("", item.metadata.namespace):
                yield BackfillKey(*item.metadata.key)

    def _changed(self, old: OwnObject | None, new: OwnObject | None) -> None:
        item = either(old, new)
        self._tell(BackfillKey(*item.metadata.key), news.of_own(old, new, begins=True))
        workflow = workflow_of(item.spec)
        if new is None and workflow is not None:
            self._freed((item.metadata.namespace, workflow))
