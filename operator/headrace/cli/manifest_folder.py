"""
The manifests of a folder: its workflows, and what is wrong with its files.

Knows files and when they have changed. What follows from a change is decided elsewhere.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, Final

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.pool import PoolSpec
from headrace.cli.called import called_among
from headrace.cli.check import check
from headrace.cli.input import MANIFESTS, InputError
from headrace.cli.templates import KINDS, NO_TEMPLATES, Here, KnownTemplates
from headrace.cli.workflow_file import FileObject, WorkflowFile, is_workflow, objects_of
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.followed import Name, follow_problems, follows_itself
from headrace.engine.pool.observed import PoolKey
from headrace.local.served_definitions import WorkflowManifest
from headrace.local.server import Reading

RESTLESS_LOOKS: Final = 10
"""After so many looks, a folder is read although somebody keeps writing to it."""

LOOKS_AT_PROBLEMS: Final = 60
"""After so many looks, files with problems are read again: the cure may lie outside of them, such
as a program that was missing."""

_MISSING: Final = "put its file into the folder"

Check = Callable[[WorkflowFile], Iterator[Problem]]
"""Yields what keeps a workflow from running on this machine."""
Stamp = tuple[str, int, int, int]
"""A file: name, time of the last change, size and number."""


class ManifestFolder:
    """
    The manifests of a folder, read again when they have changed and nobody writes to them.

    Args:
        folder: The folder.
        check: Yields what keeps a workflow from running on this machine.
        here: Where on this machine its workflows run.

    """

    def __init__(self, folder: Path, check: Check, here: Here) -> None:
        self._folder = folder
        self._check = check
        self._here = here
        self._seen: tuple[Stamp, ...] = ()
        self._read: tuple[Stamp, ...] | None = None
        self._restless = 0
        self._troubled: int | None = None
        """How many looks ago files with problems were read; None: there are none."""
        self._asked = True

    def ask(self) -> None:
        """Read all files at the next look, whether or not they have changed."""
        self._asked = True

    async def look(self) -> Reading | None:
        """
        Return all manifests if they have changed; at the first time, in any case.

        Raises:
            OSError: The folder cannot be read.

        """
        stamps = tuple(_stamps(self._folder))
        if not self._due(stamps):
            return None
        reading = await asyncio.to_thread(read_folder, self._folder, self._check, self._here)
        self._read, self._asked, self._restless = stamps, False, 0
        self._troubled = 0 if reading.wrong or reading.unreadable else None
        return reading

    def _due(self, stamps: tuple[Stamp, ...]) -> bool:
        """Return whether to read the files now; remember this look."""
        quiet = stamps == self._seen
        self._seen = stamps
        if self._troubled is not None:
            self._troubled += 1
        if self._asked or (self._troubled or 0) >= LOOKS_AT_PROBLEMS:
            return True
        if stamps == self._read:
            return False
        self._restless += 1
        return quiet or self._restless >= RESTLESS_LOOKS


def read_folder(folder: Path, check: Check, here: Here) -> Reading:
    """Read all manifests of a folder."""
    objects: list[FileObject] = []
    unreadable: list[str] = []
    problems: list[str] = []
    for file in _files(folder):
        try:
            objects += objects_of(file)
        except InputError as error:
            unreadable.append(file.name)
            problems += error.lines
    templates = reduce(KnownTemplates.beside, (each.templates for each in objects), NO_TEMPLATES)
    objects = [each.among(templates, here) for each in objects]
    workflows: dict[str, WorkflowFile] = {}
    pools: dict[PoolKey, int] = {}
    wrong_pools = False
    wrong: set[str] = set()
    for item in objects:
        try:
            if is_workflow(item.value):
                workflow = item.workflow()
                _put(workflow, workflows)
            else:
                pools |= dict(_other(item))
        except InputError as error:
            problems += error.lines
            wrong_pools = wrong_pools or _is_pool(item.value)
            if is_workflow(item.value) and item.name not in workflows:
                wrong.add(item.name)
    known = [item for item in objects if is_workflow(item.value)]
    definitions = {(each.namespace, each.name): each.definition for each in workflows.values()}
    manifests = []
    for name, workflow in workflows.items():
        try:
            manifests.append(_manifest(workflow, known, definitions, check))
        except InputError as error:
            problems += error.lines
            wrong.add(name)
    return Reading(
        tuple(manifests),
        frozenset(wrong),
        frozenset(unreadable),
        pools,
        wrong_pools=wrong_pools,
        problems=tuple(dict.fromkeys(problems)),
    )


def _stamps(folder: Path) -> Iterator[Stamp]:
    for file in _files(folder):
        try:
            found = file.stat()
        except FileNotFoundError:  # it has just been removed
            continue
        yield file.name, found.st_mtime_ns, found.st_size, found.st_ino


def _files(folder: Path) -> list[Path]:
    """Return the manifests of a folder by name, not of the folders in it, as kubectl does."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix in MANIFESTS and not file.name.startswith(".") and file.is_file()
    )


def _put(workflow: WorkflowFile, workflows: dict[str, WorkflowFile]) -> None:
    """Keep a workflow, unless another one has its name."""
    first = workflows.setdefault(workflow.name, workflow)
    if first is not workflow:
        other = f", of namespace {first.namespace}" if first.namespace != workflow.namespace else ""
        message = (
            f"another workflow is named {workflow.name!r}, in {first.path.name}{other}; runs in a"
            " folder of state are named after their workflows, so give this one another name"
        )
        raise workflow.wrong([Problem("metadata.name", message)])


def _is_pool(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("kind") == "Pool"


def _other(item: FileObject) -> Iterator[tuple[PoolKey, int]]:
    """Yield a pool. Refuse what this folder cannot have. Others' objects are no concern."""
    for checked in check(item.value):
        if checked.problems:
            raise item.wrong(checked.problems)
        if isinstance(checked.spec, PoolSpec):
            yield PoolKey(checked.namespace, checked.name), checked.spec.slots
        elif not checked.foreign and checked.kind not in KINDS:
            message = (
                f"a folder that is served has workflows, templates and pools only, and no"
                f" {checked.kind}; move it"
            )
            raise item.wrong([Problem("kind", message)])


def _manifest(
    workflow: WorkflowFile,
    known: list[FileObject],
    definitions: dict[Name, Definition],
    check: Check,
) -> WorkflowManifest:
    """Return a workflow that can run here; raise if it cannot."""
    called = called_among(workflow, known, _MISSING)
    own = workflow.namespace, workflow.name
    problems = [
        *follows_itself(own, workflow.definition),
        *follow_problems(own, workflow.definition, definitions),
        *check(workflow),
    ]
    if problems:
        raise workflow.wrong(problems)
    for each in called.values():
        if inner := list(check(each)):
            raise each.wrong(inner)
    return WorkflowManifest(
        *(workflow.name, workflow.namespace, workflow.stored),
        called={name: each.stored for name, each in called.items()},
        file=workflow.path.name,
    )
