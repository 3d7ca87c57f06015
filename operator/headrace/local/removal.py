"""
The removal of parts outside of a program's process: a container outlives its client.

Knows how to run one short command. Knows no container.
"""

import subprocess
from typing import Final

_SECONDS: Final = 30


def remove(command: tuple[str, ...]) -> None:
    """Run the command of a removal, if there is one. Success if the part is gone already."""
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
