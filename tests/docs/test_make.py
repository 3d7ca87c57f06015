"""What the verbs of the Makefile promise to somebody who has just cloned the repository."""

import os
import re
import subprocess

from docs.blocks import ROOT


def make(*words: str) -> str:
    """Return what make prints, as for somebody at a terminal: also where make runs these tests."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(  # noqa: S603 - our own words
        ["/usr/bin/env", "make", *words],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_make_run_makes_no_use_of_containers() -> None:
    """Where Docker answers, tasks would else start in an image that nobody has built."""
    planned = make("--dry-run", "run")
    assert re.search(r"headrace run \S+ --runner process$", planned, re.MULTILINE)


def test_make_help_tells_what_each_verb_is_for() -> None:
    """`make` alone lists the verbs, and every one that a person may say is in the list."""
    listed = {line.split()[0] for line in make().splitlines()}
    verbs = re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(verbs) == listed
