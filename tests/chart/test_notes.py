"""What a person reads after `helm install`: `templates/NOTES.txt`."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.rendering import NAMESPACE, notes
from headrace.api.reading.parse import parse_workflow

STAND_IN = f"""#!{sys.executable}
import json, os, sys

words = sys.argv[1:]
read = sys.stdin.read() if "-" in words else ""
with open(os.environ["CALLS"], "a") as calls:
    print(json.dumps([words, read]), file=calls)
"""
"""A kubectl that writes down how it was called and what it was given to read."""


def calls(script: str, folder: Path) -> Sequence[tuple[list[str], str]]:
    """Run the script in bash with the stand-in; return each call's words and input."""
    kubectl, written = folder / "kubectl", folder / "calls"
    kubectl.write_text(STAND_IN)
    kubectl.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - the words are those of our own notes
        ["/bin/bash", "-eu", "-c", script],
        env={**os.environ, "PATH": path, "CALLS": str(written)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    # Of a here-document that does not end, bash only warns.
    assert "" == done.stderr
    return [tuple(json.loads(line)) for line in written.read_text().splitlines()]


def pasted(text: str) -> str:
    """Return what a person takes out of the notes: from each command to what does not belong."""
    paragraphs = text.split("\n\n")
    return "\n".join(each for each in paragraphs if each.lstrip().startswith("kubectl"))


@pytest.mark.parametrize(
    ("values", "namespace"),
    [({}, "default"), ({"watchNamespaces": ["ingest", "reports"]}, "ingest")],
    ids=["cluster", "listed"],
)
def test_the_commands_of_the_notes_work_when_they_are_pasted(
    values: dict[str, Any], namespace: str, tmp_path: Path
) -> None:
    """Three commands in bash: the second applies a Workflow that is right, where Headrace looks."""
    ready, apply, look = calls(pasted(notes(values)), tmp_path)
    rollout = ["--namespace", NAMESPACE, "rollout", "status", "deployment/headrace"]
    assert (rollout, "") == ready
    assert ["--namespace", namespace, "apply", "--filename", "-"] == apply[0]
    spec = parse_workflow(yaml.safe_load(apply[1]))
    assert ["hello", "world"] == [task.name for task in spec.tasks]
    kinds = "workflows,workflowruns,taskruns"
    assert (["--namespace", namespace, "get", kinds], "") == look


def test_the_check_sees_a_here_document_that_does_not_end(tmp_path: Path) -> None:
    """Moved to the right, as notes often are, the same commands do not pass the check."""
    moved = "\n".join(f"   {line}" for line in pasted(notes()).splitlines())
    with pytest.raises(AssertionError, match="here-document"):
        calls(moved, tmp_path)


def test_the_notes_say_what_is_missing() -> None:
    """Without the CRDs, or without the stamp of who asked, a person is told."""
    text = notes({"crds.enabled": False})
    assert "crds.enabled is false: nothing works before the CRDs are there" in text
    assert "nothing is stamped with who asked for it" in text
    assert "crds.enabled" not in notes({"requestedBy.enabled": False})
