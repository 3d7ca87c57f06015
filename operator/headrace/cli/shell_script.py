"""`headrace completion`: the script that lets a shell complete commands, options and names."""

import sys
from typing import Final

import click

from headrace.cli.streams import tell

_SHELLS: Final = ("bash", "zsh", "fish")
_NO_FILES: Final = ":4"
"""What tells kubectl not to complete names of files."""
_VARIABLE: Final = "_HEADRACE_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """
    Print the script that completes in SHELL. Names come from the cluster.

    For bash, write into ~/.bashrc: `source <(headrace completion bash)`; for zsh, the same into
    ~/.zshrc; for fish: `headrace completion fish > ~/.config/fish/completions/headrace.fish`.

    Exit codes: 0 done, 2 the command line is wrong.
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - seldom needed

    completer = get_completion_class(shell)
    assert completer is not None  # noqa: S101 - click has all of them
    script = completer(context.find_root().command, {}, "headrace", _VARIABLE).source()
    sys.exit(0 if tell(script.splitlines()) else 1)


def kubectl_complete() -> None:
    """
    Complete `kubectl headrace`: the program `kubectl_complete-headrace`, as kubectl looks for it.

    Its arguments are the words behind `headrace`; the last one is begun.
    """
    from click.shell_completion import ShellComplete  # noqa: PLC0415 - seldom needed

    from headrace.cli.main import main  # noqa: PLC0415 - it loads this module

    *words, begun = sys.argv[1:] or [""]
    found = ShellComplete(main, {}, "headrace", _VARIABLE).get_completions(words, begun)
    tell([*(f"{item.value}\t{item.help or ''}".strip() for item in found), _NO_FILES])
