"""
A fixture with which a template's program starts in milliseconds: `forked`.

    def test_...(forked: Fork) -> None:
        sql = forked("sql", tmp_path)
        done = sql.run({"url": ...})
        many = sql.run_all([{"statement": text} for text in hostile])

A process with the interpreter of the image imports `task.py` with its packages, and forks for each
run. The program is executed from its first line, with its own variables, folder and exit code; only
the imports are shared. `run_all` has one fork for all, one run after the other. One run in a true
process (`called`) belongs beside these: only there the imports are the program's own.

`Ended.deeds` has what a run did to the machine, by the interpreter's audit events: processes it
started (`subprocess.Popen`, with arguments and environment), hosts it looked up and addresses it
connected to, files it wrote. Libraries in C can do these without an event.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from task_images.programs import CONTRACT, IMAGES, Ended, ended, variables

MIDDLE = Path(__file__).with_name("forked_program.py")


@dataclass(frozen=True)
class Counted:
    """Calls that are counted, beginnings and ends; and at which of them the program is killed."""

    calls: str
    """A regular expression, searched in names like `os.replace` and `task.load`."""
    at: int = 0
    """0: at none."""


class Forked:
    """The program of one image, in a folder where it runs and may leave files."""

    def __init__(self, process: subprocess.Popen[str], notes: Path, folder: Path) -> None:
        self._process = process
        self._notes = notes
        self._numbers = count()
        self.folder = folder
        self.counted = 0
        """How many calls the last run had that were counted."""

    def run(
        self,
        given: Mapping[str, Any],
        about: Mapping[str, str] | None = None,
        counted: Counted | None = None,
        started: Callable[[int], None] = lambda _: None,
        file_bytes: int | None = None,
    ) -> Ended:
        """
        Run the program to its end.

        Args:
            given: The parameters.
            about: More variables, like HEADRACE_RUN.
            counted: Calls to count.
            started: Called with the process id when it runs, so that somebody can kill it.
            file_bytes: How large a file can get: the disk is full then.

        """
        more = {"file_bytes": file_bytes}
        (done,) = self._run([given], about or {}, counted, started, more)
        return done

    def run_all(
        self, givens: Iterable[Mapping[str, Any]], about: Mapping[str, str] | None = None
    ) -> list[Ended]:
        """Run the program once for each set of parameters; deeds are those of all, at the last."""
        return self._run(list(givens), about or {}, None, lambda _: None, {})

    def _run(
        self,
        givens: list[Mapping[str, Any]],
        about: Mapping[str, str],
        counted: Counted | None,
        started: Callable[[int], None],
        more: Mapping[str, Any],
    ) -> list[Ended]:
        base = self._notes / str(next(self._numbers))
        base.mkdir()
        runs = [
            self._request(base / str(number), each, about) for number, each in enumerate(givens)
        ]
        request = {
            **more,
            "runs": runs,
            "calls": counted and counted.calls,
            "at": counted.at if counted else 0,
            "counted": str(base / "counted"),
            "deeds": str(base / "deeds"),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        started(self._answer()["pid"])
        code = self._answer()["code"]
        text = (base / "counted").read_text() if counted else ""
        self.counted = int(text or 0)
        deeds = [json.loads(line) for line in (base / "deeds").read_text().splitlines()]
        last = len(runs) - 1
        return [
            _ended(base / str(number), code, deeds if number == last else [])
            for number in range(len(runs))
        ]

    def _request(
        self, base: Path, given: Mapping[str, Any], about: Mapping[str, str]
    ) -> dict[str, Any]:
        base.mkdir()
        own = {
            "PATH": os.environ["PATH"],
            "HEADRACE_OUTPUTS": str(base / "outputs"),
            "TMPDIR": str(self.folder),
        }
        return {
            "variables": {**own, **about, **variables(given)},
            "folder": str(self.folder),
            **{name: str(base / name) for name in ("stdout", "stderr", "code")},
        }

    def _answer(self) -> dict[str, int]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that imports the program has ended; its errors are above"
        answer: dict[str, int] = json.loads(line)
        return answer


def _ended(base: Path, code: int, deeds: list[list[Any]]) -> Ended:
    own = base / "code"  # Absent: it was killed.
    number = int(own.read_text()) if own.exists() else code
    outputs = (base / "stdout").read_bytes(), (base / "stderr").read_bytes()
    done = ended(number, *outputs, base / "outputs")
    return Ended(done.code, done.lines, done.outputs, done.errors, deeds)


Fork = Callable[[str, Path], Forked]


@pytest.fixture(scope="session")
def forked(
    python_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fork]:
    """Return what gives the program of an image, in a folder."""
    processes: dict[str, subprocess.Popen[str]] = {}

    def start(image: str) -> subprocess.Popen[str]:
        words = [str(python_of(image)), str(MIDDLE), str(IMAGES / image / "task.py")]
        return subprocess.Popen(  # noqa: S603 - a program of this repository
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.__stderr__,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CONTRACT)},
        )

    def given(image: str, folder: Path) -> Forked:
        if image not in processes:
            processes[image] = start(image)
        return Forked(processes[image], tmp_path_factory.mktemp("forked"), folder)

    yield given
    for process in processes.values():
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
