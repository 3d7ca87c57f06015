"""`headrace explain`: why something does not run, or how it ended, in sentences."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import click

from headrace.api.v1alpha1.labels import BACKFILL
from headrace.cli.streams import tell
from headrace.cli.window.archive import past, with_archive
from headrace.cli.window.completion import names_of, task_names
from headrace.cli.window.exits import DONE, MissingError, WindowError, no_such
from headrace.cli.window.finding import found
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import JSON, NAME, output, put_object, put_value
from headrace.cli.window.source import Choice, Readable
from headrace.cluster.kinds import BACKFILLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.explain import Finding, of_backfill, of_run, of_task, of_workflow
from headrace.views.objects import Object, ended, entries, name, reason, text
from headrace.views.run_tasks import all_tasks

_NOT_BEGUN: Final = frozenset(
    {
        *("Starting", "Unschedulable", "ImagePullFailed", "ContainerConfigError"),
        *("QuotaExceeded", "PodNotCreated", "Suspended"),
    }
)
"""States in which Kubernetes may say more than the controller knows."""
_MOST_ASKED: Final = 3
"""About how many tasks Kubernetes is asked: one request each."""


@click.command("explain")
@click.argument("what", metavar="NAME", shell_complete=names_of(WORKFLOW_RUNS, WORKFLOWS))
@click.argument("task", required=False, shell_complete=task_names)
@output
@windowed
@with_archive
def command(*, window: Window, what: str, task: str | None, form: str) -> int:
    """
    Say why a run, TASK of it, a workflow or a backfill does not go on, or how it ended.

    NAME is the name of a run, or of a workflow; or KIND/NAME with a kind of `headrace list`.
    """
    source = past(window)
    kind, item = found(source, what)
    now = datetime.now(UTC)
    if form == NAME:
        put_object(item, kind, form)
        return DONE
    findings = _findings(source, kind, item, task, now)
    if form in {JSON, "yaml"}:
        put_value({"findings": [each.fields() for each in findings]}, form)
        return DONE
    tell(each.sentence(now) for each in findings)
    return DONE


def _findings(
    source: Readable, kind: Resource, item: Object, task: str | None, now: datetime
) -> list[Finding]:
    if kind == WORKFLOWS and task is None:
        choice = Choice(fields=f"spec.workflow={name(item)}")
        return of_workflow(item, source.listed(WORKFLOW_RUNS, choice).items, now)
    if kind == BACKFILLS and task is None:
        choice = Choice(labels=f"{BACKFILL}={name(item)}")
        return of_backfill(item, source.listed(WORKFLOW_RUNS, choice).items, now)
    if kind == TASK_RUNS and task is None:
        task, item = text(item, "spec", "task"), source.named(WORKFLOW_RUNS, _run_of(item))
    elif kind != WORKFLOW_RUNS:
        raise WindowError(
            f"a {kind.kind} has no tasks to explain; name a run, a workflow or a backfill"
        )
    definition = source.definition(item)
    tasks = all_tasks(item, source.tasks(name(item)), definition)
    events = events_on(source, tasks)
    if task is None:
        told = of_run(item, tasks, definition, events, now)
        remark = "" if ended(item) else source.carried_out(name(item))
        return [*told, *([Finding(f"run {name(item)}", "NoRunner", remark)] if remark else [])]
    by_name = {text(each, "spec", "task"): each for each in tasks}
    if task not in by_name:
        raise no_such("task", task, f"run {name(item)}", by_name)
    return of_task(item, by_name[task], tasks, definition, events)


def _run_of(task: Object) -> str:
    run = text(task, "spec", "run")
    if not run:
        raise MissingError(f"TaskRun {name(task)} is of no run; headrace show says how it is")
    return run


def events_on(source: Readable, tasks: Sequence[Object]) -> Mapping[str, Sequence[str]]:
    """Return Kubernetes' own words on tasks that have not begun to run."""
    waiting = [each for each in tasks if not ended(each) and reason(each) in _NOT_BEGUN]
    found_: dict[str, Sequence[str]] = {}
    for task in waiting[:_MOST_ASKED]:
        attempts = entries(task, "status", "attempts")
        last = attempts[-1] if attempts else {}
        about = text(last, "podName") or text(last, "jobName")
        if about:
            found_[text(task, "spec", "task")] = source.warnings(about)
    return found_
