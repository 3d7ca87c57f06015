"""
The runs that the archive watches: of each, only whether it ended, who called it and its mark.

Knows the form of WorkflowRuns. Decides nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from headrace.api.v1alpha1.labels import ARCHIVED
from headrace.cluster.belonging import call_of
from headrace.kube.objects import Projection, View
from headrace.kube.store import Store


class EndOfRun(View, frozen=True):
    """The end in a run's status."""

    completion_time: datetime | None = None


class EndedRun(Projection, frozen=True):
    """A run, ended or not."""

    status: EndOfRun = EndOfRun()

    @property
    def finished(self) -> datetime | None:
        """When it ended; None: it goes on."""
        return self.status.completion_time

    @property
    def marked(self) -> bool:
        """Whether the archive has it."""
        return ARCHIVED in self.metadata.annotations


class Runs:
    """All runs, and which of them have called which."""

    def __init__(self, wake: Callable[[tuple[str, str]], None]) -> None:
        """Know none; `wake` is called with each run that may be due."""
        self._wake = wake
        self.store: Store[EndedRun] = Store(EndedRun, index=_caller, changed=self._changed)

    def calls_open(self, run: EndedRun) -> bool:
        """Return whether a run that this one has called has no mark yet."""
        called = self.store.by_index(run.metadata.key)
        return any(not each.marked for each in called)

    def caller_uid(self, run: EndedRun) -> str:
        """Return the uid of the run that called this one; empty: none has, or it is gone."""
        call = call_of(run.metadata)
        caller = None if call is None else self.store.get(call.key.namespace, call.key.name)
        return "" if caller is None else caller.metadata.uid

    def _changed(self, old: EndedRun | None, new: EndedRun | None) -> None:
        if new is not None and new.finished is not None and not new.marked:
            self._wake(new.metadata.key)
        for each in (old, new):
            for caller in () if each is None else _caller(each):
                self._wake(caller)


def _caller(run: EndedRun) -> Iterable[tuple[str, str]]:
    call = call_of(run.metadata)
    return () if call is None else ((call.key.namespace, call.key.name),)
