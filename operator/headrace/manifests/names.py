"""
Names of the objects that Headrace creates. A name is derived, and the name is the lock.

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
"""How many characters of a run's and a task's name a Job's name shows."""


def short_hash(*parts: str) -> str:
    """Return a hash of the parts, in this order: 10 characters (50 bits)."""
    # The separator cannot be in a name or a uid, so ("ab", "c") and ("a", "bc") differ.
    # A part may be a path, and a folder may have any bytes as its name.
    digest = sha256("\n".join(parts).encode(errors="surrogateescape")).digest()
    return b32encode(digest).decode().lower()[:_HASH_CHARACTERS]


@lru_cache(maxsize=10_000)  # It is needed at each change of a Job.
def job_name(run: str, run_uid: str, task: str, attempt: int) -> str:
    """
    Return the name of an attempt's Job: at most 54 characters.

    It contains a hash of the run's UID, so a new run under an old name never meets the old run's
    Jobs. An Indexed Job adds up to 9 characters for its pods' hostnames, which have at most 63.
    """
    alone = run == task  # a task on its own is its own run
    readable = _cut(run, _RUN + _TASK) if alone else f"{_cut(run, _RUN)}-{_cut(task, _TASK)}"
    return f"{readable}-{short_hash(run_uid, task, str(attempt))}"


def called_run_name(run: str, run_uid: str, task: str, attempt: int) -> str:
    """Return the name of the WorkflowRun that an attempt calls: as that of a Job would be."""
    return job_name(run, run_uid, task, attempt)


def item_name(run: str, run_uid: str, task: str, attempt: int, index: int) -> str:
    """Return the name of the WorkflowRun or the Approval of an item: at most 60 characters."""
    readable = f"{_cut(run, _RUN)}-{_cut(task, _TASK)}-{index}"
    return f"{readable}-{short_hash(run_uid, task, str(attempt), 'item', str(index))}"


def items_name(run: str, run_uid: str, task: str, part: int) -> str:
    """Return the name of a ConfigMap with some of a task's items, the same for all attempts."""
    readable = f"{_cut(run, _RUN)}-{_cut(task, _TASK)}"
    return f"{readable}-{short_hash(run_uid, task, 'items', str(part))}"


def task_run_name(run: str, task: str) -> str:
    """
    Return the name of a task's TaskRun in a run.

    A task's name has no dot, so the last dot ends the run's name: `a.b` belongs to one run and one
    task.
    """
    return f"{run}.{task}"


def former_task_run_name(run: str, task: str) -> str:
    """
    Return the name that earlier controllers used.

    Run `a` with task `b-c` and run `a-b` with task `c` share one, so the owner decides.
    """
    return f"{run}-{task}"


def task_run_names(run: str, task: str) -> tuple[str, str]:
    """Return the names that a task's TaskRun may have."""
    return task_run_name(run, task), former_task_run_name(run, task)


def revision_name(workflow: str, workflow_uid: str, spec: Mapping[str, Any]) -> str:
    """Return the name of the ControllerRevision that keeps this definition."""
    canonical = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return f"{workflow}-{short_hash(workflow_uid, canonical)}"


def _cut(name: str, length: int) -> str:
    """Shorten a name, without leaving a dash or dot at its end."""
    return name.replace(".", "-")[:length].rstrip("-")
