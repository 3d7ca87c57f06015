"""
Runs blocks as a reader does: line by line in bash, from the top of the repository.

Knows bash, and which output a page shows. Knows no cluster.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docs.blocks import Block

SECONDS = 600.0
"""After which a block is given up. Only a guard against hanging."""

LAST_LINES = 40


@dataclass(slots=True)
class Shell:
    """Where the blocks of a page run, and what they printed."""

    folder: Path
    variables: Mapping[str, str]
    printed: list[str] = field(default_factory=list)

    def run(self, block: Block) -> None:
        """Run a block's commands in order; the first that fails fails the test."""
        path = f"{Path(sys.executable).parent}:{self.variables.get('PATH', os.environ['PATH'])}"
        done = subprocess.run(  # noqa: S603 - the commands are those of our own pages
            ["/bin/bash", "-eu", "-o", "pipefail", "-c", block.text],
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
        self.printed.append(done.stdout)

    def follow(self, page: Sequence[Block]) -> None:
        """Run the blocks of a page, and compare the tables that it shows with what was printed."""
        for block in page:
            if block.language == "sh" and block.skip is None:
                self.run(block)
            elif block.headings:
                self.expect(block)

    def expect(self, block: Block) -> None:
        """See that a table with the columns that the page shows was printed before."""
        lines = (line for text in self.printed for line in text.splitlines())
        seen = [line for line in lines if line == line.upper()]
        words = [tuple(line.split()) for line in seen]
        want = tuple(" ".join(block.headings).split())
        assert want in words, f"{block.place}: no command printed these columns, but:\n{seen}"
