"""
Runs blocks as a reader does: line by line in bash, from the top of the repository.

Knows bash, and how closely an output must be what the page shows. Knows no cluster.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from docs.blocks import Block, Step

SECONDS = 600.0
"""After which a block is given up. Only a guard against hanging."""

LAST_LINES = 40
ELISION = "…"


@dataclass(frozen=True, slots=True)
class Shell:
    """Where the blocks of a page run. What one exports, the next ones have."""

    folder: Path
    variables: Mapping[str, str]
    exported: Path
    """Where exported variables are kept between blocks."""

    def follow(self, step: Step) -> None:
        """Run the commands, and compare what they printed with what the page shows."""
        printed = self.run(step.commands)
        if step.shown is not None:
            missing = differences(step.shown, printed)
            assert not missing, f"{step.shown.place}: not printed: {missing}, but:\n{printed}"

    def run(self, block: Block) -> str:
        """Run commands in order and return what they print; the first that fails fails the test."""
        script = f'. "{self.exported}"\n{block.text}\nexport -p >"{self.exported}"'
        self.exported.touch()
        path = f"{Path(sys.executable).parent}:{self.variables.get('PATH', os.environ['PATH'])}"
        done = subprocess.run(  # noqa: S603 - the commands are those of our own pages
            ["/bin/bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env={**os.environ, **self.variables, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = "\n".join(done.stdout.splitlines()[-LAST_LINES:])
        assert done.returncode == 0, f"{block.place}: exit code {done.returncode}\n{said}"
        return done.stdout


def differences(shown: Block, printed: str) -> list[str]:
    """
    Return the lines of a page that were not printed.

    Of a table the columns and the first word of each row must be there, since ages and durations
    differ; of other output each line. What is left out is an ellipsis.
    """
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    wanted = [" ".join(line.split()) for line in shown.text.splitlines()]
    if not shown.headings:
        return [each for each in wanted if ELISION not in each and each not in lines]
    names = {line.partition(" ")[0] for line in lines} | {ELISION}
    missing = [each for each in wanted[:1] if each not in lines]
    return missing + [each for each in wanted[1:] if each.partition(" ")[0] not in names]
