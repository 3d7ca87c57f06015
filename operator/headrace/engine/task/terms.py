"""
What a task must give to succeed, besides the end of its program.

Knows the definition of one task. Knows no attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.api.v1alpha1.task import Output
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import ChildRuns, Each, FanOut


@dataclass(frozen=True, slots=True)
class Terms:
    """The outputs that a task declares, and how many of its items may fail."""

    outputs: Sequence[Output] = ()
    """The outputs that the program, or that of each item, must write."""
    tolerated: int | str = 0
    """How many items may fail, or a share of all."""
    run_seconds: int | None = None
    """How long the run of an item may take; None: without end."""


NO_TERMS = Terms()


def terms_of(task: TaskDefinition) -> Terms:
    """Return the terms of a task."""
    work = task.work
    tolerated = work.tolerated if isinstance(work, FanOut | Each) else 0
    seconds = task.timeouts.attempt_seconds if isinstance(work, ChildRuns) else None
    return Terms(task.outputs, tolerated, seconds)
