"""
Each command of the documentation does what the reader is told.

The blocks of a page run in the order in which they stand there. Those that speak to a cluster have
one of their own with the images that the pages speak of; the others run also where there is none.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docs.blocks import Block, blocks, pages, steps
from docs.shell import Shell

SKIPPED = {
    "README.md": ["make test"],
    "docs/how-to/install.md": [
        "docker build --tag registry.example.com/headrace/controller:0.1.0 ."
    ],
    "docs/how-to/keep-history.md": [
        "kubectl create secret generic history --namespace headrace \\",
        "export HEADRACE_ARCHIVE_URL=postgresql://reader:PASSWORD@db.example.com/headrace",
    ],
    "docs/how-to/write-a-template.md": [
        "docker build --tag headrace/task-contract:0.1.0 task-images/contract",
    ],
    "examples/flights/README.md": [
        "docker build --tag headrace/flights:0.1 examples/flights",
    ],
}
"""First lines of blocks that are not run. To leave out one more is a decision: add it here."""

PROGRAMS = ("docker", "eval", "export", "git", "headrace", "helm", "kubectl", "make", "pip", "uv")


def pages_with(*, cluster: bool) -> list[Any]:
    """Return the pages that have a command of that kind."""
    return [
        pytest.param(page, id=str(page))
        for page in pages()
        if any(step.commands.needs_cluster == cluster for step in steps(page))
    ]


@pytest.mark.parametrize("page", pages_with(cluster=False))
def test_the_commands_that_need_no_cluster_work(page: Path, local_shell: Shell) -> None:
    """On a machine with nothing but the repository, each does what the page says."""
    for step in steps(page):
        if not step.commands.needs_cluster:
            local_shell.follow(step)


@pytest.mark.cluster
@pytest.mark.parametrize("page", pages_with(cluster=True))
def test_the_commands_on_a_cluster_work(
    page: Path, cluster_shell: Callable[[Path], Shell], prepare: Callable[[Block, Shell], None]
) -> None:
    """In a namespace of one's own, in the page's order, each does what the page says."""
    shell = cluster_shell(page)
    for step in steps(page):
        if step.commands.needs_cluster:
            prepare(step.commands, shell)
            shell.follow(step)


def test_each_block_that_is_not_run_says_why() -> None:
    """A block is left out only with a reason for the reader of the source, and is listed here."""
    found: dict[str, list[str]] = {}
    for block in (block for page in pages() for block in blocks(page)):
        if block.skip is not None:
            assert len(block.skip.split()) > 2, f"{block.place}: skip, and then a reason"
            found.setdefault(str(block.page), []).append(block.text.partition("\n")[0])
    assert SKIPPED == found


def test_each_comment_to_the_tests_is_understood() -> None:
    """A slip of the pen in a comment does not leave a command untested."""
    every = [block for page in pages() for block in blocks(page)]
    assert [] == [f"{block.place}: {block.note}" for block in every if not block.note_is_known]


def test_commands_stand_in_blocks_that_are_run() -> None:
    """What looks like commands is marked `sh`, and nothing is marked as another shell."""
    every = [block for page in pages() for block in blocks(page)]
    others = {"bash", "shell", "console", "zsh"}
    assert [] == [block.place for block in every if block.language in others]
    plain = [block for block in every if not block.language]
    assert [] == [block.place for block in plain if block.text.lstrip("$ ").startswith(PROGRAMS)]
