"""
The runs of one piece of work: a run, reruns of it, and reruns of these.

Knows which run each run names in `rerunOf`, also if that one is gone. Decides nothing.
"""

from collections import defaultdict
from collections.abc import Iterable

from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import source_of


class Chains:
    """The runs of a workflow, by the run that they repeat."""

    def __init__(self, runs: Iterable[OwnObject]) -> None:
        """Sort these runs, for one turn."""
        self._reruns: dict[str, list[OwnObject]] = defaultdict(list)
        for run in runs:
            source = source_of(run.spec)
            if source is not None and source != run.metadata.name:
                self._reruns[source].append(run)

    def of(self, name: str, first: OwnObject | None) -> list[OwnObject]:
        """
        Return a run and all that repeats it, oldest first.

        Args:
            name: The name of the run.
            first: The run, if it is there.

        """
        found = {} if first is None else {name: first}
        waiting = [name]
        while waiting:
            for run in self._reruns.get(waiting.pop(), ()):
                if run.metadata.name not in found:
                    found[run.metadata.name] = run
                    waiting.append(run.metadata.name)
        return sorted(found.values(), key=_age)


def _age(run: OwnObject) -> tuple[float, str]:
    created = run.metadata.creation_timestamp
    return (created.timestamp() if created else 0.0, run.metadata.name)
