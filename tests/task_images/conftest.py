"""Programs of templates as they run on a laptop: in an environment of their own, as processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headrace.local.environments import environment, make

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "task-images"
CONTRACT = IMAGES / "contract"


@dataclass(frozen=True)
class Ended:
    """What became of a program."""

    code: int
    lines: list[dict[str, Any]]
    outputs: dict[str, Any]
    errors: str

    @property
    def last(self) -> str:
        """The message of the last line."""
        return str(self.lines[-1]["message"]) if self.lines else self.errors


Program = Callable[..., Ended]


def variables(given: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as Headrace gives them to a program."""
    return {
        f"WITH_{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
    }


def called(python: Path, program: Path, folder: Path, **given: Any) -> Ended:
    """Run a program to its end."""
    outputs = folder / "outputs"
    done = subprocess.run(  # noqa: S603 - a program of this repository
        [python, program],
        env={"PATH": os.environ["PATH"], "HEADRACE_OUTPUTS": str(outputs), **variables(given)},
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    written = json.loads(outputs.read_text()) if outputs.exists() else {}
    return Ended(done.returncode, lines, written, done.stderr.decode())


@pytest.fixture(scope="session")
def python_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what gives the interpreter with the packages of an image."""
    folder = tmp_path_factory.mktemp("cache")

    def made(image: str) -> Path:
        before = os.environ.get("HEADRACE_CACHE")
        os.environ["HEADRACE_CACHE"] = str(folder)
        try:
            listed = IMAGES / image / "requirements.txt"
            wanted = environment(Path(sys.executable), listed, (CONTRACT,))
            make(wanted, image, lambda _: None)
        finally:
            if before is None:
                del os.environ["HEADRACE_CACHE"]
            else:
                os.environ["HEADRACE_CACHE"] = before
        return wanted.python

    return made
