"""
How a run is steered: what it may do now, and why.

A word that runs and their tasks share. Who steers a run is `run.steering`'s to say.
"""

from dataclasses import dataclass
from enum import StrEnum

from headrace.api.v1alpha1.reasons import Reason


class Mode(StrEnum):
    """What a run may do now, mildest first."""

    GO = "Go"
    PAUSE = "Pause"
    STOP = "Stop"
    CANCEL = "Cancel"
    TERMINATE = "Terminate"


ENDING = frozenset({Mode.STOP, Mode.CANCEL, Mode.TERMINATE})
"""The modes in which nothing new starts; but for Terminate, `finally` tasks do."""


@dataclass(frozen=True, slots=True)
class Course:
    """The mode of a run, and why."""

    mode: Mode
    reason: Reason = Reason.RUNNING
    message: str = ""
