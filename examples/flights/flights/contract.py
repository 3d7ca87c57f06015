"""
What Headrace gives a task's process, and what it takes back.

Knows environment variables, the outputs file and exit codes. Does not know what the task does.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

OUTPUTS_LIMIT = 4096
"""Bytes that the outputs of one task may have: the size of a pod's termination message."""

BAD_DATA = 2
"""Exit code that the workflow's retry rules never try again; anything else is worth a retry."""

Outputs = Mapping[str, bool | int | float | str | list[str]]
"""What a task tells the tasks after it and the people who watch: small, never the data itself."""

log = logging.getLogger(__name__)


class DataIsBadError(Exception):
    """
    What came in is wrong, and will be wrong again however often it is tried.

    Attributes:
        outputs: What the task can still tell, as it would have after a success.

    """

    def __init__(self, message: str, outputs: Outputs | None = None) -> None:
        super().__init__(message)
        self.outputs: Outputs = outputs or {}


@dataclass(frozen=True, slots=True)
class Context:
    """What one attempt of a task knows of its surroundings."""

    run: str
    """Name of the run: a DNS label, so it can name a folder too."""
    data: Path
    """Folder that all tasks of the workflow share."""
    params: Mapping[str, object] = field(default_factory=dict)
    """The run's parameters by name."""

    def flag(self, name: str) -> bool:
        """
        Return a Boolean parameter; false if the run has none of this name.

        Raises:
            DataIsBadError: The parameter is not true or false.

        """
        value = self.params.get(name, False)
        if not isinstance(value, bool):
            raise DataIsBadError(f"parameter {name} is {value!r}; give it true or false")
        return value


def context_from(environ: Mapping[str, str], working_folder: Path) -> Context:
    """
    Read the surroundings of this attempt.

    DATA_DIR says where the shared folder is (the image sets it to the volume's mount path).
    Without it, as on a laptop, it is the folder `data` beside the manifest.

    Raises:
        DataIsBadError: HEADRACE_PARAMS is not a JSON object.

    """
    text = environ.get("HEADRACE_PARAMS", "{}")
    try:
        params = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataIsBadError(f"HEADRACE_PARAMS is not JSON: {error}") from error
    if not isinstance(params, dict):
        raise DataIsBadError(f"HEADRACE_PARAMS must be a JSON object, not {text:.80}")
    return Context(
        run=environ.get("HEADRACE_RUN", "by-hand"),
        data=Path(environ.get("DATA_DIR") or working_folder / "data"),
        params=params,
    )


def write_outputs(outputs: Outputs, environ: Mapping[str, str]) -> None:
    """
    Write the outputs to the file that Headrace named; without one, leave it.

    The file is written in place: on the cluster it is a mount of its own, which nothing can be
    renamed onto.

    Raises:
        ValueError: The outputs are larger than OUTPUTS_LIMIT.

    """
    text = json.dumps(outputs, separators=(",", ":"))
    if len(text.encode()) > OUTPUTS_LIMIT:
        raise ValueError(f"outputs have {len(text.encode())} bytes; {OUTPUTS_LIMIT} are allowed")
    if path := environ.get("HEADRACE_OUTPUTS"):
        Path(path).write_text(text, encoding="utf-8")


def run_task(body: Callable[[Context], Outputs]) -> NoReturn:
    """
    Run one task and end the process: 0 for success, BAD_DATA if no retry can help.

    Any other exception goes through: Python prints where it happened and exits with 1.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        write_outputs(body(context_from(os.environ, Path.cwd())), os.environ)
    except DataIsBadError as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence is for people; a traceback hides it
        write_outputs(error.outputs, os.environ)
        sys.exit(BAD_DATA)
    sys.exit(0)
