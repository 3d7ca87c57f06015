"""Where the runs of one process run: folder, database and launcher, and their common limit."""

from dataclasses import dataclass

from headrace.engine.run.observed import Slots
from headrace.evaluation.answers import Asks
from headrace.local.folder import StateFolder
from headrace.local.launcher import Launcher
from headrace.local.neighbours import ALONE, Neighbours
from headrace.local.store import Store


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder, the database and the launcher of a run, and its limit."""

    folder: StateFolder
    store: Store
    """The folder's database."""
    launcher: Launcher
    evaluate: Asks
    """Evaluates questions."""
    slots: int | None = None
    """How many attempts may run at once; None: any number."""
    no_wait: bool = False
    """Whether waits end at once."""
    neighbours: Neighbours = ALONE
    """The other runs of the process, besides those that a run calls."""

    def slots_beside(self, others: int) -> Slots | None:
        """Return the limit of one run, while so many attempts of other runs go on."""
        if self.slots is None:
            return None
        message = f"all {self.slots} slots are taken (--max-parallel)"
        return Slots(max(0, self.slots - others), message)
