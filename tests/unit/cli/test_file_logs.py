"""Logs from files: `headrace.cli.window.file_logs`."""

from pathlib import Path

import pytest

from headrace.cli.window import file_logs
from headrace.cli.window.file_logs import begin_of_last

TEXTS = [
    "",
    "a",
    "a\n",
    "\n",
    "\n\n",
    "a\nb",
    "a\nb\n",
    "\na\n\nb\n",
    "a\n" * 40,
    "x" * 50 + "\ny\n",
]


@pytest.mark.parametrize("block", [1, 3, 7, 1 << 20])
@pytest.mark.parametrize("text", TEXTS)
def test_the_last_lines_are_found_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, block: int
) -> None:
    """As many as somebody asks for, or all; whatever the blocks are that are read."""
    monkeypatch.setattr(file_logs, "_MOST", block)
    file = tmp_path / "log"
    file.write_text(text)
    lines = text.splitlines(keepends=True)
    for count in (1, 2, 3, 39, 40, 41):
        assert "".join(lines[-count:]) == text[begin_of_last(file, count) :]
