"""What the verbs of the Makefile promise to somebody who has just cloned the repository."""

import re
import subprocess

from docs.blocks import ROOT


def test_make_run_makes_no_use_of_containers() -> None:
    """Where Docker answers, tasks would else start in an image that nobody has built."""
    planned = subprocess.run(
        ["/usr/bin/env", "make", "--dry-run", "run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"headrace run \S+ --runner process$", planned, re.MULTILINE)


def test_make_help_tells_what_each_verb_is_for() -> None:
    """`make` alone lists the verbs, and every one that a person may say is in the list."""
    told = subprocess.run(
        ["/usr/bin/env", "make"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = {line.split()[0] for line in told.splitlines()}
    verbs = re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(verbs) == listed
