"""A store of Jobs, and the informer that feeds it, as tests want to see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headrace.kube.informer import Informer
from headrace.kube.objects import Unreadable
from headrace.kube.resources import JOBS, Scope
from headrace.kube.store import Store
from support.plumbing import Job, Rig


class Watching:
    """A store of Jobs, and the informer that feeds it through its own way to the server."""

    def __init__(self, rig: Rig, namespace: str = "", store: Store[Job] | None = None) -> None:
        self.rig = rig
        self.changes: list[tuple[str | None, str | None]] = []
        self.unreadable: list[str] = []
        if store is None:
            store = Store(Job, lambda j: [j.metadata.labels.get("run", "")], self.changed)
        self.store = store
        scope = Scope(JOBS, namespace)
        self.informer = Informer(rig.client, scope, self.store, self._unreadable)

    def changed(self, old: Job | None, new: Job | None) -> None:
        self.changes.append((_name(old), _name(new)))

    def _unreadable(self, _scope: Scope, bad: Unreadable) -> None:
        self.unreadable.append("/".join(bad.meta.key))

    @property
    def versions(self) -> dict[str, str]:
        metas = [item.metadata for item in self.store]
        return {meta.name: meta.resource_version for meta in metas}

    @property
    def names(self) -> list[str]:
        return sorted(item.metadata.name for item in self.store)

    @property
    def dead(self) -> list[str]:
        return sorted(item.metadata.name for item in self.store.tombstones_by_index(""))

    @property
    def counts(self) -> dict[str, int]:
        return self.informer.counts


@asynccontextmanager
async def running(*watchings: Watching) -> AsyncIterator[None]:
    """Run informers until the block ends; they must still live then."""
    tasks = [asyncio.create_task(watching.informer.run()) for watching in watchings]
    try:
        await asyncio.sleep(1)
        yield
        assert [False for _ in tasks] == [task.done() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _name(item: Job | None) -> str | None:
    return item.metadata.name if item is not None else None
