"""Reruns as the engine observes them: a run, and the earlier run that it repeats."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace.api.v1alpha1.rerun import RerunOf
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.observed import ObservedTask, TaskLog
from support.builders import at, ended

WORDS = {
    "ok": Outcome.SUCCEEDED,
    "bad": Outcome.FAILED,
    "cut": Outcome.CANCELLED,
}
"""How a task ended, in a word."""


def earlier(definition: Definition, **how: str | TaskLog) -> ObservedRun:
    """Return an ended run of some tasks' ends: `a="ok"`. A task that is not named left no trace."""
    logs = {
        name: end if isinstance(end, TaskLog) else ended(WORDS[end]) for name, end in how.items()
    }
    return ObservedRun(
        *(RunKey("default", "etl-1"), "uid-1", at(0), definition),
        workflow="etl",
        tasks={name: ObservedTask(log) for name, log in logs.items()},
        log=RunLog(started=at(0), finished=at(9), succeeded=False),
    )


def rerun(
    source: ObservedRun | None,
    definition: Definition,
    asked: Mapping[str, Any] | None = None,
    **more: Any,
) -> ObservedRun:
    """Return a run that repeats an earlier one; `asked` are fields of `rerunOf`."""
    return replace(
        ObservedRun(RunKey("default", "etl-2"), "uid-2", at(10), definition, workflow="etl"),
        rerun=RerunOf(**{"name": "etl-1", **(asked or {})}),
        source=source,
        **more,
    )
