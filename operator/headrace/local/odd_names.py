"""
Variables with names that a shell drops, such as `discovery.type`.

They reach the program through a file without a name, which only its own process can open. As
arguments, every user of the machine could read their values. Knows no program.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

_SHELL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# This script runs first and becomes the program: argv is the file's number, then the program.
# -I: this Python itself must not use the PYTHON… variables of the task.
_BECOME: Final = """
import json, os, sys
handle = int(sys.argv[1])
more = json.loads(os.pread(handle, os.fstat(handle).st_size, 0))
os.close(handle)
try:
    os.execve(sys.argv[2], sys.argv[2:], {**os.environ, **more})
except OSError as error:
    print(f"headrace: {sys.argv[2]}: {error.strerror}", file=sys.stderr)
    sys.exit(127 if isinstance(error, FileNotFoundError) else 126)
"""


def plain(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a shell passes on."""
    return {name: value for name, value in variables.items() if _SHELL_NAME.fullmatch(name)}


@contextmanager
def carried(variables: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """
    Yield the words before a program's arguments, and the open files that it must inherit.

    Args:
        variables: All variables of the program. Nothing is needed where all names are plain.

    """
    odd = {name: value for name, value in variables.items() if not _SHELL_NAME.fullmatch(name)}
    if not odd:
        yield (), ()
        return
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(odd).encode())
        file.flush()
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - the standard library's shape
        yield (sys.executable, "-I", "-S", "-c", _BECOME, str(file.fileno())), (file.fileno(),)
