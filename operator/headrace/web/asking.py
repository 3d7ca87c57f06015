"""
The objects behind an answer: which ones a page needs, and how few requests get them.

Knows sources. The views make rows of what is found.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from headrace.cli.check import DEFAULT_NAMESPACE
from headrace.cli.explain import events_on
from headrace.cli.window.exits import MissingError, no_such
from headrace.cli.window.laptop import LaptopSource
from headrace.cli.window.source import Choice, Source
from headrace.cluster.kinds import APPROVALS, BACKFILLS, POOLS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.drawing import bars, edges, nodes
from headrace.views.explain import Finding, of_run, of_task, of_workflow
from headrace.views.facts import facts
from headrace.views.objects import Object, ended, entries, field, name, namespace, text
from headrace.views.run_tasks import all_tasks
from headrace.views.summaries import (
    approval_row,
    attempt_rows,
    newest_first,
    run_row,
    task_row,
    workflow_row,
)
from headrace.web.answers import (
    DeclaredParam,
    RunPage,
    Sentence,
    TaskPage,
    TitledFact,
    WorkflowPage,
)
from headrace.web.files_here import FileHere, files_here

_NEW: Final = (APPROVALS, POOLS, BACKFILLS)
"""Kinds that a place may not have: an older cluster, or a laptop."""
_NO_FILE: Final = "no file of this machine has it today"


def workflows(source: Source, runs: Sequence[Object]) -> Sequence[Object]:
    """Return all workflows. A laptop has them in files, and runs of files that are gone."""
    if not isinstance(source, LaptopSource):
        return source.listed(WORKFLOWS, Choice()).items
    found = {called: _in_file(called, file) for called, file in files_here(source).items()}
    newest = {text(run, "spec", "workflow"): run for run in reversed(newest_first(runs))}
    gone = {called: stand_in(run, None) for called, run in newest.items() if called not in found}
    return [item for _, item in sorted({**found, **gone}.items())]


def _in_file(called: str, file: FileHere) -> Object:
    """Return the workflow of a file, as it would run today."""
    space = text(file.value, "metadata", "namespace") or DEFAULT_NAMESPACE
    spec = field(file.value, "spec") or {}
    return _here(called, space, spec, "True", "InAFile", str(file.path))


def stand_in(run: Object, definition: Object | None) -> Object:
    """Return the workflow of a run of a laptop, whose file is gone."""
    called, space = text(run, "spec", "workflow"), namespace(run)
    return _here(called, space, definition or {}, "Unknown", "NoFile", _NO_FILE)


def _here(called: str, space: str, spec: Object, *state: str) -> Object:
    condition = {"type": "Ready", **dict(zip(("status", "reason", "message"), state, strict=True))}
    metadata = {"name": called, "namespace": space}
    return {
        "kind": "Workflow",
        "metadata": metadata,
        "spec": spec,
        "status": {"conditions": [condition]},
    }


def all_of(source: Source, kind: Resource, *, local: bool) -> Sequence[Object]:
    """Return all objects of a kind; none where a place does not have the kind."""
    if local and kind in (POOLS, BACKFILLS):
        return ()
    try:
        return source.listed(kind, Choice()).items
    except MissingError:
        if kind in _NEW:
            return ()
        raise


def runs_of(source: Source, workflow: str) -> list[Object]:
    """Return the runs of a workflow, newest first; of all workflows if it is empty."""
    fields = f"spec.workflow={workflow}" if workflow else ""
    return newest_first(source.listed(WORKFLOW_RUNS, Choice(fields=fields)).items)


def definition_now(source: Source, workflow: str) -> Object:
    """Return a workflow; on a laptop that of today's file, else as its newest run had it."""
    if not isinstance(source, LaptopSource):
        return source.named(WORKFLOWS, workflow)
    files = files_here(source)
    if workflow in files:
        return _in_file(workflow, files[workflow])
    runs = runs_of(source, workflow)
    if not runs:
        known = {text(run, "spec", "workflow") for run in runs_of(source, "")}
        raise no_such("Workflow", workflow, "this machine", {*known, *files})
    return stand_in(runs[0], source.definition(runs[0]))


