"""
What steering means for a run or a workflow, in words, and what it cannot become any more.

The API server has the same rules; here they come with a sentence. Knows states; changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headrace.views.objects import Object, ended, name, reason, text


@dataclass(frozen=True, slots=True)
class Steer:
    """One way to steer."""

    state: str
    """The run's desiredState."""
    effect: str
    """What follows for a run."""
    suspend: bool | None = None
    """What it is for a workflow; None: a workflow cannot be steered like this."""
    workflow_effect: str = ""
    backfill_effect: str = ""
    """What follows for a backfill; empty: a backfill cannot be steered like this."""


STEERS: Final[Mapping[str, Steer]] = {
    "pause": Steer(
        "Pause",
        "nothing new starts, and running tasks end on their own",
        suspend=True,
        workflow_effect="its triggers start no runs, and running runs go on",
        backfill_effect="no new run starts, and its active runs go on",
    ),
    "resume": Steer(
        "Run",
        "it goes on",
        suspend=False,
        workflow_effect="its triggers start runs again",
        backfill_effect="it goes on",
    ),
    "stop": Steer(
        "Stop",
        "running tasks end on their own, then `finally` tasks run",
        backfill_effect="no new run starts, and it ends with its active runs",
    ),
    "cancel": Steer(
        "Cancel",
        "running tasks are ended, then `finally` tasks run",
        backfill_effect="no new run starts, and its active runs are cancelled",
    ),
    "terminate": Steer("Terminate", "running tasks are ended, also `finally` tasks"),
}

_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "Stop": ("Stop", "Cancel", "Terminate"),
    "Cancel": ("Cancel", "Terminate"),
    "Terminate": ("Terminate",),
}
"""What a state can become; any other can become each."""


_BACKFILL_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "Stop": ("Stop", "Cancel"),
    "Cancel": ("Cancel",),
}


def desired(run: Object) -> str:
    """Return the state that somebody wants for a run or backfill."""
    return text(run, "spec", "desiredState") or "Run"


def obstacle(item: Object, steer: Steer) -> str | None:
    """Return why a run or backfill cannot be steered like this; None: it can."""
    is_run = text(item, "kind") != "Backfill"
    what = f"{'run' if is_run else 'backfill'} {name(item)}"
    if ended(item):
        begins = "headrace start begins a new one" if is_run else "create a new one"
        return f"{what} has ended: {reason(item)}; {begins}"
    now, later = desired(item), _LATER if is_run else _BACKFILL_LATER
    if steer.state not in later.get(now, (steer.state,)):
        rest = " or ".join(later[now][1:])
        cure = f"it can only become {rest}" if rest else "this is final"
        return f"{what} is already being ended by {now}; {cure}"
    return None
