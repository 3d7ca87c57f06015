"""Variables whose names a shell drops: `headrace.local.odd_names`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from headrace.local import odd_names, supervision
from headrace.local.folder import AttemptFiles
from headrace.local.supervision import Program

Build = Callable[..., Program]
SHOW = (
    "import json, os; json.dump([dict(os.environ), open('/proc/self/cmdline').read(),"
    " os.listdir('/proc/self/fd')], open('got', 'w'))"
)


def test_nothing_is_needed_for_plain_names() -> None:
    """The usual program starts as it always did."""
    with odd_names.carried({"PATH": "/bin", "_x1": ""}) as (become, handles):
        assert ((), ()) == (become, handles)


def test_names_with_dots_arrive_and_are_in_no_list_of_processes(
    files: AttemptFiles, program: Build, tmp_path: Path
) -> None:
    """Some programs are configured by such names, and a password may be among them."""
    values = {"my.token": "s3cret \u65e5 \udcff\n$(id)", "a-b": "", "PLAIN": "x"}

    child = supervision.start(program(sys.executable, "-S", "-c", SHOW, **values), files)
    in_the_shell = Path(f"/proc/{child.pid}/cmdline").read_text()
    child.wait()

    assert 0 == supervision.exit_code(files), files.log.read_text()
    environment, arguments, handles = json.loads((tmp_path / "got").read_text())
    assert values == {name: environment[name] for name in values}
    assert "s3cret" not in arguments + in_the_shell
    assert {"0", "1", "2"} < set(handles)
    assert len(handles) <= 4, "the file of the values is not left open (one is the listing's own)"


def test_a_program_that_is_not_there(files: AttemptFiles, program: Build) -> None:
    """The exit codes are a shell's."""
    supervision.start(program("/nowhere/load", **{"a.b": "c"}), files).wait()

    assert 127 == supervision.exit_code(files)
    assert files.log.read_text().startswith("headrace: /nowhere/load: No such file")
