"""
Names of the objects that Headrace makes. A name is derived, and the name is the lock.

Knows identities and Kubernetes' limits on names. Knows no object.
"""

import json
from base64 import b32encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

_HASH_CHARACTERS = 10
_RUN, _TASK = 26, 16
"""How much of a run's and a task's name a Job's name shows."""


def short_hash(*parts: str) -> str:
    """Return 10 characters (50 bits) that stand for the parts, in this order."""
    # The separator cannot be in a name or a uid, so ("ab", "c") and ("a", "bc") differ.
    digest = sha256("\n".join(parts).encode()).digest()
    return b32encode(digest).decode().lower()[:_HASH_CHARACTERS]


@lru_cache(maxsize=10_000)  # It is asked for again each time that something of a Job changes.
def job_name(run: str, run_uid: str, task: str, attempt: int) -> str:
    """
    Return the name of an attempt's Job: at most 54 characters.

    It holds the run's UID, so a run made anew under an old name never meets the old run's Jobs.
    An Indexed Job adds up to 9 characters for its pods' hostnames, which have at most 63.
    """
    alone = run == task  # a task on its own is its own run
    readable = _cut(run, _RUN + _TASK) if alone else f"{_cut(run, _RUN)}-{_cut(task, _TASK)}"
    return f"{readable}-{short_hash(run_uid, task, str(attempt))}"


def task_run_name(run: str, task: str) -> str:
    """
    Return the name of a task's TaskRun in a run.

    A task's name has no dot, so the last dot ends the run's name: `a.b` is of one run and one task,
    whatever runs and tasks are called.
    """
    return f"{run}.{task}"


def former_task_run_name(run: str, task: str) -> str:
    """
    Return the name that a controller before this one gave it.

    Run `a` with task `b-c` and run `a-b` with task `c` have the same, so the owner decides.
    """
    return f"{run}-{task}"


def task_run_names(run: str, task: str) -> tuple[str, str]:
    """Return the names under which a task's TaskRun may be found."""
    return task_run_name(run, task), former_task_run_name(run, task)


def revision_name(workflow: str, workflow_uid: str, spec: Mapping[str, Any]) -> str:
    """Return the name of the ControllerRevision that keeps this definition."""
    canonical = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return f"{workflow}-{short_hash(workflow_uid, canonical)}"


def _cut(name: str, length: int) -> str:
    """Shorten a name, without leaving a dash or dot at its end."""
    return name.replace(".", "-")[:length].rstrip("-")
