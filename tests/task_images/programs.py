"""
Programs of templates as processes: what they are given, and what became of them.

Knows the contract's variables and exit codes. Knows no template.
"""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "task-images"
CONTRACT = IMAGES / "contract"


@dataclass(frozen=True)
class Ended:
    """What became of a program."""

    code: int
    """As the shell says it, but negative: the number of the signal that killed it."""
    lines: list[dict[str, Any]]
    outputs: dict[str, Any]
    errors: str
    deeds: list[list[Any]] = field(default_factory=list)
    """What it did to the machine, if that was noted (`forking`): an event and its arguments."""

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
    return ended(done.returncode, done.stdout, done.stderr, outputs)


def ended(code: int, stdout: bytes, stderr: bytes, outputs: Path) -> Ended:
    """Return what became of a program, by what it left."""
    lines = [json.loads(line) for line in stdout.splitlines()]
    text = outputs.read_text() if outputs.exists() else ""
    return Ended(code, lines, json.loads(text) if text else {}, stderr.decode())
