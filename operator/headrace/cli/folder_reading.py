"""
The objects in the manifests of a folder, and what is wrong with its files.

Knows files. What follows from a change is decided elsewhere.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Final

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.pool import PoolSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cli.called import called_among
from headrace.cli.check import Checked, check
from headrace.cli.input import MANIFESTS, InputError
from headrace.cli.task_alone import workflow_of
from headrace.cli.templates import KINDS, NO_TEMPLATES, Here, KnownTemplates
from headrace.cli.workflow_file import FileObject, WorkflowFile, is_workflow, objects_of
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.followed import Name, follow_problems, follows_itself
from headrace.engine.pool.observed import PoolKey
from headrace.local.object_store import ObjectKey, Refusal
from headrace.local.reading import ObjectManifest, PoolManifest, Reading
from headrace.local.served_definitions import WorkflowManifest

_MISSING: Final = "put its file into the folder"
_NO_KEY: Final = ObjectKey("", "", "")

Check = Callable[[WorkflowFile], Iterator[Problem]]
"""Yields what keeps a workflow from running on this machine."""


def files_of(folder: Path) -> list[Path]:
    """Return the manifests of a folder by name, not of the folders in it, as kubectl does."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix in MANIFESTS and not file.name.startswith(".") and file.is_file()
    )


def read_folder(folder: Path, runs_here: Check, here: Here) -> Reading:
    """
    Read all manifests of a folder.

    Args:
        folder: The folder.
        runs_here: Yields what keeps a workflow from running on this machine.
        here: Where on this machine its workflows run.

    """
    objects: list[FileObject] = []
    found = _Found(runs_here)
    for file in files_of(folder):
        try:
            objects += objects_of(file)
        except InputError as error:
            found.unreadable.append(file.name)
            found.problems += (Refusal(_NO_KEY, line) for line in error.lines)
    templates = reduce(KnownTemplates.beside, (each.templates for each in objects), NO_TEMPLATES)
    objects = [each.among(templates, here) for each in objects]
    for item in objects:
        found.sort(item)
    found.finish([item for item in objects if is_workflow(item.value)])
    return Reading(
        tuple(found.manifests),
        tuple(found.objects.values()),
        found.pools,
        frozenset(found.wrong),
        frozenset(found.unreadable),
        tuple(dict.fromkeys(found.problems)),
    )


@dataclass(slots=True)
class _Found:
    """What was found in the files until now."""

    runs_here: Check
    workflows: dict[str, WorkflowFile] = field(default_factory=dict)
    manifests: list[WorkflowManifest] = field(default_factory=list)
    objects: dict[tuple[str, str], ObjectManifest] = field(default_factory=dict)
    pools: dict[PoolKey, PoolManifest] = field(default_factory=dict)
    wrong: set[ObjectKey] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)

    def sort(self, item: FileObject) -> None:
        """Take one object. Others' objects are no concern."""
        try:
            if is_workflow(item.value):
                self._put(item.workflow())
            else:
                self._take(item)
        except InputError as error:
            if is_workflow(item.value) and item.name in self.workflows:
                self._tell(item, error)  # the one that came first is right
            else:
                self._refuse(item, error)

    def finish(self, known: list[FileObject]) -> None:
        """Check workflows against each other; `known` are all that there are."""
        names = {(each.namespace, each.name): each.definition for each in self.workflows.values()}
        for item in known:
            workflow = self.workflows.get(item.name)
            if workflow is None or not workflow.is_of(item):
                continue
            try:
                self.manifests.append(_manifest(workflow, known, names, self.runs_here))
            except InputError as error:
                self._refuse(item, error)

    def _tell(self, item: FileObject, error: InputError) -> None:
        self.problems += (Refusal(_key(item), line) for line in error.lines)

    def _refuse(self, item: FileObject, error: InputError) -> None:
        self._tell(item, error)
        self.wrong.add(_key(item))

    def _put(self, workflow: WorkflowFile) -> None:
        """Keep a workflow, unless another one has its name."""
        first = self.workflows.setdefault(workflow.name, workflow)
        if first is not workflow:
            namespace = first.namespace
            other = f", of namespace {namespace}" if namespace != workflow.namespace else ""
            message = (
                f"another workflow is named {workflow.name!r}, in {first.path.name}{other}; runs in"
                " a folder of state are named after their workflows, so give this one another name"
            )
            raise workflow.wrong([Problem("metadata.name", message)])

    def _take(self, item: FileObject) -> None:
        for checked in check(item.value):
            if checked.problems:
                raise item.wrong(checked.problems)
            if isinstance(checked.spec, PoolSpec):
                key = PoolKey(checked.namespace, checked.name)
                self.pools[key] = PoolManifest(checked.spec.slots, item.file.name)
            elif not checked.foreign and checked.kind not in KINDS:
                self._take_object(item, checked)

    def _take_object(self, item: FileObject, checked: Checked) -> None:
        """Keep a Backfill, a WorkflowRun or a TaskRun, unless another one has its name."""
        if not item.name:
            message = "an object in a folder is created once, under its name; give it one"
            raise item.wrong([Problem("metadata.name", message)])
        manifest = ObjectManifest(_key(item), self._spec_of(item, checked), item.file.name)
        first = self.objects.setdefault((checked.kind, item.name), manifest)
        if first is not manifest:
            message = (
                f"another {checked.kind} is named {item.name!r}, in {first.file}; give this one"
                " another name"
            )
            raise item.wrong([Problem("metadata.name", message)])

    def _spec_of(self, item: FileObject, checked: Checked) -> str:
        spec = checked.spec
        if not isinstance(spec, TaskRunSpec):
            assert isinstance(spec, RunSpec | BackfillSpec)  # noqa: S101 - the other kinds are taken
            return spec.model_dump_json(by_alias=True, exclude_unset=True)
        workflow = workflow_of(item, spec)
        problems = [
            Problem(each.path.replace("spec.tasks[0]", "spec", 1), each.message)
            for each in self.runs_here(workflow)
        ]
        if problems:
            raise item.wrong(problems)
        return workflow.stored


def _key(item: FileObject) -> ObjectKey:
    kind = item.value.get("kind") if isinstance(item.value, Mapping) else None
    return ObjectKey(str(kind or ""), item.namespace, item.name)


def _manifest(
    workflow: WorkflowFile,
    known: Iterable[FileObject],
    definitions: Mapping[Name, Definition],
    runs_here: Check,
) -> WorkflowManifest:
    """Return a workflow that can run here; raise if it cannot."""
    called = called_among(workflow, known, _MISSING)
    own = workflow.namespace, workflow.name
    problems = [
        *follows_itself(own, workflow.definition),
        *follow_problems(own, workflow.definition, definitions),
        *runs_here(workflow),
    ]
    if problems:
        raise workflow.wrong(problems)
    for each in called.values():
        if inner := list(runs_here(each)):
            raise each.wrong(inner)
    return WorkflowManifest(
        *(workflow.name, workflow.namespace, workflow.stored),
        called={name: each.stored for name, each in called.items()},
        file=workflow.path.name,
    )
