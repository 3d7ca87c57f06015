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


STEERS: Final[Mapping[str, Steer]] = {
    "pause": Steer(
        "Pause",
        "nothing new starts, and running tasks end on their own",
        suspend=True,
        workflow_effect="its triggers start no runs, and running runs go on",
    ),
    "resume": Steer(
        "Run", "it goes on", suspend=False, workflow_effect="its triggers start runs again"
    ),
    "stop": Steer("Stop", "running tasks end on their own, then `finally` tasks run"),
    "cancel": Steer("Cancel", "running tasks are ended, then `finally` tasks run"),
    "terminate": Steer("Terminate", "running tasks are ended, also `finally` tasks"),
}

_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "Stop": ("Stop", "Cancel", "Terminate"),
    "Cancel": ("Cancel", "Terminate"),
    "Terminate": ("Terminate",),
}
"""What a state can become; any other can become each."""


def desired(run: Object) -> str:
    """Return the state that somebody wants for a run."""
    return text(run, "spec", "desiredState") or "Run"


def obstacle(run: Object, steer: Steer) -> str | None:
    """Return why a run cannot be steered like this; None: it can."""
    now = desired(run)
    if ended(run):
        return f"run {name(run)} has ended: {reason(run)}; headrace start begins a new one"
    if steer.state not in _LATER.get(now, (steer.state,)):
        later = " or ".join(_LATER[now][1:])
        cure = f"it can only become {later}" if later else "this is final"
        return f"run {name(run)} is already being ended by {now}; {cure}"
    return None
