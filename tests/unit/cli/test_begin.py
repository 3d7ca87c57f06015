"""The command line of `headrace run`: `headrace.cli.begin`."""

import sys
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.begin import CommandLine
from headrace.local.engines import AUTO
from headrace.local.folder import DEFAULT_STATE


def typed(**options: Any) -> CommandLine:
    """Return a command line with some options."""
    usual = {
        "file": Path("gate.yaml"),
        "others": (),
        "name": None,
        "params": (),
        "resume": False,
        "logical_time": None,
        "state": DEFAULT_STATE,
        "max_parallel": 4,
        "runner": AUTO,
        "python": sys.executable,
        "plain": False,
    }
    return CommandLine(**{**usual, **options})


@pytest.mark.parametrize(
    ("options", "want"),
    [
        pytest.param({}, "headrace run gate.yaml --resume", id="the usual"),
        pytest.param(
            {"runner": "process", "state": Path("/tmp/my state")},  # noqa: S108 - nothing is written
            "headrace run gate.yaml --state '/tmp/my state' --runner process --resume",
            id="what names the run, and where its tasks run",
        ),
        pytest.param(
            {"others": (Path("b.yaml"),), "name": "a", "python": ".venv", "no_wait": True},
            "headrace run gate.yaml b.yaml --name a --python .venv --no-wait --resume",
            id="all files",
        ),
        pytest.param(
            {"params": ("day=1",), "logical_time": "2030-01-31T00:00:00Z", "resume": True},
            "headrace run gate.yaml --resume",
            id="what the run keeps is left out",
        ),
    ],
)
def test_the_command_that_continues_a_run_can_be_typed(options: dict[str, Any], want: str) -> None:
    """It finds the same run, and runs its tasks in the same place."""
    assert want == typed(**options).to_resume
