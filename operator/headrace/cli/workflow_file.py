"""
The workflow of a file, ready to run, or its problems by line.

Knows which object of a file is meant. The API and the engine find the problems.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.api.reading.parse import InvalidObjectError, Problem, parse_workflow
from headrace.api.v1alpha1.group import API_VERSION
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli.check import DEFAULT_NAMESPACE, check
from headrace.cli.compose import Document
from headrace.cli.input import InputError, YamlError
from headrace.cli.manifest import documents, line_about, located
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError

_HERE = {"apiVersion": API_VERSION, "kind": "Workflow"}


@dataclass(frozen=True, slots=True)
class FileObject:
    """One object of a file, and its place."""

    file: Path
    document: Document
    path: str
    """In the document: empty, or a place in a List."""
    value: Any

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

    def workflow(self) -> "WorkflowFile":
        """
        Return the workflow, ready to run.

        Raises:
            InputError: The workflow has problems, a line each.

        """
        try:
            spec = parse_workflow(self.value)
            definition = compile_workflow(spec)
        except (InvalidObjectError, InvalidDefinitionError) as error:
            raise self.wrong(error.problems) from error
        return WorkflowFile(self.file, self.name, self.namespace, spec, definition, self)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow that can be run."""

    path: Path
    name: str
    namespace: str
    spec: WorkflowSpec
    definition: Definition
    _object: FileObject

    @property
    def stored(self) -> str:
        """The definition for the store, without defaults, so that it is read back as the same."""
        return self.spec.model_dump_json(by_alias=True, exclude_unset=True)

    def wrong(self, problems: Iterable[Problem]) -> InputError:
        """Return an error with further problems, a line each."""
        return self._object.wrong(problems)


def read_workflow(path: Path, name: str | None) -> WorkflowFile:
    """
    Read the workflow of a file, or of standard input (`-`).

    Args:
        path: The file.
        name: Which workflow, if the file holds several: its name, or namespace/name.

    Raises:
        InputError: The workflow has problems, a line each.

    """
    return find_workflow(path, name).workflow()


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
    try:
        return [
            FileObject(path, document, at, value)
            for document in documents(path)
            for at, value in _objects(document.value)
        ]
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
