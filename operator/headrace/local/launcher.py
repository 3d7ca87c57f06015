"""
From an attempt to a process of this machine: its program, variables and folder.

Knows the interpreter to use and the variables of the shell that started the runner. Starts nothing.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.pod import RESERVED_ENV
from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Program as Work
from headrace.engine.task.actions import StartAttempt
from headrace.local import preflight
from headrace.local.arguments import arguments
from headrace.local.folder import AttemptFiles
from headrace.local.supervision import CannotStartError, Program
from headrace.manifests.arguments import names_in
from headrace.manifests.contract import environment
from headrace.manifests.item_files import variables

_PYTHONS: Final = frozenset({"python", "python3"})


class Launcher(Protocol):
    """How attempts run here: as processes, or in containers."""

    @property
    def interpreter(self) -> Path | None:
        """The program for `python`; None: each container has its own."""

    def problems(self, spec: WorkflowSpec, definition: Definition) -> Iterator[Problem]:
        """Yield the problems that keep a workflow from running here."""

    def notices(self, spec: WorkflowSpec) -> Iterator[str]:
        """Yield notices on fields of a workflow without effect here."""

    def program(self, start: StartAttempt[Work], files: AttemptFiles) -> Program:
        """
        Return the program of an attempt.

        Raises:
            CannotStartError: There is no such program.

        """

    def removal(self, name: str) -> tuple[str, ...]:
        """Return the command that ends the parts of an attempt outside of its process."""


class ProcessLauncher:
    """
    Runs attempts as plain processes.

    Args:
        interpreter: The program for `python`.
        folder: Where tasks without a workingDir run: the folder of the manifest.
        inherited: The variables of the runner's own process, also for tasks.

    """

    def __init__(self, interpreter: Path, folder: Path, inherited: Mapping[str, str]) -> None:
        self.interpreter = interpreter
        self._folder = folder
        self._inherited = {
            name: value for name, value in inherited.items() if not name.startswith(RESERVED_ENV)
        }

    def problems(self, spec: WorkflowSpec, definition: Definition) -> Iterator[Problem]:
        """Yield missing programs, and values that only a cluster has."""
        yield from preflight.foreign_values(spec, self._inherited)
        yield from preflight.missing_folders(spec, definition)
        for task, body in definition.programs:
            if preflight.missing_folder(body) is not None:
                continue  # a program in it would be missing too
            if not _look_in(body).isdisjoint(task.expressions.env):
                continue  # nobody knows yet what it runs, or where that is
            message = self._missing(body)
            if message is not None:
                yield Problem(f"{preflight.path(spec, task.position)}.command", message)

    def notices(self, spec: WorkflowSpec) -> Iterator[str]:
        """Say that there are no volumes."""
        yield from preflight.volumes(spec, "tasks see the files of this machine")

    def program(self, start: StartAttempt[Work], files: AttemptFiles) -> Program:
        """Return the program of an attempt, found on the task's own PATH."""
        body, folder = start.work.body, self._folder_of(start.work.body)
        all_ = {
            **self._variables(body),
            **environment(start, str(files.outputs)),
            **_item(files),
            "PWD": str(folder),
        }
        missing = preflight.missing_folder(body) or self._missing(body)
        if missing is not None:
            raise CannotStartError(missing)
        command, args = arguments(body, self._inherited)
        found = self._find(command[0], all_["PATH"], folder)
        assert found is not None  # noqa: S101 - `_missing` has looked
        return Program((found, *command[1:], *args), all_, folder)

    def removal(self, name: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: a process group holds all."""
        return ()

    def _missing(self, body: TaskBody) -> str | None:
        """Return why a task cannot run as a process, and the cure."""
        if not body.command:
            return (
                "without a container, a task needs a command; give one,"
                " or use --runner podman or docker"
            )
        command, _ = arguments(body, self._inherited)
        program, folder = command[0], self._folder_of(body)
        if self._find(program, self._variables(body)["PATH"], folder) is not None:
            return None
        if os.sep in program and (folder / program).is_file():
            return f"{program!r} cannot be executed; chmod +x it, or put its interpreter before it"
        return (
            f"there is no program {program!r} on this machine;"
            " install it, or use --runner podman or docker"
        )

    def _folder_of(self, body: TaskBody) -> Path:
        """Return the working folder of a task: its own, else the folder of the manifest."""
        return Path(body.working_dir) if body.working_dir else self._folder

    def _variables(self, body: TaskBody) -> dict[str, str]:
        """Merge the runner's variables and the task's own; the interpreter's folder comes first."""
        own = {
            variable.name: variable.value or ""
            for variable in body.env
            if variable.value_from is None
        }
        path = own.get("PATH", self._inherited.get("PATH", os.defpath))
        # The log must show output when the program prints it.
        unbuffered = {"PYTHONUNBUFFERED": "1"}
        first = f"{self.interpreter.parent}{os.pathsep}{path}"
        return {**unbuffered, **self._inherited, **own, "PATH": first}

    def _find(self, program: str, path: str, folder: Path) -> str | None:
        """Return a program's absolute path, never a builtin word of the shell."""
        if program in _PYTHONS:
            return str(self.interpreter)
        if os.sep in program:
            program = str(folder / program)
        found = shutil.which(program, path=path)
        return None if found is None else str(Path(folder, found))


def _item(files: AttemptFiles) -> dict[str, str]:
    """Return the variables that tell a program its item, if it has one."""
    if files.item is None:
        return {}
    return variables(files.item, str(files.item_file), str(files.task_file))


def _look_in(body: TaskBody) -> frozenset[str]:
    """Return the names of the variables that say which program a task runs, and where it is."""
    return frozenset({"PATH"}).union(*map(names_in, body.command[:1]))
