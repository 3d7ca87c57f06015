"""
The workflow of a file, ready to run, or its problems by line.

Knows which object of a file is meant. The API and the engine find the problems.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headrace.api.reading.parse import InvalidObjectError, Problem, parse_workflow
from headrace.api.v1alpha1.group import API_VERSION
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli.check import DEFAULT_NAMESPACE, check
from headrace.cli.compose import Document
from headrace.cli.input import InputError, YamlError
from headrace.cli.manifest import documents, line_about, located
from headrace.cli.templates import (
    CURE,
    NO_TEMPLATES,
    Here,
    KnownTemplates,
    specs,
    templates_in,
)
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.definition.templates import CLUSTER, FilledIn, fill_in, used
from headrace.local.environments import Environment

_HERE = {"apiVersion": API_VERSION, "kind": "Workflow"}


@dataclass(frozen=True, slots=True)
class FileObject:
    """One object of a file, and its place."""

    file: Path
    document: Document
    path: str
    """In the document: empty, or a place in a List."""
    value: Any
    templates: KnownTemplates = NO_TEMPLATES
    """Those of its file, and of others beside it."""
    here: Here | None = None
    """Where on this machine it runs; None: it does not run here."""

    @property
    def name(self) -> str:
        """The name; empty if the object has none."""
        metadata = self.value.get("metadata")
        return str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""

    @property
    def namespace(self) -> str:
        """The namespace. The default is kubectl's."""
        metadata = self.value.get("metadata")
        named = metadata.get("namespace") if isinstance(metadata, Mapping) else None
        return str(named or DEFAULT_NAMESPACE)

    def wrong(self, problems: Iterable[Problem]) -> InputError:
        """Return an error with the problems, a line each."""
        placed = [Problem(f"{self.path}{problem.path}", problem.message) for problem in problems]
        return InputError(*located(self.file, self.document, placed))

    def among(self, templates: KnownTemplates, here: Here | None) -> "FileObject":
        """
        Return the object with more around it.

        Args:
            templates: The templates of other files.
            here: Where on this machine it runs; None: it does not run here.

        """
        return replace(self, templates=self.templates.beside(templates), here=here)

    def workflow(self) -> "WorkflowFile":
        """
        Return the workflow, ready to run.

        Raises:
            InputError: The workflow has problems, a line each.

        """
        try:
            spec = parse_workflow(self.value)
            needed = used(spec)
            known = self.templates.of(self.namespace) if needed else {}
            found = {uses: known[uses] for uses in needed if uses in known}
            place = CLUSTER if self.here is None else self.here.place(found)
            filled = fill_in(spec, specs(known), replace(place, cure=CURE))
        except (InvalidObjectError, InvalidDefinitionError) as error:
            raise self.wrong(error.problems) from error
        environments = {} if self.here is None else self.here.environments(found)
        return WorkflowFile(self.file, self.name, self.namespace, filled, environments, self)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow that can be run."""

    path: Path
    name: str
    namespace: str
    _filled: FilledIn
    environments: Mapping[str, Environment]
    """What the programs of its templates need on this machine, by template."""
    _object: FileObject

    @property
    def stored(self) -> str:
        """The definition for the store, without defaults, so that it is read back as the same."""
        return self.spec.model_dump_json(by_alias=True, exclude_unset=True)

    @property
    def spec(self) -> WorkflowSpec:
        """What it does; no task of it uses a template any more."""
        return self._filled.spec

    @property
    def definition(self) -> Definition:
        """It, ready to run."""
        return self._filled.definition

    def is_of(self, item: FileObject) -> bool:
        """Return whether it is the workflow of an object of a file."""
        return self._object is item

    def wrong(self, problems: Iterable[Problem]) -> InputError:
        """Return an error with further problems, a line each."""
        return self._object.wrong(map(self._filled.told, problems))


def read_workflow(
    path: Path, name: str | None, here: Here | None = None, others: Sequence[Path] = ()
) -> WorkflowFile:
    """
    Read the workflow of a file, or of standard input (`-`).

    Args:
        path: The file.
        name: Which workflow, if the file holds several: its name, or namespace/name.
        here: Where on this machine it runs; None: it does not run here.
        others: Further files, which may have templates.

    Raises:
        InputError: The workflow has problems, a line each.

    """
    return find_workflow(path, name).among(templates_of(others), here).workflow()


def templates_of(files: Sequence[Path]) -> KnownTemplates:
    """
    Return the templates of some files.

    Raises:
        InputError: One cannot be read.

    """
    known = NO_TEMPLATES
    for file in files:
        known = known.beside(templates_in(file, (each.value for each in _documents(file))))
    return known


def find_workflow(path: Path, name: str | None) -> FileObject:
    """
    Find the workflow of a file, even if it has problems.

    Raises:
        InputError: The file does not say which workflow is meant.

    """
    return _choose(path, objects_of(path), name)


def workflows_of(path: Path) -> list[FileObject]:
    """
    Return all workflows of a file, even if they have problems.

    Raises:
        InputError: The file cannot be read.

    """
    return [item for item in objects_of(path) if is_workflow(item.value)]


def objects_of(path: Path) -> list[FileObject]:
    """
    Return all objects of a file, of any kind, even if they have problems.

    Raises:
        InputError: The file cannot be read.

    """
    found = _documents(path)
    templates = templates_in(path, (document.value for document in found))
    return [
        FileObject(path, document, at, value, templates)
        for document in found
        for at, value in _objects(document.value)
    ]


def _documents(path: Path) -> list[Document]:
    try:
        return list(documents(path))
    except YamlError as error:
        raise InputError(line_about(path, error.line, str(error))) from error


def _objects(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the object of a document; of a `kind: List`, each object in it."""
    is_list = isinstance(value, Mapping) and value.get("kind") == "List"
    if is_list and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            yield f"items[{index}].", item
    else:
        yield "", value


def _choose(path: Path, objects: Sequence[FileObject], name: str | None) -> FileObject:
    workflows = [item for item in objects if is_workflow(item.value)]
    if not workflows:
        raise _no_workflow(path, objects)
    names = ", ".join(item.name or "one without a name" for item in workflows)
    if name is not None:
        workflows = [
            item for item in workflows if name in {item.name, f"{item.namespace}/{item.name}"}
        ]
    if len(workflows) == 1:
        return workflows[0]
    if not workflows:
        raise InputError(f"{path}: there is no workflow {name!r} in this file; it has: {names}")
    places = [f"{item.namespace}/{item.name}" for item in workflows]
    if name is not None and len(set(places)) == len(places):
        raise InputError(
            f"{path}: there are several workflows {name!r} in this file; add --name, of:"
            f" {', '.join(places)}"
        )
    if name is not None:
        raise InputError(
            line_about(
                path, workflows[1].document.line, f"there is another workflow {name!r}; keep one"
            )
        )
    raise InputError(f"{path}: there are several workflows in this file; add --name, of: {names}")


def is_workflow(value: Any) -> bool:
    """Return whether an object is a workflow."""
    return isinstance(value, Mapping) and all(value.get(key) == is_ for key, is_ in _HERE.items())


def _no_workflow(path: Path, objects: Sequence[FileObject]) -> InputError:
    """Say why there is no workflow: perhaps one of the objects is meant to be one."""
    lines = [
        line
        for item in objects
        for checked in check(item.value)
        for line in item.wrong(checked.problems).lines
    ]
    return InputError(*(lines or [f"{path}: there is no Workflow in this file"]))
