"""
The components of an instance as processes: start, look, stop.

Knows pid files, logs and the instance's control group. Does not know the components.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.cluster import cgroups
from tools.cluster.commands import wait_until
from tools.cluster.components import Component
from tools.cluster.failure import ClusterError
from tools.cluster.instance import Instance
from tools.cluster.network import inside

# The process enters the group and notes its id before it becomes the component: whatever is
# killed in between, `down` finds it. Arguments: group, pid file, command.
_ENTER = 'echo $$ >"$1" && echo $$ >"$2" && shift 2 && exec "$@"'
_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_LAST_LINES = 5

# A runc that was built without libseccomp and comes first on PATH breaks RuntimeDefault.
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def start(instance: Instance, component: Component) -> None:
    """Start a component in a session of its own, unless it runs."""
    if process_of(instance, component.name) is not None:
        return
    pid_file = _pid_file(instance, component.name)
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.unlink(missing_ok=True)
    group = cgroups.register(instance.unique) / cgroups.COMPONENTS / "cgroup.procs"
    words = ["sh", "-c", _ENTER, "start", group, pid_file, *inside(instance), *component.command]
    instance.logs.mkdir(parents=True, exist_ok=True)
    with log_file(instance, component.name).open("ab") as log:
        subprocess.run(  # noqa: S603 - the words come from this package
            ["setsid", "--fork", *map(str, words)],  # noqa: S607 - where it lies differs
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=instance.state,
            env=_environment(os.environ),
            check=True,
        )
    wait_until(f"{component.name} has started", pid_file.exists, _START_SECONDS, every=0.01)


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {**environ, "PATH": f"{_PATH}:{environ.get('PATH', '')}"}


def _pid_file(instance: Instance, name: str) -> Path:
    return instance.state / "pid" / name


def log_file(instance: Instance, name: str) -> Path:
    return instance.logs / f"{name}.log"


def process_of(instance: Instance, name: str) -> int | None:
    """
    Return the component's process id, or None if it does not run.

    An id in a stale pid file that the kernel gave to a stranger is not in our group.
    """
    try:
        process = int(_pid_file(instance, name).read_text())
    except (OSError, ValueError):
        return None
    return process if process in cgroups.components(instance.unique) else None


def refuse_ended(instance: Instance, name: str) -> None:
    """
    Check that a started component still runs, so that nobody waits for a dead one.

    Raises:
        ClusterError: It has ended; the message holds its last words.

    """
    if process_of(instance, name) is None:
        file = log_file(instance, name)
        last = "\n".join(file.read_text(errors="replace").splitlines()[-_LAST_LINES:])
        raise ClusterError(f"{name} has ended; the last lines of {file}:\n{last}")


def stop(instance: Instance, name: str) -> None:
    """Ask the component to end, and kill it after ten seconds; harmless if it does not run."""
    process = process_of(instance, name)
    if process is None:
        return
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(ClusterError):
        wait_until(f"{name} has ended", lambda: _gone(instance, name), _STOP_SECONDS)
        return
    _signal(process, signal.SIGKILL)
    wait_until(f"{name} has ended", lambda: _gone(instance, name), _STOP_SECONDS)


def _gone(instance: Instance, name: str) -> bool:
    return process_of(instance, name) is None


def _signal(process: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, which)
