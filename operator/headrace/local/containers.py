"""
From an attempt to a podman or docker command.

Knows their arguments; starts no task. A container gets the contract and its image, but no files and
no variables of this machine.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.pod import RESERVED_ENV, ImagePullPolicy
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Program as Work
from headrace.engine.task.actions import StartAttempt
from headrace.local import preflight
from headrace.local.arguments import arguments
from headrace.local.folder import AttemptFiles
from headrace.local.supervision import CannotStartError, Program
from headrace.manifests.contract import environment
from headrace.manifests.item_files import ITEM_PATH, TASK_PATH, variables
from headrace.manifests.names import job_name

OUTPUTS: Final = "/headrace/outputs"
PULL: Final[Mapping[ImagePullPolicy, str]] = {
    ImagePullPolicy.ALWAYS: "always",
    ImagePullPolicy.IF_NOT_PRESENT: "missing",
    ImagePullPolicy.NEVER: "never",
}
"""The name that both engines use."""
_INFO_SECONDS: Final = 10


def find(engine: str) -> str | None:
    """Return the path of an engine that is installed and answers, else None."""
    program = shutil.which(engine)
    if program is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - one of ENGINES
            [program, "info"], capture_output=True, timeout=_INFO_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if answer.returncode == 0 else None


class ContainerLauncher:
    """
    Runs attempts in containers.

    Args:
        engine: The path of podman or docker.
        folder: Where the engine's client runs.
        inherited: The variables of the runner's own process, for the client.

    """

    def __init__(self, engine: str, folder: Path, inherited: Mapping[str, str]) -> None:
        self.interpreter: Path | None = None
        self._engine = engine
        self._folder = folder
        self._inherited = {
            name: value for name, value in inherited.items() if not name.startswith(RESERVED_ENV)
        }

    def problems(self, spec: WorkflowSpec, definition: Definition) -> Iterator[Problem]:  # noqa: ARG002 - the protocol's
        """Yield values that only a cluster has."""
        yield from preflight.foreign_values(spec, self._inherited)

    def notices(self, spec: WorkflowSpec) -> Iterator[str]:
        """Say that there are no volumes."""
        yield from preflight.volumes(spec, "containers have the files of their image only")

    def program(self, start: StartAttempt[Work], files: AttemptFiles) -> Program:
        """
        Return the engine's command for an attempt.

        Raises:
            CannotStartError: The name of the image or of the program is not valid.

        """
        # The container's user may be any; its folder keeps the file from other users.
        files.outputs.touch()
        files.outputs.chmod(0o666)
        contract = {**environment(start, OUTPUTS), **_item(files)}
        body, context = start.work.body, start.context
        job = job_name(context.run, context.run_uid, start.task, start.number)
        name = container_name(job, files.item)
        image = body.image or ""
        if not image or image.startswith("-"):  # the engine would take it for an option
            raise CannotStartError(f"{image!r} is not the name of an image")
        command, args = arguments(body, self._inherited)
        if command and not _names_a_program(command[0]):
            raise CannotStartError(f"{command[0]!r} is not the name of a program")
        words = (
            *(self._engine, "run", "--rm", "--name", name),
            *("--volume", f"{files.outputs}:{OUTPUTS}"),
            *_mounts(files),
            *(("--pull", PULL[body.image_pull_policy]) if body.image_pull_policy else ()),
            *(("--workdir", body.working_dir) if body.working_dir else ()),
            *_variables(start, contract),
            *(("--entrypoint", command[0]) if command else ()),
            image,
            *command[1:],
            *args,
        )
        return Program(words, {**self._inherited, **contract}, self._folder, self.removal(name))

    def removal(self, name: str) -> tuple[str, ...]:
        """Return the command that ends a container whose client was killed."""
        return (self._engine, "rm", "--force", name)


def container_name(job: str, index: int | None) -> str:
    """Return the name of the container of an attempt, or of one of its items."""
    return job if index is None else f"{job}-{index}"


def _item(files: AttemptFiles) -> dict[str, str]:
    """Return the variables that tell a program its item, as in a pod."""
    return {} if files.item is None else variables(files.item, ITEM_PATH, TASK_PATH)


def _mounts(files: AttemptFiles) -> Iterator[str]:
    """Yield the options that show a container its item."""
    if files.item is None:
        return
    for file, path in ((files.item_file, ITEM_PATH), (files.task_file, TASK_PATH)):
        file.chmod(0o644)
        yield from ("--volume", f"{file}:{path}:ro")


def _names_a_program(text: str) -> bool:
    """Return whether podman takes an entrypoint for a program: of a list as JSON it makes words."""
    return text == "[" or not (text.strip() in {"", "null"} or text.lstrip().startswith("["))


def _variables(start: StartAttempt[Work], contract: Mapping[str, str]) -> Iterator[str]:
    """
    Return options that set variables.

    Variables of the contract and of the runner's shell are passed by name only, so none of their
    values is among the arguments, which all users of a machine can read. The values in the task's
    own `env` are, those of expressions too: by name they would be variables of the engine's client.
    """
    for name in contract:
        yield from ("--env", name)
    for variable in start.work.body.env:
        literal = variable.value_from is None
        value = f"{variable.name}={variable.value or ''}"
        yield from ("--env", value if literal else variable.name)
