"""
All tasks of a run, in the order of its definition, also those that have no TaskRun.

A task without a TaskRun has not started, or has ended without one (`status.marks`). Knows the
definition as JSON, and the run's status. Decides nothing: the controller has judged.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import ranges
from headrace.engine.text import listed
from headrace.views.objects import Object, ended, entries, message, reason, text

_NAMED: Final = 3
"""How many upstream tasks a message names."""
_BEFORE: Final = frozenset(
    {Reason.PENDING, Reason.WAITING_FOR_TURN, Reason.WAITING_FOR_REMOVAL, Reason.PAUSED}
)
"""States of a run in which no task starts."""


def all_tasks(run: Object, task_runs: Sequence[Object], definition: Object | None) -> list[Object]:
    """
    Return one TaskRun for each task: the real one, or one with its name and state only.

    Args:
        run: The WorkflowRun.
        task_runs: Its TaskRuns.
        definition: The pinned spec of its workflow; None: only tasks with a TaskRun are known.

    """
    real = {text(item, "spec", "task"): item for item in task_runs}
    if definition is None:
        return sorted(real.values(), key=lambda item: text(item, "metadata", "creationTimestamp"))
    tasks = [*entries(definition, "tasks"), *entries(definition, "finally")]
    names = [text(task, "name") for task in tasks]
    known = {**_watched(run), **dict(_marked(run, names, tasks))}
    open_ = {name for name in names if not ended(real.get(name) or known.get(name) or {})}
    return [
        real.get(name) or known.get(name) or _waiting(run, task, open_)
        for name, task in zip(names, tasks, strict=True)
    ]


def _marked(
    run: Object, names: Sequence[str], tasks: Sequence[Object]
) -> Iterator[tuple[str, Object]]:
    """Yield the tasks that ended without a TaskRun."""
    for mark in entries(run, "status", "marks"):
        try:
            positions = ranges.read(text(mark, "tasks"))
        except ValueError:
            continue
        for position in sorted(positions & set(range(len(names)))):
            name = names[position]
            words = text(mark, "message") or _derived(mark, tasks[position])
            item = _stand_in(run, name, "False", text(mark, "reason"), words)
            item["status"]["outcome"] = text(mark, "outcome")
            yield name, item


def _derived(mark: Object, task: Object) -> str:
    """Return the message of a mark that has none, since the definition explains it."""
    when = text(task, "when")
    return f"when is false: {when}" if text(mark, "reason") == Reason.SKIPPED and when else ""


def _watched(run: Object) -> dict[str, Object]:
    """Return the tasks that wait for something unusual before they have a TaskRun."""
    return {
        text(each, "task"): _stand_in(
            run, text(each, "task"), "Unknown", text(each, "reason"), text(each, "message")
        )
        for each in entries(run, "status", "attention")
    }


def _waiting(run: Object, task: Object, open_: set[str]) -> Object:
    """Return a task that has not started, and why."""
    name, state = text(task, "name"), reason(run)
    upstream = [str(each) for each in entries(task, "dependsOn") if str(each) in open_]
    if ended(run):
        return _stand_in(run, name, "False", state, "the run ended before the task")
    if state in _BEFORE:
        return _stand_in(run, name, "Unknown", state, message(run))
    if upstream:
        words = f"waits for {listed(upstream, _NAMED)}"
        return _stand_in(run, name, "Unknown", Reason.WAITING_FOR_UPSTREAM, words)
    return _stand_in(run, name, "Unknown", Reason.PENDING, "")


def _stand_in(run: Object, task: str, status: str, why: str, words: str) -> dict[str, Any]:
    condition: Mapping[str, str] = {
        "type": "Succeeded",
        "status": status,
        "reason": why,
        "message": words,
    }
    return {
        "kind": "TaskRun",
        "metadata": {"name": "", "namespace": text(run, "metadata", "namespace")},
        "spec": {"run": text(run, "metadata", "name"), "task": task},
        "status": {"conditions": [condition]},
    }
