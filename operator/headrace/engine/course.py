"""
The course of a run: what it may do now, and why.

Runs and their tasks share this type. `run.steering` decides the course.
"""

from dataclasses import dataclass
from enum import StrEnum

from headrace.api.v1alpha1.reasons import Reason


class Mode(StrEnum):
    """The modes of a run, mildest first."""

    GO = "Go"
    PAUSE = "Pause"
    STOP = "Stop"
    CANCEL = "Cancel"
    TERMINATE = "Terminate"


ENDING = frozenset({Mode.STOP, Mode.CANCEL, Mode.TERMINATE})
"""The modes in which nothing new starts. Except in Terminate, `finally` tasks still start."""


@dataclass(frozen=True, slots=True)
class Course:
    """The mode of a run, and why."""

    mode: Mode
    reason: Reason = Reason.RUNNING
    message: str = ""
