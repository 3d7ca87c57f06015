"""
The workflows that a workflow's tasks call, found among the given files.

Knows files and names. `engine.definition.calls` compares a call with its workflow.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.problem import Problem
from headrace.cli.templates import Here
from headrace.cli.workflow_file import FileObject, WorkflowFile, templates_of, workflows_of
from headrace.engine.definition.called_outputs import output_problems
from headrace.engine.definition.calls import call_problems, calls, calls_itself, circle, path_of

_CURE: Final = "name its file too, after this one"


def find_called(
    workflow: WorkflowFile, others: Sequence[Path], here: Here | None = None
) -> Mapping[str, WorkflowFile]:
    """
    Return the workflows that a workflow calls, also through others, by name.

    Args:
        workflow: The workflow.
        others: Further files; its own file is searched too.
        here: Where on this machine they run; None: they do not run here.

    Raises:
        InputError: One is missing or has problems, or a call does not fit.

    """
    if not any(calls(workflow.definition)):
        return {}
    files = dict.fromkeys((workflow.path, *others))
    templates = templates_of(list(files))
    known = [item.among(templates, here) for file in files for item in workflows_of(file)]
    return called_among(workflow, known, _CURE)


def called_among(
    workflow: WorkflowFile, objects: Iterable[FileObject], cure: str
) -> Mapping[str, WorkflowFile]:
    """
    Return the workflows among some that a workflow calls, also through others, by name.

    Args:
        workflow: The workflow.
        objects: All workflows that there are.
        cure: What to do about one that is missing.

    Raises:
        InputError: One is missing or has problems, or a call does not fit.

    """
    known = {item.name: item for item in objects if item.namespace == workflow.namespace}
    found: dict[str, WorkflowFile] = {workflow.name: workflow}
    waiting = [workflow]
    while waiting:
        asking = waiting.pop(0)
        for name in _needed(asking, known, cure):
            if name not in found:
                found[name] = known[name].workflow()
                waiting.append(found[name])
    _check(found)
    return {name: each for name, each in found.items() if name != workflow.name}


def _needed(workflow: WorkflowFile, known: Mapping[str, FileObject], missing: str) -> list[str]:
    """Return the names that a workflow calls; raise if one is not there."""
    problems = []
    names: dict[str, None] = {}
    for task, call in calls(workflow.definition):
        names[call.workflow] = None
        if call.workflow not in known:
            path = f"{path_of(workflow.definition, task)}.workflow.name"
            cure = did_you_mean(call.workflow, known) or missing
            message = f"there is no Workflow {call.workflow!r} in the given files; {cure}"
            problems.append(Problem(path, message))
    if problems:
        raise workflow.wrong(problems)
    return list(names)


def _check(found: Mapping[str, WorkflowFile]) -> None:
    definitions = {name: each.definition for name, each in found.items()}
    for name, workflow in found.items():
        problems = [
            *calls_itself(name, workflow.definition),
            *call_problems(name, workflow.definition, definitions),
            *output_problems(workflow.spec, workflow.definition, definitions),
        ]
        if problems:
            raise workflow.wrong(problems)
        assert not circle(name, definitions)  # noqa: S101 - `call_problems` has looked
