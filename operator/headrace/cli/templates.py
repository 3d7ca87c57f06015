"""
The templates that a command knows: those of its files, and those that come with Headrace.

Knows files and names. `engine.definition.templates` compares a task with its template.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from headrace.api.reading.parse import InvalidObjectError, parse_template
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.cli.input import InputError
from headrace.cli.manifest import documents
from headrace.cli.written import objects_of
from headrace.engine.definition.templates import Place, Templates, uses_of
from headrace.local.environments import Environment, NoEnvironmentError, environment

TEMPLATE: Final = "TaskTemplate"
CLUSTER_TEMPLATE: Final = "ClusterTaskTemplate"
KINDS: Final = (TEMPLATE, CLUSTER_TEMPLATE)
CURE: Final = "name its file too, or correct the name"
DEFAULT_NAMESPACE: Final = "default"

_PACKAGE: Final = Path(__file__).parents[1]
SHIPPED: Final = next(
    (
        folder
        for folder in (_PACKAGE / "task_images", _PACKAGE.parents[1] / "task-images")
        if folder.is_dir()
    ),
    None,
)
"""The folder of the templates that come with Headrace: in the package, or beside its source."""

CONTRACT: Final = "contract"
"""The folder in it with the module that programs import."""


@dataclass(frozen=True, slots=True)
class Found:
    """A template of a file."""

    spec: TemplateSpec
    folder: Path
    """The folder of the file."""


@dataclass(frozen=True, slots=True)
class KnownTemplates:
    """The templates of some files. Those of Headrace are read when somebody uses one."""

    own: Mapping[tuple[str, str], Found] = field(default_factory=dict)
    """By namespace, and name with version."""
    shared: Mapping[str, Found] = field(default_factory=dict)

    def of(self, namespace: str) -> Mapping[str, Found]:
        """Return all that a namespace can use."""
        own = {uses: found for (where, uses), found in self.own.items() if where == namespace}
        return {**shipped(), **self.shared, **own}

    def beside(self, other: "KnownTemplates") -> "KnownTemplates":
        """Return these templates, and those of other files behind them."""
        return KnownTemplates({**other.own, **self.own}, {**other.shared, **self.shared})


NO_TEMPLATES: Final = KnownTemplates()


def specs(found: Mapping[str, Found]) -> Templates:
    """Return templates without their places."""
    return {uses: each.spec for uses, each in found.items()}


def templates_in(file: str | Path, values: Iterable[Any]) -> KnownTemplates:
    """Return the templates among the objects of a file. One that has problems is none."""
    folder = Path(file).absolute().parent
    own: dict[tuple[str, str], Found] = {}
    shared: dict[str, Found] = {}
    for value in values:
        for written in objects_of(str(file), 1, value):
            kind, metadata = written.value.get("kind"), written.value.get("metadata")
            if kind not in KINDS or not isinstance(metadata, Mapping):
                continue
            try:
                found = Found(parse_template(written.value), folder)
            except InvalidObjectError:
                continue
            uses = uses_of(str(metadata["name"]))
            if kind == CLUSTER_TEMPLATE:
                shared[uses] = found
            else:
                own[str(metadata.get("namespace") or DEFAULT_NAMESPACE), uses] = found
    return KnownTemplates(own, shared)


@cache
def shipped() -> Mapping[str, Found]:
    """Return the templates that come with Headrace."""
    files = () if SHIPPED is None else sorted(SHIPPED.glob("*/template.yaml"))
    found: dict[str, Found] = {}
    for file in files:
        found |= templates_in(file, (each.value for each in documents(file))).shared
    return found


@dataclass(frozen=True, slots=True)
class Here:
    """Where tasks run on this machine: in containers, or as processes of an interpreter."""

    interpreter: Path | None
    """None: tasks run in containers."""

    def place(self, found: Mapping[str, Found]) -> Place:
        """Return what differs from a cluster for some templates."""
        commands = {
            uses: (str(each.python), str(program)) for uses, each, program in self._programs(found)
        }
        return Place(mounts_secrets=False, commands=commands, cure=CURE)

    def environments(self, found: Mapping[str, Found]) -> dict[str, Environment]:
        """Return the environments that some templates need, by name."""
        return {uses: each for uses, each, _ in self._programs(found)}

    def _programs(self, found: Mapping[str, Found]) -> Iterator[tuple[str, Environment, Path]]:
        if self.interpreter is None:
            return
        modules = () if SHIPPED is None else (SHIPPED / CONTRACT,)
        for uses, each in found.items():
            local = each.spec.local
            if local is None:
                continue
            listed = None if local.requirements is None else each.folder / local.requirements
            try:
                made = environment(self.interpreter, listed, modules)
            except NoEnvironmentError as error:
                raise InputError(f"template {uses}: local.requirements: {error}") from error
            yield uses, made, each.folder / local.program
