"""The program and its table of commands: `headrace.cli.main`."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from headrace.cli.main import COMMANDS, main

HEAVY = ("pydantic", "yaml", "sqlite3", "asyncio", "rich", "importlib.metadata", "difflib")
LOADED = f"""
import sys
from click.testing import CliRunner
from headrace.cli.main import main
assert CliRunner().invoke(main, ["--help"]).exit_code == 0
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_help_lists_all_commands() -> None:
    """Each command is there with what it does."""
    shown = CliRunner().invoke(main, ["--help"])
    assert 0 == shown.exit_code
    for name, entry in COMMANDS.items():
        assert name in shown.output
        assert entry.help in shown.output


def test_help_loads_no_command() -> None:
    """Somebody who asks for help waits for no library."""
    words = [sys.executable, "-c", LOADED]
    found = subprocess.check_output(words, text=True)  # noqa: S603 - this test's own words
    assert "[]" == found.strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    """`--help` of each command works, and says which exit codes there are."""
    shown = CliRunner().invoke(main, [name, "-h"])
    assert 0 == shown.exit_code
    assert "Exit codes:" in shown.output


def test_an_unknown_command_is_wrong_input() -> None:
    """Exit code 2, as for everything that was typed wrong."""
    shown = CliRunner().invoke(main, ["validat"])
    assert 2 == shown.exit_code
    assert "No such command 'validat'. Did you mean 'validate'?" in shown.output
    assert "Did you mean" not in CliRunner().invoke(main, ["zzz"]).output
