"""The unit of systemd on the page about serving a folder is one that systemd accepts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from docs.blocks import blocks

PAGE = Path("docs/how-to/serve-a-folder.md")
PROGRAM = "/opt/headrace/bin/headrace"
VERIFY = shutil.which("systemd-analyze")


@pytest.mark.skipif(VERIFY is None, reason="there is no systemd-analyze here")
def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    """Neither an error nor a warning. The program of the page is not installed here."""
    (text,) = (block.text for block in blocks(PAGE) if block.language == "ini")
    assert 1 == text.count(f"ExecStart={PROGRAM} serve ")
    unit = tmp_path / "headrace.service"
    unit.write_text(text.replace(PROGRAM, "/bin/true"))
    done = subprocess.run(  # noqa: S603 - of the system
        [str(VERIFY), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "headrace" in line]
    assert (0, []) == (done.returncode, ours)