def workflow_page(source: Source, workflow: str, now: datetime) -> WorkflowPage:
    """Return all that belongs to a workflow."""
    runs = runs_of(source, workflow)
    item = definition_now(source, workflow)
    spec = field(item, "spec") or {}
    here = source if isinstance(source, LaptopSource) else None
    return WorkflowPage(
        row=workflow_row(item, runs),
        facts=_facts(item, now),
        sentences=_sentences(of_workflow(item, runs, now)) if here is None else [],
        params=[_param(each) for each in entries(spec, "params")],
        startable=here is None or workflow in files_here(here),
        nodes=nodes([_bare(each) for each in _written(spec)], spec),
        edges=edges(spec),
        definition=_json(spec),
    )


def run_page(source: Source, run: str, now: datetime) -> RunPage:
    """Return all that belongs to a run."""
    item = source.named(WORKFLOW_RUNS, run)
    definition = source.definition(item)
    tasks = all_tasks(item, source.tasks(run), definition)
    told = of_run(item, tasks, definition, events_on(source, tasks), now)
    remark = "" if ended(item) else source.carried_out(run)
    if remark:
        told.append(Finding(f"run {run}", "NoRunner", remark))
    return RunPage(
        row=run_row(item),
        facts=_facts(item, now),
        sentences=_sentences(told),
        tasks=[task_row(task) for task in tasks],
        nodes=nodes(tasks, definition),
        edges=edges(definition),
        bars=bars(tasks),
        approvals=[approval_row(each) for each in _questions(source, run)],
        params=_given(item, definition),
    )


def task_page(source: Source, run: str, task: str, now: datetime) -> TaskPage:
    """Return all that belongs to a task of a run."""
    item = source.named(WORKFLOW_RUNS, run)
    definition = source.definition(item)
    tasks = all_tasks(item, source.tasks(run), definition)
    by_name = {text(each, "spec", "task"): each for each in tasks}
    if task not in by_name:
        raise no_such("task", task, f"run {run}", by_name)
    found = by_name[task]
    told = of_task(item, found, tasks, definition, events_on(source, [found]))
    written = [each for each in _written(definition) if text(each, "name") == task]
    return TaskPage(
        run=run_row(item),
        row=task_row(found),
        facts=_facts(found, now),
        sentences=_sentences(told),
        attempts=attempt_rows(found),
        approvals=[
            approval_row(each)
            for each in _questions(source, run)
            if text(each, "spec", "task") == task
        ],
        bars=bars([found]),
        definition=_json(written[0]) if written else "",
        object=_json(_plain(found)) if name(found) else "",
    )


def _questions(source: Source, run: str) -> list[Object]:
    try:
        return newest_first(source.listed(APPROVALS, Choice(fields=f"spec.run={run}")).items)
    except MissingError:
        return []


def _bare(task: Object) -> Object:
    return {"kind": "TaskRun", "spec": {"task": text(task, "name")}}


def _written(definition: Object | None) -> list[Object]:
    return [*entries(definition, "tasks"), *entries(definition, "finally")]


def _facts(item: Object, now: datetime) -> list[TitledFact]:
    return [TitledFact(title, words) for title, words in facts(item, now)]


def _sentences(findings: Sequence[Finding]) -> list[Sentence]:
    known = [finding.fields() for finding in findings]
    return [Sentence(**{key: value or "" for key, value in each.items()}) for each in known]


def _given(run: Object, definition: Object | None) -> list[DeclaredParam]:
    """Return the parameters of a run, each with its value as the default of a rerun."""
    values = {
        text(each, "name"): field(each, "value")
        for each in [*entries(run, "status", "rerun", "params"), *entries(run, "spec", "params")]
    }
    return [
        _param({**each, "default": values.get(text(each, "name"), field(each, "default"))})
        for each in entries(definition, "params")
    ]


def _param(written: Object) -> DeclaredParam:
    default = field(written, "default")
    return DeclaredParam(
        name=text(written, "name"),
        type=text(written, "type") or "String",
        description=text(written, "description"),
        required=default is None,
        default=text(written, "default"),
        choices=[str(each) for each in entries(written, "enum")],
    )


def _plain(item: Object) -> dict[str, Any]:
    metadata = field(item, "metadata") or {}
    return {**item, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
