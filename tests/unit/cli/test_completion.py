"""The shell's completion, with names from the cluster."""

import asyncio
import sys
from unittest.mock import patch

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from headrace.cli.main import main
from headrace.cli.shell_script import kubectl_complete
from support.window import CommandStage, command, pod, run, task, workflow


async def completed(cluster: CommandStage, *words: str, **environ: str) -> list[str]:
    """Return what a shell would offer for the last word."""

    def ask() -> list[str]:
        *before, begun = words
        shell = ShellComplete(main, {}, "headrace", "_HEADRACE_COMPLETE")
        with CliRunner().isolation(env={"KUBECONFIG": str(cluster.kubeconfig), **environ}):
            return [item.value for item in shell.get_completions(before, begun)]

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", ""], ["nightly-1", "nightly-2", "stock"]),
        (["show", "nightly-"], ["nightly-1", "nightly-2"]),
        (["show", "workflow/"], ["workflow/stock"]),
        (["show", "-n", "elsewhere", ""], []),
        (["start", "s"], ["stock"]),
        (["pause", "n"], ["nightly-1", "nightly-2"]),
        (["list", "-r", "nightly-1"], ["nightly-1"]),
        (["logs", "nightly-1", "l"], ["load"]),
        (["rerun", "night"], ["nightly-1", "nightly-2"]),
        (["rerun", "nightly-1", "--task", ""], ["load"]),
        (["rerun", "nightly-1", "--from", "f"], ["failed"]),
        (["paus"], ["pause"]),
    ],
)
async def test_names_come_from_the_cluster(
    cluster: CommandStage, words: list[str], expected: list[str]
) -> None:
    """From the context and namespace of the words before."""
    for name in ("nightly-1", "nightly-2"):
        cluster.put(run(name))
    cluster.put(task("nightly-1", "load"))
    cluster.put(pod("nightly-1", "load"))
    cluster.put(workflow())
    assert expected == await completed(cluster, *words)


async def test_names_come_without_their_objects(cluster: CommandStage) -> None:
    """Thousands of them must come while somebody waits."""
    cluster.put(workflow())
    await completed(cluster, "start", "")
    (asked,) = cluster.asked
    assert asked.endswith("/workflows?limit=1000")


async def test_without_a_cluster_there_are_no_names(cluster: CommandStage) -> None:
    """A completion never complains."""
    assert [] == await completed(cluster, "show", "", KUBECONFIG="", HOME="/nonexistent")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    """It asks the program itself."""
    shown = command("completion", shell)
    assert 0 == shown.code
    assert f"_HEADRACE_COMPLETE={shell}_complete" in shown.out


def test_kubectl_asks_a_program_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, and that these are no files."""
    with patch.object(sys, "argv", ["kubectl_complete-headrace", "pau"]):
        kubectl_complete()
    first, last = capsys.readouterr().out.splitlines()
    assert ("pause\tPause", ":4") == (first[:11], last)
