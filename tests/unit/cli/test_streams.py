"""Standard streams that are closed, full or left alone: `headrace.cli.streams`."""

import subprocess
import sys
from pathlib import Path

import pytest

WORKFLOW = """\
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: stock}
spec:
  tasks: [{name: extract, image: example.org/none:1, command: [sh, -c, "echo a > ran"]}]
"""
PROGRAM = f'{sys.executable} -c "from headrace.cli.main import main; main()"'
FULL = "standard output cannot be written: No space left on device"


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in a folder with a workflow; `headrace` is the program."""
    (folder / "workflow.yaml").write_text(WORKFLOW)
    return subprocess.run(  # noqa: S603 - this test's own words
        ["/bin/sh", "-c", line.replace("headrace", PROGRAM, 1)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("headrace validate workflow.yaml > /dev/full", 0, FULL),
        ("headrace validate nothing.yaml > /dev/full", 2, FULL),
        ("headrace graph workflow.yaml > /dev/full", 1, FULL),
        ("headrace run workflow.yaml --runner process > /dev/full", 0, FULL),
        ("headrace run workflow.yaml --runner process >&-", 0, ""),
        ("headrace run workflow.yaml --runner process 2>&-", 0, ""),
        ("headrace validate workflow.yaml >&-", 0, ""),
        ("headrace run - <&-", 2, "<stdin>: is closed; name a file"),
        ("headrace validate nothing.yaml 2> /dev/full", 2, ""),
        ("headrace run nothing.yaml 2> /dev/full", 2, ""),
    ],
)
def test_what_cannot_be_printed_changes_no_outcome(
    tmp_path: Path, line: str, code: int, says: str
) -> None:
    """No traceback, and the exit code of what was done; only a graph is nothing unless shown."""
    done = shell(tmp_path, line)

    assert (code, says) == (done.returncode, next(iter(done.stderr.splitlines()), ""))
    assert "Traceback" not in done.stderr
    if line.startswith("headrace run workflow"):
        assert (tmp_path / "ran").exists()


def test_a_closed_stream_is_no_file_of_the_run(tmp_path: Path) -> None:
    """What is printed on a number that was free must not go into somebody's file."""
    done = shell(tmp_path, "headrace run workflow.yaml --runner process <&- >&- 2>&-")

    assert 0 == done.returncode
    logs = [path.read_text() for path in tmp_path.glob(".headrace/runs/*/*/attempt-1.*")]
    assert [] == [text for text in logs if "headrace" in text or "extract" in text]


def test_a_character_that_the_terminal_does_not_have_is_written_as_its_escape(
    tmp_path: Path,
) -> None:
    """An old encoding ends no command."""
    line = 'PYTHONIOENCODING=latin-1 headrace validate "\u0142.yaml"'

    assert "\\u0142.yaml: cannot be read" in shell(tmp_path, line).stdout
