"""
`headrace validate`: the problems of files, a line each.

Knows the output and the exit code. The API and the engine find the problems.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import click

from headrace.api.reading.parse import parse_workflow
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.cli.check import Checked, check
from headrace.cli.compose import Document
from headrace.cli.given import stand_in
from headrace.cli.input import YamlError
from headrace.cli.manifest import documents, line_about, located
from headrace.cli.streams import note, tell
from headrace.cli.templates import NO_TEMPLATES, templates_in
from headrace.cli.words import counted
from headrace.cli.written import Written, objects_of
from headrace.engine.definition.called_outputs import output_problems
from headrace.engine.definition.calls import call_problems, calls
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.followed import follow_problems
from headrace.engine.definition.params import InvalidParamsError, resolve

WRONG_INPUT = 2
CLIENT_SIDE_BYTES = 256 * 1024
"""The largest object that `kubectl apply` can keep in an annotation; `--server-side` keeps none."""

Workflows = Mapping[tuple[str, str], Definition]
"""By namespace and name."""


@click.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--server", is_flag=True, help="Ask the API server of a cluster, too.")
@click.option("--context", metavar="NAME", help="With --server: the context of the kubeconfig.")
@click.option("-n", "--namespace", metavar="NAME", help="With --server: the namespace.")
@click.option("--kubeconfig", metavar="FILE", help="With --server: the kubeconfig to use.")
def command(
    *,
    files: Sequence[str],
    server: bool,
    context: str | None,
    namespace: str | None,
    kubeconfig: str | None,
) -> None:
    """
    Check the manifests in each FILE (- is standard input) without a cluster.

    One line for each problem: file, line, field, problem and cure. Objects of other programs are
    skipped. It is an error if no object is Headrace's.

    With --server, the API server then judges each object as if it was applied, and keeps nothing:
    by its own version of the CRDs, the objects that exist, and its admission policies.

    Exit codes: 0 no problems, 2 problems; also if nothing can be printed. With --server also 4 a
    right is missing, 5 no cluster can be asked.
    """
    report = validate(files)
    for line in report.notes:
        note(line)
    if server and not report.problems:
        report.problems.extend(_asked(report.objects, context, namespace, kubeconfig))
    tell(report.problems or report.valid)
    sys.exit(WRONG_INPUT if report.problems else 0)


def _asked(
    objects: Sequence[Written],
    context: str | None,
    namespace: str | None,
    kubeconfig: str | None,
) -> list[str]:
    """Return what the API server would refuse. Without an answer, the program ends here."""
    from headrace.cli.server_check import refusals  # noqa: PLC0415 - only with --server
    from headrace.cli.window.exits import WindowError  # noqa: PLC0415 - the same
    from headrace.cli.window.options import Window  # noqa: PLC0415 - the same

    window = Window(context=context, namespace=namespace, kubeconfig=kubeconfig)
    try:
        return list(refusals(window.cluster(), objects))
    except WindowError as error:
        note(str(error))
        sys.exit(error.code)


@dataclass(slots=True)
class Report:
    """The result, in lines."""

    problems: list[str] = field(default_factory=list)
    valid: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    objects: list[Written] = field(default_factory=list)
    """The objects of Headrace, for the API server."""


@dataclass(frozen=True, slots=True)
class _FileObject:
    """An object and its place."""

    file: str
    document: Document
    checked: Checked


def validate(files: Sequence[str]) -> Report:
    """Check all objects in some files, and each run against its workflow, if that is there too."""
    report = Report()
    read = [(file, document) for file in files for document in _documents(file, report)]
    templates = NO_TEMPLATES
    for file, document in read:
        templates = templates.beside(templates_in(file, (document.value,)))
    objects = [
        _FileObject(file, document, checked)
        for file, document in read
        for checked in check(document.value, templates)
    ]
    workflows = {
        (item.checked.namespace, item.checked.name): item.checked.spec
        for item in objects
        if isinstance(item.checked.spec, Definition)
    }
    first: dict[tuple[str, ...], int] = {}
    for item in objects:
        _judge(item, workflows, report)
        _double(item, first, report)
    if not (report.problems or report.valid):
        report.problems.append(f"{' '.join(files)}: there is no object of headrace.dev here")
    return report


def _documents(file: str, report: Report) -> Iterator[Document]:
    try:
        for document in documents(file):
            report.objects.extend(objects_of(file, document.line, document.value))
            yield document
    except YamlError as error:
        report.problems.append(line_about(file, error.line, str(error)))


def _double(item: _FileObject, first: dict[tuple[str, ...], int], report: Report) -> None:
    """Refuse a second object of one kind, namespace and name: it would replace the first."""
    checked, line = item.checked, item.document.line
    if checked.spec is None or not checked.name:
        return
    key = (item.file, checked.kind, checked.namespace, checked.name)
    if key in first:
        message = f"{_title(checked)} is in two places, first in line {first[key]}; keep one"
        report.problems.append(line_about(item.file, line, message))
    first.setdefault(key, line)


def _judge(item: _FileObject, workflows: Workflows, report: Report) -> None:
    file, document, checked = item.file, item.document, item.checked
    title = _title(checked)
    if checked.foreign:
        report.notes.append(
            line_about(file, document.line, f"{title} is not an object of Headrace: skipped")
        )
        return
    problems = checked.problems or (*_params(checked, workflows), *_calls(checked, workflows))
    if problems:
        report.problems.extend(located(file, document, problems))
    else:
        spec = checked.spec
        size = f": {counted(len(spec.tasks), 'task')}" if isinstance(spec, Definition) else ""
        report.valid.append(line_about(file, document.line, f"{title} is valid{size}"))
        report.notes.extend(located(file, document, checked.hints))
        if checked.size > CLIENT_SIDE_BYTES:
            hint = "is larger than 256 KiB: send it with kubectl apply --server-side"
            report.notes.append(line_about(file, document.line, f"{title} {hint}"))


def _calls(checked: Checked, workflows: Workflows) -> Iterator[Problem]:
    """Compare a workflow's calls and triggers with the workflows among the files."""
    if isinstance(checked.spec, Definition):
        own = (checked.namespace, checked.name)
        yield from follow_problems(own, checked.spec, workflows)
        known = {
            name: workflow
            for (namespace, name), workflow in workflows.items()
            if namespace == checked.namespace
        }
        yield from call_problems(checked.name, checked.spec, known)
        if any(calls(checked.spec)):
            yield from output_problems(parse_workflow(checked.value), checked.spec, known)


def _title(checked: Checked) -> str:
    """Name an object, as far as it has kind and name."""
    name = repr(checked.name) if checked.name else "without a name"
    return f"{checked.kind or 'an object without a kind'} {name}"


def _params(checked: Checked, workflows: Workflows) -> Iterator[Problem]:
    """Compare parameters of a run or backfill with its workflow, if that is among the files."""
    run = checked.spec
    if not isinstance(run, RunSpec | BackfillSpec):
        return
    workflow = workflows.get((checked.namespace, run.workflow))
    if workflow is None:
        return
    given = {each.name: each.value for each in run.params}
    if (
        isinstance(run, RunSpec) and run.rerun_of is not None
    ):  # The earlier run gives what this one does not.
        given = {each.name: stand_in(each) for each in workflow.params} | given
    try:
        resolve(workflow.params, given)
    except InvalidParamsError as error:
        for message in error.problems:
            yield Problem("spec.params", message)
