"""
The workflow of a file, ready to run, or what is wrong with it by line.

Knows which object of a file is meant. What is right and wrong is the API's and the engine's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.api.reading.parse import InvalidObjectError, Problem, parse_workflow
from headrace.api.v1alpha1.base import API_VERSION
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli.check import DEFAULT_NAMESPACE, check
from headrace.cli.compose import Document
from headrace.cli.input import InputError, YamlError
from headrace.cli.manifest import documents, located, told
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError

_HERE = {"apiVersion": API_VERSION, "kind": "Workflow"}


@dataclass(frozen=True, slots=True)
class Written:
    """One object of a file, as it was written, and where."""

    file: Path
    document: Document
    path: str
    """In the document: empty, or a place in a List."""
    value: Any

    @property
    def name(self) -> str:
        """Its name; empty if it has none."""
        metadata = self.value.get("metadata")
        return str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""

    @property
    def namespace(self) -> str:
        """Its namespace, or kubectl's own if it names none."""
        metadata = self.value.get("metadata")
        named = metadata.get("namespace") if isinstance(metadata, Mapping) else None
        return str(named or DEFAULT_NAMESPACE)

    def wrong(self, problems: Iterable[Problem]) -> InputError:
        """Return the error that tells of problems, each with its line."""
        placed = [Problem(f"{self.path}{each.path}", each.message) for each in problems]
        return InputError(*located(self.file, self.document, placed))

    def workflow(self) -> "WorkflowFile":
        """
        Return the workflow, ready to run.

        Raises:
            InputError: with everything that is wrong, a line each.

        """
        try:
            spec = parse_workflow(self.value)
            definition = compile_workflow(spec)
        except (InvalidObjectError, InvalidDefinitionError) as error:
            raise self.wrong(Problem(each.path, each.message) for each in error.problems) from error
        return WorkflowFile(self.file, self.name, self.namespace, spec, definition, self)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow that can be run."""

    path: Path
    name: str
    namespace: str
    spec: WorkflowSpec
    definition: Definition
    _written: Written

    def wrong(self, problems: Iterable[Problem]) -> InputError:
        """Return the error that tells of further problems, each with its line."""
        return self._written.wrong(problems)


def read_workflow(path: Path, name: str | None) -> WorkflowFile:
    """
    Read the workflow of a file, or of standard input (`-`).

    Args:
        path: The file.
        name: Which workflow, if the file holds several: its name, or namespace/name.

    Raises:
        InputError: with everything that is wrong, a line each.

    """
    return find_workflow(path, name).workflow()


def find_workflow(path: Path, name: str | None) -> Written:
    """
    Find the workflow of a file, whatever may be wrong with it.

    Raises:
        InputError: if there is no telling which workflow is meant.

    """
    try:
        objects = [
            Written(path, document, at, value)
            for document in documents(path)
            for at, value in _objects(document.value)
        ]
    except YamlError as error:
        raise InputError(told(path, error.line, str(error))) from error
    return _choose(path, objects, name)


def _objects(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the object of a document; of a `kind: List`, each object in it."""
    is_list = isinstance(value, Mapping) and value.get("kind") == "List"
    if is_list and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            yield f"items[{index}].", item
    else:
        yield "", value


def _choose(path: Path, objects: Sequence[Written], name: str | None) -> Written:
    workflows = [each for each in objects if _is_workflow(each.value)]
    if not workflows:
        raise _no_workflow(path, objects)
    names = ", ".join(each.name or "one without a name" for each in workflows)
    if name is not None:
        workflows = [
            each for each in workflows if name in {each.name, f"{each.namespace}/{each.name}"}
        ]
    if len(workflows) == 1:
        return workflows[0]
    if not workflows:
        raise InputError(f"{path}: there is no workflow {name!r} in this file; there are: {names}")
    places = [f"{each.namespace}/{each.name}" for each in workflows]
    if name is not None and len(set(places)) == len(places):
        raise InputError(
            f"{path}: there are several workflows {name!r} in this file; add --name, of:"
            f" {', '.join(places)}"
        )
    if name is not None:
        raise InputError(
            told(path, workflows[1].document.line, f"there is another workflow {name!r}; keep one")
        )
    raise InputError(f"{path}: there are several workflows in this file; add --name, of: {names}")


def _is_workflow(value: Any) -> bool:
    return isinstance(value, Mapping) and all(value.get(key) == is_ for key, is_ in _HERE.items())


def _no_workflow(path: Path, objects: Sequence[Written]) -> InputError:
    """Say why there is none: perhaps one of the objects is meant to be one."""
    lines = [
        line
        for each in objects
        for checked in check(each.value)
        for line in each.wrong(checked.problems).lines
    ]
    return InputError(*(lines or [f"{path}: there is no Workflow in this file"]))
