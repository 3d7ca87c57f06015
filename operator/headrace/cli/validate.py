"""
`headrace validate`: all that is wrong in some files, a line each.

Knows what is printed and the exit code. What is right and wrong is the API's and the engine's.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import click

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.run import RunSpec
from headrace.cli.check import Checked, check
from headrace.cli.compose import Document
from headrace.cli.input import YamlError
from headrace.cli.manifest import documents, located, told
from headrace.cli.streams import note, tell
from headrace.cli.words import counted
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.params import InvalidParamsError, resolve

WRONG_INPUT = 2
CLIENT_SIDE_BYTES = 256 * 1024
"""What `kubectl apply` can keep of an object in an annotation; `--server-side` needs none."""

Workflows = Mapping[tuple[str, str], Definition]
"""By namespace and name."""


@click.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def command(files: Sequence[str]) -> None:
    """
    Check the manifests in each FILE (- is standard input) without a cluster.

    One line for each problem: file, line, field, what is wrong and what to do. Objects that are
    not Headrace's are passed over; a call that finds none of Headrace's is an error.

    Exit codes: 0 all is well, 2 something is wrong. They hold also if nothing can be printed.
    """
    report = validate(files)
    for line in report.notes:
        note(line)
    tell(report.problems or report.valid)
    sys.exit(WRONG_INPUT if report.problems else 0)


@dataclass(slots=True)
class Report:
    """What was found, in lines."""

    problems: list[str] = field(default_factory=list)
    valid: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """An object and where it was."""

    file: str
    document: Document
    checked: Checked


def validate(files: Sequence[str]) -> Report:
    """Check all objects in some files, and runs against the workflows that are there too."""
    report = Report()
    found = [each for file in files for each in _objects(file, report)]
    workflows = {
        (each.checked.namespace, each.checked.name): each.checked.spec
        for each in found
        if isinstance(each.checked.spec, Definition)
    }
    first: dict[tuple[str, ...], int] = {}
    for each in found:
        _judge(each, workflows, report)
        _double(each, first, report)
    if not (report.problems or report.valid):
        report.problems.append(f"{' '.join(files)}: there is no object of headrace.dev here")
    return report


def _objects(file: str, report: Report) -> Iterator[_Found]:
    try:
        for document in documents(file):
            for checked in check(document.value):
                yield _Found(file, document, checked)
    except YamlError as error:
        report.problems.append(told(file, error.line, str(error)))


def _double(found: _Found, first: dict[tuple[str, ...], int], report: Report) -> None:
    """Refuse a second object of one kind, namespace and name: it would replace the first."""
    checked, line = found.checked, found.document.line
    if checked.spec is None or not checked.name:
        return
    key = (found.file, checked.kind, checked.namespace, checked.name)
    if key in first:
        message = f"{_title(checked)} is in two places, first in line {first[key]}; keep one"
        report.problems.append(told(found.file, line, message))
    first.setdefault(key, line)


def _judge(found: _Found, workflows: Workflows, report: Report) -> None:
    file, document, checked = found.file, found.document, found.checked
    title = _title(checked)
    if checked.foreign:
        report.notes.append(
            told(file, document.line, f"{title} is not an object of Headrace: skipped")
        )
        return
    problems = checked.problems or tuple(_params(checked, workflows))
    if problems:
        report.problems.extend(located(file, document, problems))
    else:
        spec = checked.spec
        size = f": {counted(len(spec.tasks), 'task')}" if isinstance(spec, Definition) else ""
        report.valid.append(told(file, document.line, f"{title} is valid{size}"))
        if checked.size > CLIENT_SIDE_BYTES:
            hint = "is larger than 256 KiB: send it with kubectl apply --server-side"
            report.notes.append(told(file, document.line, f"{title} {hint}"))


def _title(checked: Checked) -> str:
    """Name an object, as far as it has kind and name."""
    name = repr(checked.name) if checked.name else "without a name"
    return f"{checked.kind or 'an object without a kind'} {name}"


def _params(checked: Checked, workflows: Workflows) -> Iterator[Problem]:
    """Compare a run's parameters with its workflow, if that is among the files."""
    run = checked.spec
    if not isinstance(run, RunSpec):
        return
    workflow = workflows.get((checked.namespace, run.workflow))
    if workflow is None:
        return
    try:
        resolve(workflow.params, {each.name: each.value for each in run.params})
    except InvalidParamsError as error:
        for message in error.problems:
            yield Problem("spec.params", message)
