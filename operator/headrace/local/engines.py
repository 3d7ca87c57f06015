"""
Where tasks can run on this machine: the words of `--runner`.

Names only: a command that offers them need not load how containers are run.
"""

from typing import Final

ENGINES: Final = ("podman", "docker")
"""In order of preference: podman needs no daemon and no rights."""

PROCESS: Final = "process"
"""No container."""

AUTO: Final = "auto"
"""The first engine that works here, else none."""
