"""
From the name that somebody typed to the object: a run, a task of it, or another kind.

Knows names. Asks a source.
"""

from headrace.cli.window.exits import MissingError, WindowError, no_such
from headrace.cli.window.kinds import KINDS, SHORT, split
from headrace.cli.window.source import Readable
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.objects import Object, text


def found(
    source: Readable, typed: str, task: str | None = None, *, workflows: bool = True
) -> tuple[Resource, Object]:
    """
    Return the kind and the object that somebody means.

    Args:
        source: Where to look.
        typed: `NAME` of a run or else of a workflow, or `KIND/NAME`.
        task: The name of a task of the run; None: the object itself.
        workflows: Whether a name alone may be that of a workflow.

    Raises:
        WindowError: There is none; the message names the nearest name.

    """
    kind, name = split(typed)
    if kind is None and name != typed:
        raise WindowError(_no_kind(typed))
    if task is not None:
        return TASK_RUNS, task_of(source, name, task)
    if kind is not None:
        return kind, source.named(kind, name)
    try:
        return WORKFLOW_RUNS, source.named(WORKFLOW_RUNS, name)
    except MissingError as error:
        if workflows and name in source.names(WORKFLOWS):
            return WORKFLOWS, source.named(WORKFLOWS, name)
        raise error from None


def run_named(source: Readable, typed: str) -> Object:
    """
    Return the run that somebody means.

    Raises:
        WindowError: There is none.

    """
    kind, name = split(typed)
    if kind not in (None, WORKFLOW_RUNS) or (kind is None and name != typed):
        raise WindowError(f"{typed} is no run; name one as NAME or run/NAME")
    return source.named(WORKFLOW_RUNS, name)


def task_of(source: Readable, run: str, task: str) -> Object:
    """
    Return the TaskRun of a task of a run.

    Raises:
        WindowError: There is no such run, or no such task has started.

    """
    tasks = {text(item, "spec", "task"): item for item in source.tasks(run)}
    if task in tasks:
        return tasks[task]
    definition = source.definition(source.named(WORKFLOW_RUNS, run))
    names = {
        text(each, "name")
        for part in ("tasks", "finally")
        for each in (definition or {}).get(part) or ()
    }
    if task in names:
        raise MissingError(
            f"task {task} of run {run} has not started; headrace explain {run} {task} says why"
        )
    raise no_such("task", task, f"run {run}", names or tasks)


def _no_kind(typed: str) -> str:
    from headrace.api.checks.similar import did_you_mean  # noqa: PLC0415 - only for mistakes

    word = typed.partition("/")[0]
    cure = did_you_mean(word, KINDS) or f"the kinds are: {', '.join(w[0] for w in SHORT.values())}"
    return f"there is no kind {word!r}; {cure}"
