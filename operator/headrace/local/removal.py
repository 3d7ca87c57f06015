"""
Ending what a program keeps outside of its process: a container outlives its client.

Knows how to run one short command. Knows no container.
"""

import subprocess
from typing import Final

_SECONDS: Final = 30


def remove(command: tuple[str, ...]) -> None:
    """Run a command that removes something, if there is one. Gone already is success."""
    if not command:
        return
    try:
        subprocess.run(  # noqa: S603 - built by `containers`, from names only
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
